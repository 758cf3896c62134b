"""What the door does for a journal that is carried by hand: takes pieces of it in, and writes down that it was."""

import base64
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from console.domain.fact import Fact
from console.domain.station_facts import JournalExported, JournalImported
from console.services.journal.entries import SYSTEM
from console.services.journal.envelope import RawEvent
from console.services.sync.carry import told_of
from console.services.sync.profile_rows import ProfileNow, signed_of

if TYPE_CHECKING:
    from console.app.door import Core

PROFILES_AT_ONCE = 100  # 3 KiB each at most, a third more as base64
_NOTES: dict[str, type[Fact]] = {"exported": JournalExported, "imported": JournalImported}


def take_question(raws: list[RawEvent], peer: str) -> dict[str, Any]:
    """The question that hands events over; below the local socket's limit for a piece of `carry.pieces`."""
    return {"op": "take", "peer": peer, "events": base64.b64encode(msgspec.msgpack.encode(raws)).decode()}


async def take(core: "Core", question: dict[str, Any]) -> dict[str, Any]:
    """Through the normal receiving: verified, stored once, applied. Raises ValueError for what is no event."""
    try:
        raws = msgspec.msgpack.decode(base64.b64decode(question["events"], validate=True), type=list[RawEvent])
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    told = told_of(await core.parts.journal.receive(raws, str(question["peer"])))
    return {
        "ok": True,
        "stored": told.stored,
        "known": told.known,
        "held": told.held,
        "rejected": told.rejected,
        "reasons": dict(told.reasons),
    }


def profiles_question(rows: Sequence[ProfileNow]) -> dict[str, Any]:
    """The question that hands profiles over; `PROFILES_AT_ONCE` of them stay below the local socket's limit."""
    return {"op": "profiles", "rows": base64.b64encode(msgspec.msgpack.encode(rows)).decode()}


async def profiles(core: "Core", question: dict[str, Any]) -> dict[str, Any]:
    """Judged like those of neighbours and the centre. Raises ValueError for what is none."""
    try:
        raw = base64.b64decode(question["rows"], validate=True)
        rows = msgspec.msgpack.decode(raw, type=tuple[ProfileNow, ...])
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    parts = core.parts
    taken = await parts.people.take_profiles(signed_of(parts.journal.place.site, rows))
    return {"ok": True, "taken": taken}


async def digests(core: "Core", _question: dict[str, Any]) -> dict[str, Any]:
    """Of the projections as they are after what was applied last, bucket by bucket; empty while a long journal is
    still being replayed. `events` is how far the journal was then."""
    told = core.sync.neighbourhood.digests() or {}
    events = core.parts.journal.event_count
    return {"ok": True, "events": events, "digests": {bucket: digest.hex() for bucket, digest in told.items()}}


async def note(core: "Core", question: dict[str, Any]) -> dict[str, Any]:
    """Write down that events left or came in. Raises ValueError, Refused."""
    kind = _NOTES[question["fact"]]
    try:
        fact = msgspec.convert(question["fields"], kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
    await core.parts.journal.append([fact], SYSTEM)
    return {"ok": True}


OPS: dict[str, Callable[["Core", dict[str, Any]], Awaitable[dict[str, Any]]]] = {
    "take": take,
    "note": note,
    "digests": digests,
    "profiles": profiles,
}
