"""After samples have gone their rollups still say what they said, and sealing goes on over what is left."""

import asyncio
from uuid import UUID

import numpy as np
import pytest

from console.domain.history.settings import HistorySettings, RetentionClass
from console.domain.values import ValueType
from console.services.historian.history_read import read_raw, read_rollups
from console.services.historian.retention import Cut, Retention, purge_slice
from console.services.historian.samples import SampleBlock
from console.services.historian.store import HistoryStore, open_history_db

MINUTE_US, DAY_US = 60_000_000, 86_400_000_000
DAYS = 20
START_US = 19_000 * DAY_US
END_US = START_US + DAYS * DAY_US
EVER = (START_US, END_US + DAY_US)
KEEPS = HistorySettings((RetentionClass("standard", 5, (10, 100, 100, 100)),))


def block(store: HistoryStore, first_us: int, count: int) -> SampleBlock:
    key = store.key_of(UUID(int=3), ValueType.DOUBLE, "standard")
    at_us = first_us + np.arange(count, dtype=np.int64) * MINUTE_US
    value = np.round(50 + 40 * np.sin(at_us / DAY_US) + (at_us // MINUTE_US) % 7, 2)
    return SampleBlock(np.full(count, key, np.uint32), at_us, value, np.zeros(count, np.uint8))


async def seal(store: HistoryStore) -> None:
    while await store.compact_some(1.0, END_US, is_all=True):
        pass


async def rolled(store: HistoryStore, level: int) -> dict[str, np.ndarray]:
    columns = await store.database.readers.read(lambda c: read_rollups(c, 1, level, *EVER))
    return columns.present()


async def raw(store: HistoryStore) -> SampleBlock:
    return await store.database.readers.read(lambda c: read_raw(c, 1, *EVER))


@pytest.fixture
def store(tmp_path):
    store = open_history_db(tmp_path / "history.db")
    yield store
    store.close()


def test_rollups_say_the_same_after_their_samples_have_gone(store):
    async def story():
        await store.append([block(store, START_US, DAYS * 1_440)])
        await seal(store)
        before = [await rolled(store, level) for level in range(4)]
        await Retention(store, KEEPS, lambda: END_US, free=lambda: 1 << 40).look()
        kept = await raw(store)
        assert END_US - 5 * DAY_US - kept.at_us[0] < 6 * DAY_US  # whole chunks
        assert kept.at_us[0] > START_US
        assert (await rolled(store, 0))["k"][0] > before[0]["k"][0]
        for level in (1, 2, 3):
            after = await rolled(store, level)
            for name, column in before[level].items():
                np.testing.assert_array_equal(after[name], column, err_msg=name)

    asyncio.run(story())


def test_what_comes_afterwards_is_sealed_behind_what_was_left(store):
    async def story():
        await store.append([block(store, START_US, DAYS * 1_440)])
        await seal(store)
        await Retention(store, KEEPS, lambda: END_US, free=lambda: 1 << 40).look()
        kept = await raw(store)
        await store.append([block(store, END_US, 600)])
        await seal(store)
        both = await raw(store)
        assert len(both) == len(kept) + 600
        columns = await rolled(store, 3)
        assert columns["count"].sum() == DAYS * 1_440 + 600

    asyncio.run(story())


def test_a_tag_that_is_purged_while_it_is_being_sealed_loses_nothing_new(store):
    async def story():
        await store.append([block(store, START_US, DAYS * 1_440)])
        await seal(store)
        await store.append([block(store, END_US, 600)])
        opened = 0
        while store._work is None:  # the partition is open, nothing of it is planned yet
            await store.compact_some(0.0, END_US, is_all=True)
            opened += 1
            assert opened < 10
        cut = Cut(("standard",), 0, END_US - 5 * DAY_US)
        gone = await store.database.writer.write(lambda c: purge_slice(c, cut))
        assert gone.rows
        await seal(store)
        newest = (await raw(store)).at_us
        assert len(newest[newest >= END_US]) == 600
        assert len(np.unique(newest)) == len(newest)
        assert (await rolled(store, 3))["count"].sum() == DAYS * 1_440 + 600

    asyncio.run(story())


def test_a_late_sample_of_a_purged_time_is_kept_and_counted_once(store):
    async def story():
        await store.append([block(store, START_US, DAYS * 1_440)])
        await seal(store)
        await Retention(store, KEEPS, lambda: END_US, free=lambda: 1 << 40).look()
        late = block(store, START_US + MINUTE_US // 2, 1)
        await store.append([late])
        await seal(store)
        assert (await rolled(store, 3))["count"].sum() == DAYS * 1_440 + 1

    asyncio.run(story())
