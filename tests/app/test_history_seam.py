"""The history's room tells the ring what is on disk, so that a question counts no sample twice and misses none."""

from pathlib import Path

from console.domain.tags import Tag
from console.services.historian.live_ring import LiveRing
from console.services.station import AggregateQuery, RawQuery
from tests.app.test_history_room import Running, story
from tests.support.story_site import make_site, make_station

END = 1 << 61


def stored_rows(ring: LiveRing, tag: Tag) -> int:
    return ring.query_snapshot((tag.tag_id,))[0].stored_rows


def test_what_is_written_is_asked_from_disk_and_the_rest_from_memory(tmp_path: Path) -> None:
    async def ask(running: Running) -> None:
        core = running.core
        ring = core.parts.ring

        async def asked(tag: Tag) -> list[float]:
            (raw,) = await core.station.query(RawQuery((tag.tag_id,), 0, END))
            (figures,) = await core.station.query(AggregateQuery((tag.tag_id,), 0, END))
            assert figures.count[0] == len(raw.value)
            values: list[float] = raw.value.tolist()
            return values

        tag = running.hear(1.0)
        assert core.history.store is None
        assert await asked(tag) == [1.0]
        await core.history.opened.wait()
        assert await asked(tag) == [1.0]
        await core.history.recorder.tick()
        assert stored_rows(ring, tag) == ring.arrived == 1
        running.hear(2.0)
        assert await asked(tag) == [1.0, 2.0]
        await core.history.recorder.tick()
        assert stored_rows(ring, tag) == ring.arrived == 2
        assert await running.samples(tag) == await asked(tag) == [1.0, 2.0]

    story(make_station(make_site(tmp_path), "one", "K1", ()), ask)
