"""The distribution as it is installed and built: six packages as they lie on disk, three commands, nothing else."""

from __future__ import annotations

import ast
import json
import re
import site
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("crdt", "discovery", "peer", "relay", "store", "tools")
COMMANDS = ("calotype", "calotype-relay", "calotype-inspect")
DATA = {".sql", ".html", ".css", ".js", ".svg"}
SQL = {"peer/schema.sql", "peer/schema_2.sql", "relay/schema.sql", "relay/schema_2.sql", "store/schema.sql", "store/schema_2.sql"}

FIND_PACKAGES = f"""
import importlib.util, json
specs = {{name: importlib.util.find_spec(name) for name in {PACKAGES!r}}}
print(json.dumps({{name: [type(spec.loader).__name__, spec.origin] for name, spec in specs.items()}}))
"""


@pytest.fixture(scope="module")
def configuration() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.mark.process
def test_each_package_is_imported_from_the_checkout(tmp_path: Path) -> None:
    """In isolated mode elsewhere, so that neither the working folder nor PYTHONPATH can stand in for the installation."""
    answer = subprocess.run([sys.executable, "-I", "-c", FIND_PACKAGES], cwd=tmp_path, capture_output=True, check=True, text=True)
    expected = {name: ["SourceFileLoader", str(ROOT / name / "__init__.py")] for name in PACKAGES}
    assert json.loads(answer.stdout) == expected


def test_the_editable_install_is_one_path_without_code() -> None:
    lines = [
        line
        for folder in (*site.getsitepackages(), site.getusersitepackages())
        for file in Path(folder).glob("*calotype*.pth")
        for line in file.read_text("utf-8").splitlines()
    ]
    assert lines == [str(ROOT)]


@pytest.fixture(scope="module")
def wheel_files(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """What a wheel of the checkout holds, besides its own metadata."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*command, str(folder), str(ROOT)], cwd=folder, capture_output=True, check=True)
    (wheel,) = folder.glob("calotype-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(name for name in archive.namelist() if ".dist-info/" not in name)


@pytest.mark.process
def test_the_wheel_holds_our_packages_and_nothing_else(wheel_files: frozenset[str]) -> None:
    assert {name.partition("/")[0] for name in wheel_files} == set(PACKAGES)
    assert not {name for name in wheel_files if "__pycache__" in name}
    modules = {str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert modules <= wheel_files


@pytest.mark.process
def test_the_wheel_holds_every_file_that_is_read_at_run_time(wheel_files: frozenset[str]) -> None:
    data = {str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*.*") if path.suffix in DATA}
    assert data >= SQL
    assert data <= wheel_files


@pytest.mark.process
@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_starts(command: str, tmp_path: Path) -> None:
    program = Path(sys.executable).parent / command
    for option in ("--help", "--version"):
        answer = subprocess.run([program, option], cwd=tmp_path, capture_output=True, text=True)
        assert (answer.returncode, answer.stderr) == (0, ""), answer
        assert answer.stdout
    wrong = subprocess.run([program, "--nonsense"], cwd=tmp_path, capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr


def test_every_module_that_calls_itself_pure_is_held_to_it(configuration: dict[str, object]) -> None:
    """``make check`` holds the modules that a contract names; this holds the contracts to the docstrings."""
    held = set(_pure_sources(configuration))
    promised = {module for package in PACKAGES for module in _modules(package) if _says_pure(module)}
    assert promised
    assert {module for module in promised if not _is_covered(module, held)} == set()
    assert {source for source in held if _path(source) is None} == set()


def _pure_sources(configuration: dict[str, object]) -> list[str]:
    tool = configuration["tool"]
    assert isinstance(tool, dict)
    contracts = [contract for contract in tool["importlinter"]["contracts"] if contract["name"].startswith("pure modules")]
    return [source for contract in contracts for source in contract["source_modules"]]


def _modules(package: str) -> list[str]:
    paths = (path.relative_to(ROOT).with_suffix("") for path in (ROOT / package).rglob("*.py"))
    return [".".join(path.parent.parts if path.name == "__init__" else path.parts) for path in paths]


def _path(module: str) -> Path | None:
    base = ROOT.joinpath(*module.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.exists()), None)


def _says_pure(module: str) -> bool:
    path = _path(module)
    docstring = path and ast.get_docstring(ast.parse(path.read_text("utf-8")))
    return bool(re.search(r"\bPure\b(?!,? but)", docstring or ""))


def _is_covered(module: str, held: set[str]) -> bool:
    parts = module.split(".")
    return any(".".join(parts[:length]) in held for length in range(1, len(parts) + 1))
