"""A copied data folder is seen by both consoles that run on a copy."""

import asyncio
from pathlib import Path

from console.services.journal.entries import Entry
from console.services.journal.envelope import RawEvent
from console.services.journal.twin_watch import CALM_US, TwinWatch
from tests.support.journals import StationJournal, note


def _raws(station: StationJournal) -> list[RawEvent]:
    return [RawEvent(entry.hash, entry.body, entry.sig) for entry in station.seen]


def test_both_copies_of_a_folder_suspect_each_other_and_calm_down(tmp_path: Path) -> None:
    async def story() -> None:
        first = await StationJournal(tmp_path / "A1", "A1").start()
        first.close()
        for name in ("journal.db", "keys/station.pem"):
            target = tmp_path / "copy" / "A1" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((tmp_path / "A1" / name).read_bytes())
        original = await StationJournal(tmp_path / "A1", "A1").start()
        copy = await StationJournal(tmp_path / "copy" / "A1", "A1").start()
        watches = {}
        for station in (original, copy):
            watch = watches[station] = TwinWatch()

            def see(entries: tuple[Entry, ...], watch: TwinWatch = watch) -> None:
                watch.on_entries(entries, 1_000)

            station.log.entries.subscribe(see)
        await original.act(note("at the original"))
        await copy.act(note("at the copy"))
        assert not any(watch.is_suspected(1_000) for watch in watches.values())
        await original.log.receive(_raws(copy), "peer")
        await original.act(note("goes on in a new stream"))
        await copy.log.receive(_raws(original), "peer")
        for watch in watches.values():
            assert watch.is_suspected(2_000)
            assert watch.is_suspected(500)  # a clock that was set back
            assert not watch.is_suspected(1_000 + CALM_US + 1)
        assert (original.log.forks, copy.log.forks) == (1, 1)
        original.close()
        copy.close()
        again = await StationJournal(tmp_path / "A1", "A1").start()
        await again.log.replay(lambda _entries: None)
        forks = again.log.forks
        again.close()
        assert forks == 1

    asyncio.run(story())
