"""People, their cards, phones and groups; credentials; what is signed and what was heard."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    _of_people()
    _of_cards()
    _of_policy()
    _of_boards()


def _of_people() -> None:
    op.create_table(
        "site",
        sa.Column("root", sa.LargeBinary, primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("ref", sa.Text),
        sa.Column("holder", sa.Text, nullable=False, unique=True),
        sa.Column("tag", sa.LargeBinary, nullable=False),
        sa.Column("first_day", sa.Integer),
        sa.Column("ends", sa.BigInteger),
        sa.Column("suspended", sa.Boolean, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("removed", sa.BigInteger),
        sa.Column("mac", sa.LargeBinary, nullable=False),
    )
    op.create_index("people_by_name", "people", ["name"])
    op.create_table(
        "memberships",
        sa.Column("person", sa.Integer, sa.ForeignKey("people.id"), primary_key=True),
        sa.Column("group", sa.Integer, primary_key=True, autoincrement=False),
    )
    op.create_table(
        "groups",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("mac", sa.LargeBinary, nullable=False),
    )


def _of_cards() -> None:
    op.create_table(
        "cards",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("person", sa.Integer, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("ident", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("lookup", sa.Integer, nullable=False),
        sa.Column("given", sa.BigInteger, nullable=False),
        sa.Column("returned", sa.BigInteger),
        sa.Column("settled", sa.Boolean, nullable=False),
    )
    op.create_index("cards_by_key", "cards", ["key"])
    op.create_index("cards_by_person", "cards", ["person"])
    op.create_index(
        "cards_in_one_hand",
        "cards",
        ["ident"],
        unique=True,
        sqlite_where=sa.text("returned IS NULL"),
        postgresql_where=sa.text("returned IS NULL"),
    )
    op.create_table(
        "phones",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("person", sa.Integer, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("lost", sa.BigInteger),
    )
    op.create_table(
        "credentials",
        sa.Column("cti", sa.LargeBinary, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("issued", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("opens", sa.Text, nullable=False),
    )
    op.create_index("credentials_by_holder", "credentials", ["holder"])


def _of_policy() -> None:
    op.create_table(
        "policy_versions",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("issued", sa.BigInteger, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("snapshot", sa.LargeBinary),
    )
    op.create_table(
        "doors",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_table(
        "zones",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("doors", sa.Text, nullable=False),
    )
    op.create_table(
        "schedules",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("weekly", sa.Text, nullable=False),
        sa.Column("on_holidays", sa.Text, nullable=False),
    )


def _of_boards() -> None:
    op.create_table(
        "boards",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("role", sa.Integer, nullable=False),
        sa.Column("doors", sa.Text, nullable=False),
        sa.Column("expires", sa.BigInteger),
        sa.Column("revoked", sa.Boolean, nullable=False),
    )
    op.create_table(
        "heard",
        sa.Column("node", sa.Text, primary_key=True),
        sa.Column("doors", sa.Text, nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("head", sa.LargeBinary),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
