"""All ways not to keep to the protocol, by what the story says of a relay that does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType

from tests.simulation.wire import garbage, lies
from tests.simulation.wire.behaviour import Behaviour

BEHAVIOURS: Mapping[str, Callable[[Random], Behaviour]] = MappingProxyType(
    {
        "withholds a log": lies.WithholdsLog,
        "tells devices different things": lies.TellsDevicesDifferentThings,
        "counts wrong": lies.CountsWrong,
        "has another store each time": lies.IsAlwaysRestored,
        "has the wrong time": lies.HasWrongTime,
        "claims blobs that it hasn't": lies.ClaimsBlobs,
        "denies blobs that it has": lies.DeniesBlobs,
        "forgets what it acknowledged": lies.ForgetsPushes,
        "answers other questions": lies.AnswersOtherQuestions,
        "asks for everything back": lies.AsksForEverythingBack,
        "flips bits": garbage.FlipsBits,
        "gives too much": garbage.GivesTooMuch,
        "never ends an answer": garbage.NeverEnds,
        "drips": garbage.Drips,
        "never answers": garbage.NeverAnswers,
        "breaks off answers": garbage.BreaksOff,
        "gives wrong statuses": garbage.GivesWrongStatus,
        "gives wrong lengths": garbage.GivesWrongLengths,
        "speaks no HTTP": garbage.SpeaksNoHttp,
    }
)
