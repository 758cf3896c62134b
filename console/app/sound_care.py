"""Writes down whether alarms could be heard at this workstation: at the start, at each shift, when a person asks."""

from typing import TYPE_CHECKING

from console.domain.refusal import Refused
from console.domain.station_facts import SoundChecked
from console.services.journal.entries import SYSTEM

if TYPE_CHECKING:
    from console.app.bootstrap import Core


async def note_check(core: "Core", why: str, problem: str) -> None:
    """`why` is start, shift or test; `problem` is empty when everything was played. A journal that takes nothing now
    (a full disk) has its own alarm: the check is not repeated for it."""
    sign_on = core.people.sign_on
    session = sign_on.current if why == "test" else None
    actor = sign_on.actor(session) if session is not None else SYSTEM
    try:
        await core.parts.journal.append([SoundChecked(core.settings.station_id, why, not problem, problem)], actor)
    except Refused:
        return
