"""The store's tables, the same in SQLite and in PostgreSQL.

Their names begin alike, as a PostgreSQL may hold tables of other programs too. Rows that come with
every trigger refer to each other by no foreign key: each would cost a look-up, and what lets go of
them deletes in order.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

# SQLite makes a row's own number of an INTEGER key only, and it holds 64 bits there as well.
_Number = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()

# One row. `last_seq` is the place of the last event: places are given here and not by the database,
# so that they have no gaps and are never given twice. `key_check` tells the gateway's key from any
# other.
meta = Table(
    "qp_meta",
    metadata,
    Column("version", Integer, nullable=False),
    Column("directory_version", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("key_check", LargeBinary),
)

tokens = Table(
    "qp_tokens",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
)

token_projects = Table(
    "qp_token_projects",
    metadata,
    Column("token_id", Text, ForeignKey(tokens.c.token_id), primary_key=True),
    Column("project_id", Text, primary_key=True),
    sqlite_with_rowid=False,
)

repositories = Table(
    "qp_repositories",
    metadata,
    Column("repository", Text, primary_key=True),
    Column("project_id", Text, nullable=False),
    sqlite_with_rowid=False,
)

# `missed_from` is the place behind which a disabled one was passed over. Where nothing arrives,
# `failing_since` says since when, `failed_at` when the last try was, and `trouble` why.
subscriptions = Table(
    "qp_subscriptions",
    metadata,
    Column("subscription_id", Text, primary_key=True),
    Column("token_id", Text, ForeignKey(tokens.c.token_id), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("project_id", Text),
    Column("run_id", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("rotated_at", Double),
    Column("delivered", BigInteger, nullable=False),
    Column("missed_from", BigInteger),
    Column("failing_since", Double),
    Column("failed_at", Double),
    Column("trouble", Text),
)

subscription_types = Table(
    "qp_subscription_types",
    metadata,
    Column(
        "subscription_id",
        Text,
        ForeignKey(subscriptions.c.subscription_id, ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("type", Text, primary_key=True),
    sqlite_with_rowid=False,
)

# `seq` and `last_seq` are the places of the first and the last event.
runs = Table(
    "qp_runs",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("run_id", Text, nullable=False, unique=True),
    Column("project_id", Text, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("events", Integer, nullable=False),
    Index("qp_runs_of_project", "project_id", "seq"),
)

events = Table(
    "qp_events",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("project_id", Text, nullable=False),
    Column("stored_at", Double, nullable=False),
    Column("body", LargeBinary, nullable=False),
    # Of a project: whether others have an event of some id is nobody's business.
    Index("qp_events_of_id", "event_id", "project_id", unique=True),
    Index("qp_events_of_project", "project_id", "seq"),
    Index("qp_events_of_run", "run_id", "seq"),
)

# What is delivered has no row any more.
deliveries = Table(
    "qp_deliveries",
    metadata,
    Column("subscription_id", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due", Double, nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_with_rowid=False,
)

replays = Table(
    "qp_replays",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("created_at", Double, nullable=False, index=True),
    sqlite_with_rowid=False,
)

refusals = Table(
    "qp_refusals",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("refused_at", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("project_id", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("run_id", Text),
    Index("qp_refusals_of_project", "project_id", "number"),
)
