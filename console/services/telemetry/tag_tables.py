"""Tables of the tag snapshot in station.db: every tag ever seen here, and its last value."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

tag = Table(
    "tag",
    metadata,
    Column("tag_id", LargeBinary(16), primary_key=True),
    Column("asset_id", LargeBinary(16), nullable=False),
    Column("broker", Text, nullable=False),
    Column("grp", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("metric", Text, nullable=False),
    Column("plain", Boolean, nullable=False),
    Column("value_type", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    Column("stale_after_s", Float),
)

# Apart from `tag`, because every few seconds only these rows change. `value` is NULL where there is no number.
tag_value = Table(
    "tag_value",
    metadata,
    Column("tag_id", LargeBinary(16), primary_key=True),
    Column("value", Float),
    Column("text", Text, nullable=False),
    Column("quality", Integer, nullable=False),
    Column("detail", Integer, nullable=False),
    Column("source_us", BigInteger, nullable=False),
    Column("receive_us", BigInteger, nullable=False),
)
