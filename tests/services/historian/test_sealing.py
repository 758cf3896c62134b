"""Sealing: few and large rows in the end, exact integers, and no work written on what has changed meanwhile."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from console.services.historian import chunks, plain_rollups, rollup_rows
from console.services.historian.compaction import open_part, plan_tags, share_out, write_tags
from console.services.historian.damage import known_estimates
from console.services.historian.direct_history import DirectHistory
from console.services.historian.history_read import TagReader, read_raw, read_rollups
from console.services.historian.number_codec import DamagedChunk
from console.services.historian.plain_rollups import pack_row, unpack_row
from console.services.historian.rollup_columns import LEVELS_US
from console.services.historian.rollups import roll
from console.services.historian.samples import SampleBlock
from console.services.historian.tail import part_of

S = 1_000_000
KEY = 5


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DirectHistory]:
    made = DirectHistory(tmp_path / "history.db", synchronous="OFF")
    yield made
    made.close()


def block(at_us: np.ndarray, exact: dict[int, int] | None = None) -> SampleBlock:
    value = np.round(np.sin(np.arange(at_us.size) / 50) * 40, 2)
    key, quality = np.full(at_us.size, KEY, np.uint32), np.zeros(at_us.size, np.uint8)
    return SampleBlock(key, at_us.astype(np.int64), value, quality, exact or {})


def rows_of(store: DirectHistory, table: str, where: str = "1") -> list[int]:
    """How many samples or buckets each row holds, the oldest first."""
    sql = f"SELECT n FROM {table} WHERE {where} ORDER BY first_{'us' if table == 'chunk' else 'k'}"
    return store.read(lambda connection: list(connection.exec_driver_sql(sql).scalars()))


def test_two_years_stand_in_few_large_rows_of_each_level_and_say_what_all_samples_say(store: DirectHistory) -> None:
    whole = block(np.arange(2 * 365 * 86400 // 5000) * 5000 * S)
    for start in range(0, len(whole), 300):
        rows = slice(start, start + 300)
        store.load(SampleBlock(whole.key[rows], whole.at_us[rows], whole.value[rows], whole.quality[rows]))
    newest = int(whole.at_us[-1])
    for level, width_us in enumerate(LEVELS_US):
        sizes = rows_of(store, "rollup", f"level = {level}")
        assert all(size >= rollup_rows.FULL for size in sizes[:-1])
        assert len(sizes) <= len(whole) // rollup_rows.FULL + 1
        got = store.read(partial(read_rollups, key=KEY, level=level, from_us=0, to_us=newest + 1))
        wanted = roll(whole.at_us, whole.value, whole.quality, width_us, None, newest)
        assert got.k.tolist() == wanted.k.tolist()
        assert got.sum.tolist() == wanted.sum.tolist()
        np.testing.assert_allclose(got.integral, wanted.integral)
    sizes = rows_of(store, "chunk")
    assert all(chunks.FULL <= size <= chunks.MOST for size in sizes[:-1])


def test_small_chunks_are_merged_until_they_are_full(store: DirectHistory) -> None:
    for start in range(0, 10_000, 1_000):
        store.append([block((np.arange(1_000) + start) * S)])
        store.compact(0, is_all=True)
    sizes = rows_of(store, "chunk")
    assert sum(sizes) == 10_000
    assert len(sizes) <= 10_000 // chunks.FULL + 1


def test_integers_beyond_a_float_come_back_exactly_when_sealed(store: DirectHistory) -> None:
    exact = {0: 2**64 - 1, 3: 2**53 + 1}
    store.append([block(np.arange(5) * S, exact)])
    store.compact(0, is_all=True)
    assert rows_of(store, "chunk") == [5]
    assert store.read(lambda connection: read_raw(connection, KEY, 0, 9 * S).exact) == exact
    assert store.read(lambda connection: read_raw(connection, KEY, 2 * S, 9 * S).exact) == {1: 2**53 + 1}


def test_what_was_prepared_is_not_written_when_the_tag_was_purged_meanwhile(store: DirectHistory) -> None:
    store.append([block(np.arange(50) * S)])
    store.compact(0, is_all=True)
    store.append([block(np.arange(50, 80) * S)])
    with store.connection.begin():
        share_out(store.connection)
    work = store.read(lambda connection: open_part(connection, part_of(KEY)))
    plans = store.read(lambda connection: plan_tags(connection, work))
    with store.connection.begin():
        store.connection.exec_driver_sql("DELETE FROM chunk")
        store.connection.exec_driver_sql("UPDATE seal SET version = version + 1, raw_from_us = 50000000")
    with store.connection.begin():
        assert not write_tags(store.connection, plans)
    store.compact(0, is_all=True)
    raw = store.read(lambda connection: read_raw(connection, KEY, 0, 99 * S))
    assert raw.at_us.tolist() == [second * S for second in range(50, 80)]
    counts = store.read(lambda connection: read_rollups(connection, KEY, 0, 0, 99 * S)).count
    assert counts.sum() == 80, "the buckets of what was purged stay"


def test_a_sample_older_than_what_is_kept_counts_in_its_bucket_and_is_told_as_an_estimate(
    store: DirectHistory,
) -> None:
    store.append([block(np.arange(30) * 1000 * S)])
    store.compact(0, is_all=True)
    with store.connection.begin():
        store.connection.exec_driver_sql("DELETE FROM chunk")
        store.connection.exec_driver_sql("UPDATE seal SET version = version + 1, raw_from_us = 29000000001")
    before = store.read(lambda connection: read_rollups(connection, KEY, 3, 0, 30_000 * S))
    late = SampleBlock(np.array([KEY], np.uint32), np.array([12_500 * S]), np.array([1000.0]), np.zeros(1, np.uint8))
    store.append([late])
    store.compact(0, is_all=True)
    after = store.read(lambda connection: read_rollups(connection, KEY, 3, 0, 30_000 * S))
    assert (after.count - before.count).tolist() == [0, 1, 0]
    assert after.max.tolist() == [before.max[0], 1000.0, before.max[2]]
    assert (after.sum - before.sum).tolist() == [0.0, 1000.0, 0.0]
    assert after.integral.tolist() == before.integral.tolist()
    assert store.read(lambda connection: len(read_raw(connection, KEY, 0, 30_000 * S))) == 0
    told = store.read(lambda connection: known_estimates(connection, KEY, 0, 30_000 * S))
    assert told == ((10_000 * S, 20_000 * S),)


def test_one_reader_of_a_tag_answers_like_single_questions(store: DirectHistory) -> None:
    store.append([block(np.arange(100) * S)])
    store.compact(0, is_all=True)
    store.append([block(np.arange(90, 130) * S)])  # some late, some new

    def both(connection: object) -> None:
        reader = TagReader(connection, KEY)  # type: ignore[arg-type]
        assert reader.held_before(1 << 60) == TagReader(connection, KEY).held_before(130 * S)  # type: ignore[arg-type]
        for span in ((0, 50 * S), (0, 200 * S), (95 * S, 120 * S)):
            single = read_raw(connection, KEY, *span)  # type: ignore[arg-type]
            assert reader.raw(*span).value.tolist() == single.value.tolist()
            for level in range(4):
                alone = read_rollups(connection, KEY, level, *span)  # type: ignore[arg-type]
                assert reader.rollups(level, *span).sum.tolist() == alone.sum.tolist()

    store.read(both)


def test_buckets_of_many_samples_stand_as_plain_columns_and_a_flipped_bit_in_them_is_found() -> None:
    at = np.arange(40_000, dtype=np.int64) * S
    whole = roll(at, np.sin(at / 1e9), np.zeros(at.size, np.uint8), LEVELS_US[2], None, int(at[-1]))
    packed = pack_row(whole)
    assert packed[0] == plain_rollups.FORMAT
    assert pack_row(roll(at, at / 1e9, np.zeros(at.size, np.uint8), LEVELS_US[0], None, 0))[0] != plain_rollups.FORMAT
    for name, column in unpack_row(packed).present().items():
        np.testing.assert_array_equal(column, getattr(whole, name))
    some = unpack_row(packed, ("min", "tail"))
    assert set(some.present()) == {"k", "min", "tail"}
    for place in range(1, len(packed), 7):
        spoiled = bytearray(packed)
        spoiled[place] ^= 1
        with pytest.raises(DamagedChunk):
            unpack_row(bytes(spoiled))
    for size in (1, 40, 90, len(packed) - 1):
        with pytest.raises(DamagedChunk):
            unpack_row(packed[:size])
