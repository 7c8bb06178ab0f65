"""Random lives of remembered associations: moved, stored, lost with the power, loaded, both ways.

Whatever happens, no key meets a nonce twice, and no request is accepted twice.
"""

import os
import tempfile

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import crypto
import oscore
import small_site as site
from coap import CoAPError, Message, code, option
from holdfast.access import Trust
from holdfast.link.contexts import DATAGRAMS, ORDERED, Association, Contexts
from holdfast.storage import files
from holdfast.storage.contexts import ContextStore
from holdfast.storage.sealed import Sealer, derive

TOKEN = site.holder_token()
OWNER = Trust(site.SITE, [site.authority_public()]).authenticate(TOKEN)
KEY = derive(site.READER_PRIVATE, "contexts", b"place")


class Lives(RuleBasedStateMachine):
    """Two nodes, each with a table and a folder; each asks and answers under one context."""

    @initialize(window=st.sampled_from((ORDERED, DATAGRAMS)))
    def begin(self, window):
        self.folders = [tempfile.TemporaryDirectory() for _ in range(2)]
        self.failing = False
        self.real_write = files.write
        files.write = self.write
        self.used = set()
        self.real_encrypt = crypto.aes_ccm_encrypt
        crypto.aes_ccm_encrypt = self.encrypt
        self.window = window
        self.met = 0
        self.tables: list = [None, None]
        self.views = ([], [])  # associations that somebody still has in hand
        self.in_flight = []  # (who asked, plain payload, protected request)
        self.open = []  # (who answers, association, exchange)
        self.accepted = set()
        for who in range(2):
            self.start(who)
        self.meet()

    def teardown(self):
        crypto.aes_ccm_encrypt = self.real_encrypt
        files.write = self.real_write
        for folder in self.folders:
            folder.cleanup()

    def encrypt(self, key, nonce, plaintext, aad, tag_length=8):
        assert (key, nonce) not in self.used, "a nonce came back"
        self.used.add((key, nonce))
        return self.real_encrypt(key, nonce, plaintext, aad, tag_length)

    def write(self, path, data):
        if self.failing:
            raise OSError(5)
        self.real_write(path, data)

    def start(self, who):
        """Power comes back: what is in hand is gone, and so is what was only in memory."""
        sealer = Sealer(KEY, os.urandom)
        store = ContextStore(self.folders[who].name + "/contexts", sealer, os.urandom)
        self.tables[who] = Contexts(4, 0, store, 4)
        self.views[who].clear()
        self.open = [entry for entry in self.open if entry[0] != who]

    def association(self, who):
        """The one that is found now, or None."""
        return self.tables[who].find(self.kids[who])

    @precondition(lambda self: None in (self.association(0), self.association(1)))
    @rule()
    def meet_again(self):
        """The rest of the time there is somebody to talk to."""
        self.meet()

    @rule(rarely=st.integers(0, 5))
    def meet_anew(self, rarely):
        if not rarely:
            self.meet()

    def meet(self):
        """A handshake: new keys under identifiers that each gives out."""
        self.met += 1
        secret = crypto.sha256(b"%d" % self.met)[:16]
        first = self.tables[0].reserve(b"")
        self.kids = [first, self.tables[1].reserve(first)]
        for who in range(2):
            mine, theirs = self.kids[who], self.kids[1 - who]
            context = oscore.SecurityContext(secret, b"", theirs, mine)
            association = Association(context, OWNER)
            self.tables[who].add(mine, association, self.window)
            self.views[who].append(association)

    @rule(
        asking=st.integers(0, 1),
        payload=st.binary(max_size=4),
        stale=st.booleans(),
        count=st.sampled_from((1, 1, 40)),
    )
    def ask(self, asking, payload, stale, count):
        """With what is found, or with what somebody still has in hand from before."""
        known = self.views[asking][-1] if stale and self.views[asking] else None
        association = known or self.association(asking)
        if association is None:
            return
        options = []
        other = self.tables[1 - asking]
        if payload and other._echo:
            options.append((option.ECHO, other._echo))
        message = Message(code.PUT, options, payload)
        for _ in range(count):
            try:
                protected = oscore.protect_request(association.context, message)[0]
            except (oscore.OSCOREError, OSError):
                return
            self.in_flight.append((asking, protected))

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data(), stale=st.booleans())
    def deliver(self, data, stale):
        """Any request that was ever sent, also again, after any number of restarts."""
        asking, protected = data.draw(st.sampled_from(self.in_flight[-60:]))
        who = 1 - asking
        known = self.views[who][-1] if stale and self.views[who] else None
        association = known or self.association(who)
        if association is None:
            return
        try:
            exchange = oscore.unprotect_request(association.context, protected)[1]
        except oscore.EchoNeeded as needed:
            try:
                self.tables[who].challenge(self.kids[who], association, needed)
            except (oscore.OSCOREError, OSError):
                return
            exchange = needed.exchange
        except CoAPError:
            return
        else:
            assert protected.payload not in self.accepted, "a request was accepted twice"
            self.accepted.add(protected.payload)
            self.tables[who].used(self.kids[who])
        self.views[who].append(association)
        self.open.append((who, association, exchange))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), new_piv=st.booleans())
    def answer(self, data, new_piv):
        who, association, exchange = data.draw(st.sampled_from(self.open))
        try:
            oscore.protect_response(
                association.context, Message(code.CONTENT), exchange, new_piv=new_piv
            )
        except (oscore.OSCOREError, OSError):
            pass

    @rule(who=st.integers(0, 1), failing=st.integers(0, 4))
    def grant(self, who, failing):
        """Something was done: it is worth a file."""
        association = self.association(who)
        if association is not None:
            self.tables[who].opened(self.kids[who], association)
        self.failing = failing == 0
        self.tables[who].flush()
        self.failing = False

    @rule(who=st.integers(0, 1))
    def move(self, who):
        self.tables[who].move()

    @rule(who=st.integers(0, 1), rarely=st.integers(0, 3))
    def make_room(self, who, rarely):
        if not rarely:
            self.tables[who].make_room()

    @rule(who=st.integers(0, 1), rarely=st.integers(0, 3))
    def power_cut(self, who, rarely):
        if not rarely:
            self.start(who)


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=150, stateful_step_count=60)
