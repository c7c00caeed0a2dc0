"""The judge of the simulator.

While a history goes on, the world tells the archive what happens; when the faults have stopped and everyone has met, it hands over its evidence:

    archive = Archive()
    archive.collect("anna", library)                      after every act, for each device that is open; ``anew=True`` for another database than before
    archive.collect_relay("relay 1", log, blobs, now=…)   for each relay that runs
    archive.imported("anna", file, content, record)       an import was acknowledged to the person
    archive.destroyed("anna", kept=…)                     a disk died; or a backup is put back, that has these entries: then collect it ``anew``
    archive.spoiled("anna", files=…)                      bits rotted in these entries, originals or blobs

    evidence = Evidence(archive=…, devices=…, relays=…, names=…, secrets=…, hostile=…)
    complaints = watch(evidence)                          at any moment, of libraries that are open: what must hold always
    complaints = judge(evidence, random)                  at the end: everything
    group = find_group(evidence)                          who has to agree by then, and who is out: ``group.devices``, ``group.others``

A complaint has a ``kind``, a short name that is the same whenever the same is wrong (shrinking goes by it), and a ``sentence`` in the words of the story.

What should be there is computed from the archive alone: the graph of the entries (``graph``), the roster by the model of its rules
(``tests.fleet.roster_model``), who has to agree (``group``), and from opened bodies the library as plain data (``model``). The checks compare that with
what lies in tables and folders.
"""

from tests.simulation.oracle.archive import Archive
from tests.simulation.oracle.evidence import Complaint, DeviceEvidence, Evidence, Named, RelayEvidence
from tests.simulation.oracle.group import Group, find_group
from tests.simulation.oracle.judging import judge, watch

__all__ = ["Archive", "Complaint", "DeviceEvidence", "Evidence", "Group", "Named", "RelayEvidence", "find_group", "judge", "watch"]
