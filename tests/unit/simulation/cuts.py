"""The power cut before every write operation of something, with several ways in which what wasn't synced may end."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fleet.libraries import IN_MEMORY
from tests.simulation.disk import Disk, Disks, Image, PowerCutError, Survival


@contextmanager
def one_disk(seed: int = 1) -> Iterator[Disk]:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder, Disks() as disks:
        yield disks.add(Path(folder).resolve() / "disk", random=Random(seed))


@dataclass
class Cut:
    """One try. ``came``: whether the power went before the work had ended. ``acknowledged``: what the work had promised by then."""

    disk: Disk
    where: str
    came: bool = False
    acknowledged: list[str] = field(default_factory=list)

    @contextmanager
    def work(self) -> Iterator[None]:
        """What is done until the power goes."""
        try:
            yield
        except PowerCutError:
            self.came = True
        except BaseExceptionGroup as group:
            if group.subgroup(PowerCutError) is None:
                raise
            self.came = True
        finally:
            self.disk.spare_power()
        if self.came:
            assert self.disk.is_dead
            self.disk.power_on()


def every_cut(disk: Disk, begin: Image, survivals: Iterable[Survival] = (Survival.STRICT, Survival.MIXED)) -> Iterator[Cut]:
    """Each time the disk holds what ``begin`` does. Ends with the first cut that didn't come."""
    for survival in survivals:
        for number in itertools.count(1):
            disk.put_back(begin)
            disk.cut_power_at(number, survival=survival)
            cut = Cut(disk, f"{survival.name}, before operation {number}")
            yield cut
            if not cut.came:
                assert number > 1
                break
