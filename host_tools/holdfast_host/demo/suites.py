"""Phones whose key is one of P-256, as secure enclaves keep it, at a reader with a key of each
kind, and at one that was enrolled before there were two.
"""

import dataclasses
from collections.abc import Callable, Iterator

import edhoc

from ..phone.client import Handshake, Rejected
from ..phone.contexts import Session
from .result import Promise, Result
from .scenes import Visit, advanced, judge, visit_cold, visit_warm
from .stage import DOOR, Stage

_OTHER_SUITE = "unsupported_algorithm"
_WRONG_SUITE = 2  # ERR_CODE


def suites(stage: Stage) -> Iterator[Callable[[], Result]]:
    """Every scene in order, each as a call."""
    resident = stage.holder("enclave", suite=2)
    both = resident, stage.holder("both keys")
    kept: list[Session] = []

    def cold() -> Result:
        visit, log = visit_cold(stage, resident)
        kept.append(visit.kept())
        promise = Promise("P-256 phone, cold unlock", True, "granted")
        return judge(promise, log, visit, {"round_trips": 2})

    def warm() -> Result:
        visit, log = visit_warm(stage, kept[-1])
        exact = {"round_trips": 1, "public_key_operations": 0}
        return judge(Promise("P-256 phone, warm unlock", True, "granted"), log, visit, exact)

    def stolen() -> Result:
        visit, log = visit_cold(stage, stage.thief(resident))
        return judge(Promise("P-256 phone, stolen token", False, "not_holder"), log, visit)

    def talked_down() -> Result:
        """A forged error said that this reader has X25519 alone; it has not, and says so."""
        with stage.call() as link:
            visit = Visit(link)
            handshake = Handshake(both[1], DOOR, [2, 0])
            response = link.request(handshake.request)
            visit.granted = False
            visit.told = f"it knows suites {Rejected(response).reason_text}"
        result = judge(Promise("talked down to X25519", False, _OTHER_SUITE), stage.log(), visit)
        if edhoc.parse_error(response.payload) != (_WRONG_SUITE, (0, 2)):
            return _with_problem(result, "the phone was not told that there is P-256")
        return result

    def stranger() -> Result:
        stage.restart(has_p256=False)
        visit, log = visit_cold(stage, stage.holder("newer", suite=2))
        promise = Promise("P-256 phone, reader without", False, _OTHER_SUITE)
        result = judge(promise, log, visit, {"round_trips": 1, "public_key_operations": 0})
        ready = [event for event in stage.reader.events if event.get("event") == "ready"]
        if ready[-1].get("suites") != [0]:
            return _with_problem(result, "the reader does not say that it has one key")
        return result

    def negotiated() -> Result:
        """Refused once, because it asks for what it prefers; then with the key for this door."""
        visit, log = visit_cold(stage, *both)
        promise = Promise("phone with both, reader without", True, "granted")
        return judge(promise, log, visit, {"round_trips": 3})

    def known() -> Result:
        """Enrolled again, the reader knows the phone still."""
        stage.restart()
        visit, log = visit_warm(stage, advanced(kept[-1]))
        exact = {"round_trips": 2, "public_key_operations": 0}
        promise = Promise("P-256 phone, reader with again", True, "granted")
        return judge(promise, log, visit, exact)

    yield from (cold, warm, stolen, talked_down, stranger, negotiated, known)


def _with_problem(result: Result, problem: str) -> Result:
    return dataclasses.replace(result, problems=(*result.problems, problem))
