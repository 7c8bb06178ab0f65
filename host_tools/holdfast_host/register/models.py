"""The register's tables, for SQLite and PostgreSQL alike. ``migrations/`` makes them.

What leads to a right (people, memberships, cards, groups) is under a MAC of the site secret, in
the row of the person or group: see records.py and groups.py. Everything that is signed is only
mirrored here, and is made anew from the signed policy (mirror.py).

Times are in seconds since 1970, days are days since 1970, both as the policy has them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

metadata = MetaData()

# One row: whose register this is. ``root`` is the SHA-256 of the site's first authority key.
site = Table(
    "site",
    metadata,
    Column("root", LargeBinary, primary_key=True),
    Column("id", Text, nullable=False),
)

# ``ref`` is what a list of the manager's tells people apart by; ``tag`` the 4 bytes that a
# person's card and PIN share in the policy. Who was removed stays: older events name them.
people = Table(
    "people",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("ref", Text),
    Column("holder", Text, nullable=False, unique=True),
    Column("tag", LargeBinary, nullable=False),
    Column("first_day", Integer),
    Column("ends", BigInteger),
    Column("suspended", Boolean, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("removed", BigInteger),
    Column("mac", LargeBinary, nullable=False),
)
Index("people_by_name", people.c.name)

memberships = Table(
    "memberships",
    metadata,
    Column("person", ForeignKey("people.id"), primary_key=True),
    Column("group", Integer, primary_key=True, autoincrement=False),
)

# ``ident`` tells cards and PINs apart whatever the lookup key is; ``sealed`` is a card's number,
# encrypted, none for a PIN; ``key`` is what readers know it by, under lookup key ``lookup``.
cards = Table(
    "cards",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("person", ForeignKey("people.id"), nullable=False),
    Column("kind", Integer, nullable=False),
    Column("ident", LargeBinary, nullable=False),
    Column("sealed", LargeBinary),
    Column("key", LargeBinary, nullable=False),
    Column("lookup", Integer, nullable=False),
    Column("given", BigInteger, nullable=False),
    Column("returned", BigInteger),
    Column("settled", Boolean, nullable=False),
)
Index("cards_by_key", cards.c.key)
Index("cards_by_person", cards.c.person)
# A card is one person's at a time, whatever two commands think at once.
Index(
    "cards_in_one_hand",
    cards.c.ident,
    unique=True,
    sqlite_where=text("returned IS NULL"),
    postgresql_where=text("returned IS NULL"),
)

phones = Table(
    "phones",
    metadata,
    Column("key", Text, primary_key=True),
    Column("person", ForeignKey("people.id"), nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("lost", BigInteger),
)

# What was issued to whom, so that it can be revoked without its file.
credentials = Table(
    "credentials",
    metadata,
    Column("cti", LargeBinary, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("issued", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("opens", Text, nullable=False),
)
Index("credentials_by_holder", credentials.c.holder)

groups = Table(
    "groups",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    Column("mac", LargeBinary, nullable=False),
)

# The changesets themselves, so that another office's folder can catch up with them.
policy_versions = Table(
    "policy_versions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("head", LargeBinary, nullable=False),
    Column("issued", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("snapshot", LargeBinary),
)

# Mirrors of what is signed, and of devices.json: for whoever asks the database.
doors = Table(
    "doors",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
)
zones = Table(
    "zones",
    metadata,
    Column("name", Text, primary_key=True),
    Column("doors", Text, nullable=False),
)
schedules = Table(
    "schedules",
    metadata,
    Column("name", Text, primary_key=True),
    Column("weekly", Text, nullable=False),
    Column("on_holidays", Text, nullable=False),
)
boards = Table(
    "boards",
    metadata,
    Column("id", Text, primary_key=True),
    Column("role", Integer, nullable=False),
    Column("doors", Text, nullable=False),
    Column("expires", BigInteger),
    Column("revoked", Boolean, nullable=False),
)

# What each node said of itself when it was last asked.
heard = Table(
    "heard",
    metadata,
    Column("node", Text, primary_key=True),
    Column("doors", Text, nullable=False),
    Column("number", Integer),
    Column("head", LargeBinary),
    Column("at", BigInteger, nullable=False),
)
