"""How each command that writes is called on a World; that these are all, a test holds against the
commands there are.
"""

import dataclasses
import shutil
from collections.abc import Callable

KEY = "--key W/phone/phone.pub"
NEW_KEY = "--key W/new_phone/phone.pub"


@dataclasses.dataclass(frozen=True)
class Row:
    """A command ``line``, after those ``before`` it. ``again`` is what it takes besides to be
    brought to its end, ``instead`` how that is done where it is refused; ``twice``: the same once
    more does it once more.
    """

    line: str
    before: tuple = ()
    twice: bool = False
    again: str | None = None
    instead: str | None = None
    prepare: Callable | None = None


def _unsigned(world):
    """The register says what is not signed."""
    old = (world.site / "register.db").read_bytes()
    world.does("people remove W/acme Bo")
    (world.site / "register.db").write_bytes(old)


def _older(world):
    """The site's folder without its last changeset, which the register knows."""
    last = max((world.site / "policy").glob("*.changeset"))
    last.unlink()


def _without_policy(world):
    shutil.rmtree(world.folder / "bare" / "policy")


ROWS = {
    "site init": Row("site init W/new --name other --zone z"),
    "site recover": Row(
        "site recover W/acme --without front --without back --without reader", prepare=_older
    ),
    "site add-zone": Row("site add-zone W/acme attic"),
    "site rotate-zone": Row("site rotate-zone W/acme lobby", twice=True),
    "site rotate-authority": Row("site rotate-authority W/acme"),
    "site rotate-authority, finished": Row(
        "site rotate-authority W/acme --finish --anyway", ("site rotate-authority W/acme",)
    ),
    "policy init": Row("policy init W/bare", prepare=_without_policy),
    "policy schedule": Row("policy schedule W/acme night --weekly mon-fri_22:00-23:00"),
    "policy holidays": Row("policy holidays W/acme 12-25 12-26"),
    "policy time-zone": Row("policy time-zone W/acme Europe/Berlin"),
    "policy door": Row("policy door W/acme side --zone lobby"),
    "policy zone": Row("policy zone W/acme lobby --door back --add"),
    "policy unlocked": Row("policy unlocked W/acme front --schedule office"),
    "policy carrier": Row("policy carrier W/acme wall --door front --side out"),
    "policy limits": Row("policy limits W/acme --grace-hours 12"),
    "policy refresh": Row("policy refresh W/acme", twice=True),
    "policy group": Row("policy group W/acme 9 --door front"),
    "policy group, removed": Row("policy group W/acme 7 --remove --yes"),
    "policy card": Row("policy card W/acme 04aabbcc 04aabbcd --group 7"),
    "policy card, a list": Row("policy card W/acme --from W/cards --group 7 --until 2031-01-01"),
    "policy card, removed": Row("policy card W/acme 04ffeedd --remove"),
    "policy card, of a person": Row(
        "policy card W/acme 04aabbcc --group 7 --same-person-as 04ffeedd"
    ),
    "policy pin": Row("policy pin W/acme --draw --group 7", twice=True),
    "policy revoke": Row("policy revoke W/acme W/ann.cwt"),
    "policy watermark": Row("policy watermark W/acme 2026-01-01"),
    "policy lockdown": Row("policy lockdown W/acme on"),
    "policy export": Row("policy export W/acme -o W/out/p"),
    "policy snapshot": Row("policy snapshot W/acme -o W/out/p"),
    "policy draft": Row(
        "policy draft W/acme --sign", ("policy group W/acme 9 --door front --draft",)
    ),
    "policy draft, made": Row("policy group W/acme 9 --door front --draft"),
    "policy draft, removed": Row(
        "policy draft W/acme --remove", ("policy group W/acme 9 --door front --draft",)
    ),
    "people import": Row("people import W/acme W/more.csv --pins-to W/out/pins",
        instead="people import W/acme W/more.csv --pins-to W/out/others",
    ),
    "people import, all": Row("people import W/acme W/more.csv --remove-missing --json"),
    "people export": Row("people export W/acme -o W/out/all.csv"),
    "people name-group": Row("people name-group W/acme 8 visitors"),
    "people card": Row("people card W/acme Bo 04aabbcc"),
    "people card, taken back": Row("people card W/acme Zoe --take-back 04a1b2c3",
        instead="people sign W/acme --yes",
    ),
    "people suspend": Row("people suspend W/acme Zoe Bo"),
    "people resume": Row("people resume W/acme Zoe Bo", ("people suspend W/acme Zoe Bo",)),
    "people remove": Row("people remove W/acme Zoe Bo"),
    "people phone-lost": Row(
        f"people phone-lost W/acme Zoe {NEW_KEY} -o W/out/zoe.cwt",
        instead=f"credential issue W/acme --person Zoe {NEW_KEY} --door front --out W/out/zoe.cwt"
        " --force",
    ),
    "people sign": Row("people sign W/acme --yes", prepare=_unsigned),
    "credential issue": Row(
        f"credential issue W/acme --holder ann {KEY} --door front --out W/out/a.cwt --enrolment",
        twice=True,
        again="--force",
    ),
    "credential issue, many": Row(
        "credential issue W/acme --person Zoe --person Bo --door front --into W/out/keys --qr",
        twice=True,
        again="--force",
    ),
    "credential issue, a guest": Row(
        f"credential issue W/acme --holder ann {KEY} --zone lobby --guest --out W/out/a.cwt",
        twice=True,
        again="--force",
    ),
    "credential renew": Row(
        "credential renew W/acme --days 30 --into W/out/keys", twice=True, again="--force"
    ),
    "credential revoke": Row("credential revoke W/acme --person Zoe"),
    "phone enroll": Row("phone enroll W/p"),
    "phone enroll, a credential": Row(
        "phone enroll W/phone --credential W/ann.cwt --authority W/acme/authority.pub"
    ),
    "phone page": Row(
        "phone page W/acme --out W/out/page", instead="phone page W/acme --out W/out/other"
    ),
    "reader enroll": Row(
        "reader enroll W/board --site W/acme --door back", twice=True, again="--replace"
    ),
    "reader renew": Row("reader renew W/acme reader -o W/out/c", twice=True, again="--force"),
    "reader revoke": Row("reader revoke W/acme reader", twice=True),
    "reader reset": Row("reader reset W/reader --discard-events", twice=True),
    "events verify": Row("events verify W/log --site W/acme"),
    "events export": Row("events export W/log --site W/acme -o W/out/e.csv"),
    "events report": Row("events report W/log --site W/acme -o W/out/e.html"),
    "events replay": Row("events replay W/log --site W/acme --to W/out/sent.jsonl"),
}

# They look, and write nothing at all.
LOOKS = {
    "site show": "site show W/acme",
    "policy show": "policy show W/acme",
    "people compare": "people compare W/acme W/list.csv",
    "people list": "people list W/acme",
    "people show": "people show W/acme Zoe",
    "people groups": "people groups W/acme",
    "credential show": "credential show W/ann.cwt --site W/acme",
    "credential list": "credential list W/acme",
    "reader list": "reader list W/acme",
    "board list": "board list",
    "events show": "events show W/log --site W/acme",
}

# They need a node that answers, or are one, and change no rules; where what they keep is killed,
# if it is kept.
AT_A_NODE = {
    "policy publish": "host/lan/test_pull_copies.py",
    "events pull": "host/lan/test_pull_copies.py",
    "nodes": "",
    "doctor": "",
    "clear-tamper": "",
    "phone unlock": "host/phone/test_contexts.py",
    "phone carry": "host/phone/test_contexts.py",
    "phone status": "host/phone/test_contexts.py",
    "phone coap-credentials": "",
    "phone scan": "",
    "phone watch": "",
    "reader run": "powercut",
    "reader check-phone": "",
    "board provision": "host/boards/test_provision.py",
    "board verify": "",
    "demo": "",
}
