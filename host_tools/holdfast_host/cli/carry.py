"""``holdfast phone carry``: what a phone brings to a reader for the site, and takes from it."""

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access.events import record as event_record

from .. import files, sequences
from ..errors import UsageProblem
from ..events import files as event_files
from ..events import home as coming_home
from ..phone import bringing, taking
from ..phone.carrier import Carrier
from ..phone.client import Checked
from ..phone.link import CHUNK, TcpLink
from ..phone.radio.carry import introduced
from ..phone.radio.radio import Radio
from ..phone.wallet import Wallet
from ..phone.word import put_right
from ..policy.chain import sequence
from ..site import devices
from ..site import site as sites
from ..site.site import Site
from . import names, signing
from .events import Auditor, broken_events, check_home
from .output import AsJson, progress, say, say_json
from .passphrase import PassphraseFile
from .phone import At, Folder, Reader, place_of

_RENEWED = "give a file that `holdfast reader renew` wrote"
_CLOCK_ERROR_S = 2  # of the machine this runs on, which a time service keeps


def carry(
    folder: Folder,
    door: Annotated[
        str, typer.Option(metavar="DOOR", parser=names.DOOR, help="The reader's door.")
    ],
    reader: Reader = None,
    at: At = None,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Bring what `holdfast policy export` wrote."),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Bring later certificates (holdfast reader renew)."),
    ] = None,
    events: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Take all events, into a new file.")
    ] = None,
    left: Annotated[
        bool,
        typer.Option("--left", help="Events of the place where the board was before this one."),
    ] = False,
    of: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            parser=names.NODE,
            help="Events of this node, of which the reader, a controller, has copies.",
        ),
    ] = None,
    take_policy: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Take the policy that is in force there, into a new file."
        ),
    ] = None,
    acknowledge: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Bring what `holdfast events verify` wrote: what is safe may go."
        ),
    ] = None,
    site: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Check the events at once for this site, and acknowledge them."
        ),
    ] = None,
    tell_time: Annotated[
        bool, typer.Option("--tell-time", help="Tell the reader the time of this machine.")
    ] = False,
    set_time: Annotated[
        bool,
        typer.Option(
            "--set-time",
            help="Have the authority of --site put the reader's clock right, whatever it shows.",
        ),
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Carry policy to a reader, events away from it, and the time; the door stays shut.

    The reader is looked for by Bluetooth, as for an unlock, or listens at --reader.

    Whoever has a credential for the door may bring policy and certificates: the site signed them.
    Also to a reader whose certificate has ended, but not to one that was revoked. Events and
    --tell-time are for credentials that were issued for that. What is told is believed where it
    fits what the reader knows. --set-time corrects anything, and any holder may bring it: the
    reader asks, and the authority of --site signs the time of this computer for this one question.

    From a controller the events of another node are taken with --of, and the word for it is left
    there. What --take-policy writes is brought by --policy, to a reader that nothing else reaches;
    it takes the permission to administer.

    A reader forgets events on the site's word alone: with --site they are checked and acknowledged
    in the same visit. Without it the reader learns that they were copied, and what `holdfast
    events verify` writes goes with the next one.
    """
    wishes = (policy, certificate, events, acknowledge, take_policy)
    brings = any(one is not None for one in wishes)
    if not (brings or tell_time or set_time):
        raise UsageProblem(
            "there is nothing to carry",
            "give --policy FILE, --certificate FILE, --events FILE, --acknowledge FILE,"
            " --take-policy FILE, --tell-time or --set-time",
        )
    if tell_time and set_time:
        raise UsageProblem(
            "the time is given twice",
            "leave out --tell-time: the authority's word counts for more",
        )
    if ((site is not None and not set_time) or left or of is not None) and events is None:
        raise UsageProblem("no events are taken", "give --events FILE too")
    if set_time and site is None:
        raise UsageProblem("only a site's authority sets a clock", "give its folder: --site DIR")
    words = {} if acknowledge is None else coming_home.words(acknowledge)
    home = None if site is None else sites.load(site)
    news = [] if policy is None else bringing.read(sequences.policy(policy))
    certificates: list[bytes] = []
    if certificate is not None:
        certificates = sequences.read(certificate, "certificate", _RENEWED)
    for new in (events, take_policy):
        if new is not None and new.exists():
            raise UsageProblem(f"{new} is there already", "give the name of a new file")
    place = place_of(reader, at)
    wallet = Wallet.open(folder)
    # Before anybody is called: a reader does not wait for a passphrase.
    setting = _Setting(home, passphrase_file) if set_time and home is not None else None
    done: dict[str, object] = {"door": door}
    brought: list[int] = []
    numbers: list[int] = []
    now = int(time.time())
    visit = _Visit(place, at, wallet, door, now)
    with progress(f"Carrying to {door}"), visit.begun() as (carrier, checked):
        done["suite"] = checked.identity.suite
        if setting is not None:
            done["clock"] = setting.done(carrier, checked)
        if tell_time:
            carrier.put_time(int(time.time()), _CLOCK_ERROR_S)
            done["time_told"] = True
        if news:
            standing = bringing.bring(news, carrier.post_policy)
            done["policy"], done["policy_head"] = standing.number, standing.head.hex()
        for raw in certificates:
            carrier.put_certificate(raw)
        if certificates:
            done["certificates"] = len(certificates)
        if acknowledge is not None:
            brought = done["acknowledged"] = _acknowledged(carrier, words, of)
        if take_policy is not None:
            taken, *numbers = taking.policy(carrier)
            done["policy_taken"] = numbers
            files.write(take_policy, sequence(taken), files.PRIVATE)
        if events is not None:
            certificate_of = None if of else carrier.events_certificate(checked)
            carrier.turn_to_left(left)
            if of is not None:
                carrier.turn_to_node(of, left)
            data, last = taking.take(carrier, certificate_of)
            files.write(events, data, files.PRIVATE)
            done["events"] = str(events)
            if last is not None:
                done["last_event"] = event_record.number_of(last)
                if home is None and of is None:
                    carrier.copied(event_record.number_of(last), event_record.split(last)[1])
                    done["copied"] = True
    if home is not None and events is not None:
        _bring_home(home, events, left, passphrase_file, is_copy=of is not None)
        with progress(f"Acknowledging to {door}"), visit.begun() as (carrier, _):
            words = coming_home.words(coming_home.words_path(home))
            brought = done["acknowledged"] = _acknowledged(carrier, words, of)
    if as_json:
        say_json(done)
        return
    if setting is not None:
        say(f"the clock of {door} was: {setting.was}; and is: {setting.shown}", "green")
    if tell_time:
        say(f"{door} believes the time", "green")
    if "policy" in done:
        say(f"{door} is at changeset {done['policy']}", "green")
    if certificates:
        say(f"{door} shows its later certificate from now on", "green")
    if events is not None:
        say(f"events up to {done.get('last_event', 'none')} are in {events}", "green")
        if home is None:
            option = " --left" if left else ""
            say(f"next: holdfast events verify {events} --site SITE_DIR{option}")
    if "acknowledged" in done:
        _say_acknowledged(of or door, brought)
    if take_policy is not None:
        span = " to ".join(map(str, numbers))
        say(f"the policy of changesets {span} is in {take_policy}", "green")
        say(f"next: holdfast phone carry PHONE --policy {take_policy} --door DOOR")


@dataclasses.dataclass(frozen=True)
class _Visit:
    """To the reader of ``door``: at ``place``, by radio if that is None, ``at`` one address."""

    place: tuple[str, int] | None
    at: str | None
    wallet: Wallet
    door: str
    now: int

    @contextlib.contextmanager
    def begun(self) -> Iterator[tuple[Carrier, Checked]]:
        """A carrier after the handshake, and what that gave."""
        if self.place is not None:
            with TcpLink.connect(*self.place, chunk=CHUNK) as link:
                identities = self.wallet.identities()
                yield Carrier.introduced(link, identities, self.door, self.now)
            return
        with Radio() as radio:
            found = introduced(radio, self.wallet, self.door, self.now, self.at)
            link, carrier, checked = found
            with link:
                yield carrier, checked


class _Setting:
    """The authority of the site ``home``, about to put a clock right."""

    def __init__(self, home: Site, passphrase_file: Path | None):
        self._home = home
        self._history = home.policy()
        self._revoked = {one.id for one in devices.load(home.folder) if one.revoked}
        self._key = signing.unlocked(home, passphrase_file).authority.signing_key
        self.was = self.shown = ""

    def done(self, carrier: Carrier, checked: Checked) -> dict[str, object]:
        """Have the reader ask, and answer it; what came of it."""
        done = put_right(carrier, checked, self._key, self._history, self._revoked)
        self.was, self.shown = done.before.text, done.after.text
        return done.facts


def _acknowledged(carrier: Carrier, words: Mapping[bytes, bytes], of: str | None) -> list[int]:
    if of is not None:
        return taking.hand_on(carrier, of, words)
    return taking.acknowledge(carrier, words)


def _say_acknowledged(door: str, numbers: list[int]) -> None:
    if numbers:
        last = " and ".join(map(str, numbers))
        say(f"{door} need not keep what the site has, up to event {last}", "green")
    else:
        say(f"there is no acknowledgement for the events of {door}: check some first", "yellow")


def _bring_home(
    home: Site, path: Path, left: bool, passphrase_file: Path | None, *, is_copy: bool
) -> None:
    """Check the events in the file at ``path``, and keep them in the site's folder.

    If it ``is_copy``, of another node's, they may end before what is home already.
    """
    keys = Auditor(home, passphrase_file)
    broken = []
    for reader in event_files.by_reader(event_files.read([path]), home):
        report = check_home(home, keys, reader, left=left)
        if not report.intact and not (is_copy and report.is_older):
            broken.append(reader.node)
    if broken:
        raise broken_events(broken)
    coming_home.write_words(home)
