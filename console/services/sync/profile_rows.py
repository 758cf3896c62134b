"""A profile as it travels between stations: over the broker, or in a file that is carried by hand."""

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy import select

from console.services.identity.credential_tables import credential
from console.services.identity.credentials import Kind, SignedCredential
from console.services.storage.database import reader_engine

MAX_PROFILES = 2000


class ProfileNow(msgspec.Struct, frozen=True, array_like=True):
    """Unproven until its signature was checked against the keys of `station`."""

    user_id: str
    version: int
    encoded: str
    at_us: int
    station: UUID
    sig: bytes


def told_of(rows: Iterable[SignedCredential]) -> tuple[ProfileNow, ...]:
    """Profiles, as they are handed on."""
    return tuple(ProfileNow(r.user_id, r.version, r.encoded, r.at_us, r.station, r.sig) for r in rows)


def signed_of(site: UUID, rows: Iterable[ProfileNow]) -> list[SignedCredential]:
    """As `Credentials.take` judges them."""
    kind = Kind.PROFILE.value
    return [SignedCredential(1, site, r.user_id, kind, r.version, r.encoded, r.at_us, r.station, r.sig) for r in rows]


def profiles_in(station_db: Path) -> tuple[ProfileNow, ...]:
    """What a station's file holds, beside its running program too; nobody who was erased is in it."""
    if not station_db.exists():
        return ()
    table = credential.c
    query = select(credential).where(table.kind == Kind.PROFILE.value, table.encoded != "").order_by(table.user_id)
    engine = reader_engine(station_db)
    try:
        with engine.connect() as connection:
            found = connection.execute(query.limit(MAX_PROFILES)).all()
    finally:
        engine.dispose()
    return tuple(ProfileNow(r.user_id, r.version, r.encoded, r.at_us, UUID(r.station), r.sig) for r in found)
