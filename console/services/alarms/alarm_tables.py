"""Tables of the alarm lane: every transition ever, and which occurrences are still open (one row each)."""

import secrets
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

metadata = MetaData()

# `rid` keeps the local order of rows with equal stamps; the key makes N stations write one row.
alarm_log = Table(
    "alarm_log",
    metadata,
    Column("rid", Integer, primary_key=True, autoincrement=True),
    Column("condition_id", LargeBinary(16), nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("transition", Text, nullable=False),
    Column("n", Integer, nullable=False),  # the n-th of its kind within the occurrence, from 0
    Column("at_us", BigInteger, nullable=False),
    Column("receive_us", BigInteger, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("value", Float),
    Column("text", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("rule_id", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("asset_name", Text, nullable=False),
    Column("who", Text, nullable=False),
    UniqueConstraint("condition_id", "start_us", "transition", "n"),
    Index("ix_alarm_log_at", "at_us"),
    Index("ix_alarm_log_flag", "at_us", sqlite_where=text("start_us = 0")),  # what hides alarms: few rows, long ago
)

# One row, made with the table: which file the row ids of `alarm_log` belong to.
alarm_file = Table("alarm_file", metadata, Column("file_id", Text, primary_key=True))


@event.listens_for(alarm_file, "after_create")
def _name_file(_table: Table, connection: Connection, **_: Any) -> None:
    connection.execute(alarm_file.insert().values(file_id=secrets.token_hex(16)))


alarm_open = Table(
    "alarm_open",
    metadata,
    Column("condition_id", LargeBinary(16), primary_key=True),
    Column("start_us", BigInteger, primary_key=True),
)
