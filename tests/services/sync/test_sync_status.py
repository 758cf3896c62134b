"""What the station says is set apart: the newest doubts, and nothing that was taken after all."""

import asyncio
from dataclasses import replace
from pathlib import Path

from console.services.sync.sync_status import SHOWN, Look
from tests.support.journals import note, started


def test_an_event_that_was_rejected_and_came_sound_is_no_longer_set_apart(tmp_path: Path) -> None:
    async def story() -> None:
        a, b = await started(tmp_path, "A1", "B2")
        await a.act(note("one"))
        opening, one = await a.all_events()
        await b.log.receive([opening, replace(one, sig=bytes(64))], "a")
        look = await b.database.readers.read(Look)
        assert [(found.flag, found.seq) for found in look.quarantined] == [("rejected", 2)]
        await b.log.receive([one], "a")
        assert (await b.database.readers.read(Look)).quarantined == ()
        a.close()
        b.close()

    asyncio.run(story())


def test_of_many_doubts_the_newest_are_shown(tmp_path: Path) -> None:
    async def story() -> None:
        (a,) = await started(tmp_path, "A1")
        made = [entry for n in range(4) for entry in await a.act(*(note(f"{n} {i}") for i in range(150)))]
        for entry in made:
            a.clock.now_us += 1
            await a.log.flag(entry.hash, "clock_suspect")
        await a.log.clear_flag(made[-1].hash, "clock_suspect", b"")
        found = (await a.database.readers.read(Look)).quarantined
        assert [one.hash for one in found] == [entry.hash.hex() for entry in reversed(made[-SHOWN - 1 : -1])]
        assert {one.etype for one in found} == {"incident.noted"}
        a.close()

    asyncio.run(story())
