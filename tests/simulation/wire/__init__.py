"""The wire of the simulated world: HTTP between devices and relays in this process, byte by byte, in virtual time, and what goes wrong with it.

    web = Web(random, story)                            story: Callable[[str], None]
    web.call_relay(url, "the relay at home")            how the story calls it
    await nursery.start(web.serve, url, service)        inside the relay's own nursery; until cancelled, then all connections break
    EngineParts(connect=web.connect(library, "anna"), ...)
    HttpNode(url, backend=web.backend("anna"))          for single calls

    line = web.line("anna", url)                        one for each pair; see ``line.Line``
    line.latency, line.bytes_per_second, line.lose, line.double, line.late = ...
    line.cut(); line.cut(blackhole=True); line.mend(); line.calm()
    web.vanish("anna")                                  its machine stops without a word; then cancel its tasks

``Web(random, story, http=False)`` has the same interface without HTTP: devices call the service over their lines, with the same faults (``direct``).
A neighbour's API behind a line: ``host.between = partial(behind, line)``.

URLs of relays are ``http://127.0.0.N:PORT``. What ends a relay's machine while it answers (an error of its disk that isn't an ``Exception``) is raised by
``web.serve``, never in the device that called. Production code that runs as it is: the whole client (httpx, httpcore) down to its network backend, the
whole server (hypercorn) from the accepted connection on, the application between.
"""

from tests.simulation.wire.behaviours import BEHAVIOURS
from tests.simulation.wire.direct import behind
from tests.simulation.wire.hostile import Hostile
from tests.simulation.wire.line import Line, Way
from tests.simulation.wire.web import Web, call_directly

__all__ = ["BEHAVIOURS", "Hostile", "Line", "Way", "Web", "behind", "call_directly"]
