"""Power fails anywhere while phones are kept, forgotten and challenged: no nonce comes twice.

A Partial IV used again under the same key would give away the challenge it hides, and with it the
echo. An association that came back half would be a wrong key, or an exception at every start.
"""

INTERPRETERS = ("micropython",)

import os

from cuts import every_cut, every_error

import crypto
import oscore
import small_site as site
from holdfast.access import Trust
from holdfast.link.contexts import Association
from holdfast.storage.contexts import BLOCK, ContextStore
from holdfast.storage.sealed import Sealer, derive

A, B, C, D = b"\x05", b"\x20", b"\x11\x05", b"\x37\x00\x05"
TOKEN = site.holder_token()
OWNER = Trust(site.SITE, [site.authority_public()]).authenticate(TOKEN)
KEY = derive(site.READER_PRIVATE, "contexts", b"place")
BEFORE = (("keep", A, 1), ("keep", B, 2), ("keep", C, 3))
STORY = (
    ("challenge", A, 3),
    ("forget", B, 0),
    ("keep", D, 4),
    ("challenge", C, BLOCK + 5),
    ("keep", B, 5),  # the identifier again, for another phone
    ("forget", A, 0),
    ("keep", A, 6),
    ("keep", C, 7),  # in the place of one that could not be removed
    ("challenge", A, 2),
    ("challenge", D, 1),
)


def _states():
    """What must lie there before the story, and after each of its steps: {C_R: number}."""
    state = {c_r: number for _, c_r, number in BEFORE}
    states = [state]
    for what, c_r, number in STORY:
        state = dict(state)
        if what == "keep":
            state[c_r] = number
        elif what == "forget":
            del state[c_r]
        states.append(state)
    return states


STATES = _states()


def _context(c_r, number):
    digest = crypto.sha256(b"association %d" % number)
    context = oscore.SecurityContext(digest[:16], digest[16:24], b"\x01", c_r, window_size=1)
    return Association(context, OWNER).context


KEYS = {}
for _, _c_r, _number in BEFORE + STORY:
    if _number:
        KEYS[_context(_c_r, _number).sender_key] = _number


class Story:
    """The store, open, and the contexts a reader would have in memory."""

    def __init__(self, root):
        self.store = ContextStore(
            root + "/contexts", Sealer(KEY, os.urandom), os.urandom, b"", self.fault
        )
        self.failed = None
        self.contexts = {}
        for packed in self.store.load(16):
            context = oscore.SecurityContext.over(packed)
            context.reserve = self.store.reserve
            self.contexts[context.recipient_id] = context
        self.stop_if_failed()

    def fault(self, piece, error):
        self.failed = error

    def stop_if_failed(self):
        if self.failed:
            raise self.failed

    def step(self, what, c_r, number, acked):
        if what == "keep":
            self.contexts[c_r] = context = _context(c_r, number)
            context.reserve = self.store.reserve
            self.store.keep(context)
        elif what == "forget":
            del self.contexts[c_r]
            self.store.forget(c_r)
        else:
            self.challenge(c_r, number, acked)
        self.stop_if_failed()

    def challenge(self, c_r, count, acked):
        """Use Partial IVs; each that comes out has gone over the air."""
        context = self.contexts[c_r]
        for _ in range(count):
            acked.append((context.sender_key, context.next_piv()))


def prepare(root):
    story = Story(root)
    for what, c_r, number in BEFORE:
        story.step(what, c_r, number, None)


def operation(root, acked):
    story = Story(root)
    for number, step in enumerate(STORY):
        story.step(*step, acked)
        acked.append(number + 1)


def _check(root, acked, errors):
    story = Story(root)
    steps = [entry for entry in acked if isinstance(entry, int)]
    done = steps[-1] if steps else 0
    found = {c_r: KEYS[context.sender_key] for c_r, context in story.contexts.items()}
    allowed = [STATES[done]]
    if acked.cuts and done < len(STORY):
        allowed.append(STATES[done + 1])
        if errors:
            # A reader that goes on after a failed write removes what it could not be sure of.
            rest = dict(STATES[done])
            rest.pop(STORY[done][1], None)
            allowed.append(rest)
    assert found in allowed, (done, found)
    for c_r in story.contexts:
        story.challenge(c_r, 2, acked)
    used = [entry for entry in acked if isinstance(entry, tuple)]
    assert len(used) == len(set(used)), "a nonce came twice"
    names = os.listdir(root + "/contexts")
    assert sorted(names) == sorted([c_r.hex() for c_r in found]), names


def check(root, acked):
    """What was acknowledged is there, what was begun is old or new, and numbers only rise."""
    _check(root, acked, False)


def check_after_errors(root, acked):
    _check(root, acked, True)


def test_cuts_anywhere_in_the_life_of_the_contexts():
    """Keep, forget, keep under the same identifier, reserve; and in the recovery from it."""
    every_cut(prepare, operation, check, again=2, at_least=250, name="contexts")


def test_cuts_on_an_almost_full_flash():
    """Writing then costs erases and moves directories about."""
    blocks = 12

    def fill(root):
        prepare(root)
        with open(root + "/other", "wb") as file:
            file.write(b"x" * 4096)

    every_cut(fill, operation, check, stride=2, at_least=100, name="full", blocks=blocks)


def test_a_flash_that_reports_errors():
    """Once or for ever, in every write and erase: nothing half, and still no nonce twice."""
    every_error(prepare, operation, check_after_errors, at_least=80, name="contexts, errors")


def test_a_reader_that_goes_on_with_a_flash_that_reports_errors():
    """It opens doors with what it has in memory, uses numbers of phones it could not keep, and is
    restarted: whatever came through to the flash, no number comes back.
    """

    def go_on(root, acked):
        story = Story(root)
        for again in (10, 20):
            for what, c_r, number in STORY:
                if what == "keep":
                    number += again  # every handshake has keys of its own
                if what == "keep" or c_r in story.contexts:
                    story.failed = None
                    try:
                        story.step(what, c_r, number, acked)
                    except OSError:
                        pass
                if c_r in story.contexts:
                    try:
                        story.challenge(c_r, BLOCK + 3, acked)
                    except OSError:
                        # What a reader does when it cannot make a challenge.
                        story.contexts.pop(c_r, None)
                        story.store.forget(c_r)

    def only_new_numbers(root, acked):
        story = Story(root)
        for c_r in story.contexts:
            story.challenge(c_r, 2, acked)
        assert len(acked) == len(set(acked)), "a nonce came twice"

    every_error(prepare, go_on, only_new_numbers, stride=3, at_least=80, name="going on")
