"""Tables of proofs in station.db: hashes of passwords and PINs, and the tries that have to wait."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

# Overwritable: the highest version wins. `changed` counts the local changes, for whoever carries them to the centre.
credential = Table(
    "credential",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("encoded", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("station", Text, nullable=False),
    Column("sig", LargeBinary, nullable=False),
    Column("changed", BigInteger, nullable=False),
)

# `who` is a keyed hash: what was typed as a login may be a password.
sign_on_tries = Table(
    "sign_on_tries",
    metadata,
    Column("who", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until_us", BigInteger, nullable=False),
)
