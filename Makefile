# Two commands need nothing but Python 3.11 and make: `make demo` and `make test`. They set up .venv themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FUZZER := $(VENV)/.fuzzer

.PHONY: demo test unit process network check format bench api fuzz mutants simulate simulation clean

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; set PYTHON=…")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

demo: $(READY)  ## import, edit apart, come together: PHOTOS=DIR for your own photographs, KEEP=1 to look around afterwards
	@$(BIN)/python -m tests.demo $(if $(PHOTOS),--photos "$(PHOTOS)") $(if $(KEEP),--keep)

test: unit simulation process network  ## every test

unit: $(READY)  ## the fast part, on all cores: no processes but decoders
	@$(BIN)/python -m pytest -q -n auto -m "not process and not network" $(ARGS)

simulation: $(READY)  ## a fleet in one process: histories that failed once, and the first seeds
	@$(BIN)/python -m tests.simulation --kept --seeds 1..$(or $(RUNS),40) --jobs 2

simulate: $(READY)  ## SEED=7: the story of a seed; SEED=7 RUNS=50: that and the next ones; PROFILE=calm|endurance
	@$(BIN)/python -m tests.simulation $(if $(PROFILE),--profile $(PROFILE)) $(if $(RUNS),--seeds $(or $(SEED),1)..$$(($(or $(SEED),1) + $(RUNS) - 1)) --jobs 2,--seed $(or $(SEED),1)) $(ARGS)

process: $(READY)  ## real processes that are killed, stopped and starved, and exiftool. Installs what is missing where apt-get does
	@$(BIN)/python -m tests.network.needs
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m process $(ARGS)

network: $(READY)  ## hosts in network namespaces; as root, else skipped. Installs what is missing where apt-get does
	@$(BIN)/python -m tests.network.needs
	@$(BIN)/python -m pytest -q -n 2 -m network $(ARGS) tests/network

check: $(READY)  ## lint, format, types, imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY)  ## the budgets of ARCHITECTURE.md, measured, with machine and method
	@$(BIN)/python -m tests.bench $(ARGS)

mutants: $(READY)  ## deliberate bugs in a copy, and who notices them: NAMES="…" for some, SEEDS=N of the simulator for each
	@$(BIN)/python -m tests.mutants $(NAMES) $(if $(SEEDS),--seeds $(SEEDS)) $(ARGS)

$(FUZZER): $(READY)
	@echo "Installing the fuzzer into $(VENV) (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,fuzz]'
	@touch $(FUZZER)

api: $(READY)  ## relay and peer held to the description of their API, for longer: EXAMPLES=N for each call and kind of caller
	@CALOTYPE_API_EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/python -m pytest -q --timeout 3600 $(ARGS) tests/api

fuzz: $(FUZZER)  ## what reads bytes from outside, fed with bytes nobody thought of: TARGET=NAME for one, SECONDS=N in all
	@$(BIN)/python -m tests.fuzz $(TARGET) $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
