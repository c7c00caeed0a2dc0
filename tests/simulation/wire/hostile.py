"""A relay that doesn't keep to the protocol: an application around the honest one, whose behaviour is switched on and off.

    hostile = Hostile(service, random, "relay 1", story)
    await nursery.start(partial(web.serve, url, service, hostile=hostile))
    hostile.begin("withholds a log")                    a key of ``behaviours.BEHAVIOURS``
    hostile.end()

Kinds of behaviour are in ``lies`` (answers that can be read and aren't true) and ``garbage`` (answers that can't be read, or have no end); each says what
honest devices must do about it. Common to all: no device crashes, writes down what wasn't verified, or stops for good; each says what is wrong with the
node; what it does with other nodes goes on; and when the relay is honest again, all converges without anybody's help: within the
hour that a session lasts, and blobs about which it lied within a week, and when a session begins after that.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random

from starlette.types import Receive, Scope, Send

from relay.errors import SyncError
from relay.http import NodeApp
from relay.messages import SessionGrant, SessionRequest, SessionStatement
from relay.service import NodeService
from store.encoding import MalformedError
from store.ids import DeviceId
from tests.simulation.wire.asgi import whole_body
from tests.simulation.wire.behaviour import Behaviour, Question
from tests.simulation.wire.behaviours import BEHAVIOURS
from tests.simulation.wire.calls import name_of_call


class Hostile:
    """An ASGI application. ``changed`` is called when it begins or ends to be hostile."""

    def __init__(self, service: NodeService, random: Random, name: str, story: Callable[[str], None]) -> None:
        self._app = NodeApp(service)
        self._random = random
        self._name = name
        self._tell = story
        self._devices: dict[str, DeviceId] = {}
        self._behaviours: dict[str, Behaviour] = {}
        self._chance = 1.0
        self.changed: Callable[[], None] = lambda: None

    @property
    def is_hostile(self) -> bool:
        return bool(self._behaviours)

    def begin(self, behaviour: str, *, chance: float = 1.0) -> None:
        """``behaviour``: a key of ``BEHAVIOURS``. ``chance``: how often it shows."""
        self._behaviours[behaviour] = BEHAVIOURS[behaviour](self._random)
        self._chance = chance
        self._tell(f"{self._name} is hostile: it {behaviour}")
        self.changed()

    def end(self) -> None:
        """It keeps to the protocol from now on."""
        if self._behaviours:
            self._behaviours.clear()
            self._tell(f"{self._name} is honest again")
            self.changed()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._behaviours and scope.get("path") != "/v1/session":
            await self._app(scope, receive, send)
            return
        body = await whole_body(receive)
        if body is None:
            return
        call = name_of_call(scope)
        question = Question(call=call, device=self._device(scope), scope=scope, receive=receive, body=body, app=self._app)
        behaviour = self._behaviour(question)
        if behaviour is not None:
            await behaviour.answer(question, send)
        elif call == "session":
            await self._session(question, send)
        else:
            await question.pass_on(send)

    def mangle(self, data: bytes) -> bytes:
        """What a connection carries instead of ``data``."""
        for behaviour in self._behaviours.values():
            if self._random.random() < self._chance:
                data = behaviour.mangle(data)
        return data

    def _behaviour(self, question: Question) -> Behaviour | None:
        for behaviour in self._behaviours.values():
            if behaviour.concerns(question) and self._random.random() < self._chance:
                return behaviour
        return None

    def _device(self, scope: Scope) -> DeviceId | None:
        token = next((value for name, value in scope["headers"] if name.lower() == b"authorization"), b"")
        return self._devices.get(token.decode("latin-1").removeprefix("Bearer "))

    async def _session(self, question: Question, send: Send) -> None:
        """An honest answer; who got which token is remembered."""
        answer = await question.honest()
        if answer.status == 200:
            with suppress(SyncError, MalformedError):
                statement = SessionStatement.decode(SessionRequest.decode(question.body).statement)
                self._devices[SessionGrant.decode(answer.body).token] = statement.device
        await answer.give(send)
