"""What the door does for archiving: tells the journal of sealed files, and takes out what is finished, step by step."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.services.archiving import Archiving
from console.services.journal.event_table import Tip

if TYPE_CHECKING:
    from console.app.door import Core


def archiving_of(core: "Core") -> Archiving:
    journal, database = core.parts.journal, core.journal_db
    kept = core.parts.engine.acknowledging.kept
    return Archiving(journal, journal.holdings, database.writer, database.readers, kept, core.settings.station_id)


async def note(core: "Core", question: dict[str, Any]) -> dict[str, Any]:
    """A file was sealed and proven. Raises Refused, ValueError."""
    manifest, sig = bytes.fromhex(question["manifest"]), bytes.fromhex(question["sig"])
    await archiving_of(core).note(manifest, sig, str(question["uri"]))
    return {"ok": True}


async def prune(core: "Core", question: dict[str, Any]) -> dict[str, Any]:
    """One step behind row `after`; `next` is where to go on, 0 when all is done. Raises Refused, ValueError."""
    held, alive = question["held"], question["alive"]
    step = await archiving_of(core).prune(
        int(question["before_us"]),
        None if held is None else [Tip(UUID(one[0]), int(one[1]), bytes.fromhex(one[2])) for one in held],
        None if alive is None else [UUID(one) for one in alive],
        int(question["after"]),
    )
    return {"ok": True, "events": step.events, "next": step.next_rid, "of": step.of_rid}


async def told(core: "Core", question: dict[str, Any]) -> dict[str, Any]:
    """Pruning is over. Raises Refused."""
    await archiving_of(core).told(int(question["before_us"]), int(question["events"]), str(question["held_by"]))
    return {"ok": True}


OPS: dict[str, Callable[["Core", dict[str, Any]], Awaitable[dict[str, Any]]]] = {
    "archive-note": note,
    "archive-prune": prune,
    "archive-told": told,
}
