"""A flipped bit, a torn page, a file that is no database any more: sound samples stay, what is lost is told."""

import asyncio
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy.engine import Connection

from console.domain.values import ValueType
from console.services.historian.damage import Damage, known_damage
from console.services.historian.direct_history import DirectHistory
from console.services.historian.history_read import held_before, read_raw, read_rollups
from console.services.historian.history_schema import RAW
from console.services.historian.repair import repair
from console.services.historian.samples import SampleBlock
from console.services.historian.store import HistoryStore, open_history_db
from console.services.historian.text_codes import texts_of
from console.services.storage.failures import DamagedDatabase
from console.services.storage.schema import set_aside
from tests.support.small_rows import small_rows

S = 1_000_000
KEY = 1
SAMPLES = 400
END = SAMPLES * S * 4


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DirectHistory]:
    """One tag, 400 samples 3 s apart in many small rows, the last few in the tail."""
    with small_rows():
        made = DirectHistory(tmp_path / "history.db", synchronous="OFF")
        for start in range(0, SAMPLES, 20):
            if start == SAMPLES - 20:
                made.compact(0, is_all=True)
            made.append([block(start, start + 20)])
        yield made
        made.close()


def block(start: int, stop: int) -> SampleBlock:
    number = np.arange(start, stop)
    return SampleBlock(
        np.full(number.size, KEY, np.uint32), number * 3 * S, number / 4, np.zeros(number.size, np.uint8)
    )


def spoil(store: DirectHistory, table: str, where: str, column: str = "block") -> None:
    """Flip one bit of a row's bytes."""
    with store.connection.begin():
        sql = f"SELECT rowid, {column} FROM {table} WHERE {where} LIMIT 1"
        row, data = store.connection.exec_driver_sql(sql).one()
        spoiled = bytearray(data)
        spoiled[len(spoiled) // 2] ^= 4
        store.connection.exec_driver_sql(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (bytes(spoiled), row))


def ask(store: DirectHistory, function: Callable[..., object], *more: object) -> object:
    return store.read(lambda connection: function(connection, KEY, *more))


def raw_of(store: DirectHistory, damage: Damage | None = None) -> list[float]:
    return store.read(lambda connection: read_raw(connection, KEY, 0, END, None, damage)).value.tolist()


def sums_of(store: DirectHistory, level: int) -> dict[int, float]:
    found = store.read(lambda connection: read_rollups(connection, KEY, level, 0, END))
    return dict(zip(found.k.tolist(), found.sum.tolist(), strict=True))


def test_a_damaged_chunk_is_passed_over_and_told_and_the_buckets_of_its_time_stay(store: DirectHistory) -> None:
    whole, buckets = raw_of(store), sums_of(store, 0)
    spoil(store, "chunk", "first_us > 300000000")
    damage = Damage()
    found = raw_of(store, damage)
    (lost,) = damage.spans()
    assert (lost.key, lost.level) == (KEY, RAW)
    assert lost.samples == len(whole) - len(found) > 0
    assert [value for value in whole if not lost.from_us <= value * 12 * S <= lost.to_us] == found
    assert sums_of(store, 0) == buckets


def test_repair_takes_a_damaged_chunk_out_keeps_all_others_and_remembers_which_time_is_lost(
    store: DirectHistory,
) -> None:
    spoil(store, "chunk", "first_us > 300000000")
    before, buckets = raw_of(store), sums_of(store, 1)
    found = store.read(repair)
    assert [span.level for span in found.lost] == [RAW]
    damage = Damage()
    assert raw_of(store, damage) == before
    assert not damage
    (lost,) = found.lost
    assert store.read(lambda connection: known_damage(connection, KEY, lost.from_us, lost.from_us + 1)) == (lost,)
    assert store.read(lambda connection: known_damage(connection, KEY, 0, S)) == ()
    assert sums_of(store, 1) == buckets
    assert store.read(repair).lost == []


@pytest.mark.parametrize("level", [0, 1])
def test_damaged_buckets_are_made_anew_from_what_is_finer(store: DirectHistory, level: int) -> None:
    wanted = [sums_of(store, every) for every in range(4)]
    spoil(store, "rollup", f"level = {level}")
    damage = Damage()
    store.read(lambda connection: read_rollups(connection, KEY, level, 0, END, None, None, damage))
    assert [span.level for span in damage.spans()] == [level]
    found = store.read(repair)
    assert (found.anew, found.lost) == (1, [])
    assert [sums_of(store, every) for every in range(4)] == wanted


def test_damaged_newest_buckets_are_made_anew_at_the_next_sealing(store: DirectHistory) -> None:
    wanted = [sums_of(store, every) for every in range(4)]
    spoil(store, "seal", "key = 1", "young")
    assert sums_of(store, 0) != wanted[0]
    store.compact(0, is_all=True)
    assert [sums_of(store, every) for every in range(4)] == wanted


def test_a_damaged_row_of_the_tail_costs_its_samples_alone(store: DirectHistory) -> None:
    whole = raw_of(store)
    spoil(store, "tail", "n > 0")
    damage = Damage()
    found = raw_of(store, damage)
    assert len(whole) - len(found) == damage.spans()[0].samples
    store.compact(0, is_all=True)
    assert raw_of(store) == found
    assert store.read(lambda connection: known_damage(connection, KEY, 0, END)) == damage.spans()


def test_what_held_is_found_behind_a_damaged_chunk(store: DirectHistory) -> None:
    spoil(store, "chunk", "first_us > 300000000")
    damage = Damage()
    raw_of(store, damage)
    (lost,) = damage.spans()
    held = store.read(lambda connection: held_before(connection, KEY, lost.to_us))
    assert held is not None
    assert held.at_us < lost.from_us


def make(path: Path) -> None:
    async def go() -> None:
        made = open_history_db(path)
        key = made.key_of(UUID(int=7), ValueType.DOUBLE, "fast", "bar")
        text = made.key_of(UUID(int=8), ValueType.STRING)
        assert key == KEY
        for start in range(0, SAMPLES, 20):
            await made.append([block(start, start + 20)])
        words = SampleBlock(
            np.full(2, text, np.uint32), np.array([1, 2]) * S, np.full(2, np.nan), np.zeros(2, np.uint8), {}, {0: "on"}
        )
        await made.append([words])
        while await made.compact_some(9, 0, is_all=True):
            pass
        await made.append([block(SAMPLES, SAMPLES + 20)])
        made.close()

    with small_rows():
        asyncio.run(go())


@pytest.mark.parametrize("kind", ["no header", "torn pages", "cut off"])
def test_a_file_that_is_no_database_any_more_is_set_aside_and_what_it_holds_comes_back(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "history.db"
    make(path)
    tear(path, kind)
    seen: list[int] = []

    async def again() -> None:
        with pytest.raises(DamagedDatabase):
            open_history_db(path)
        set_aside(path)
        store = open_history_db(path)
        try:
            await store.append([newer(store)])
            salvaged = await store.take_in_damaged()
            assert salvaged is not None
            assert await store.take_in_damaged() is None
            seen.append(await store.database.readers.read(lambda connection: check(connection, store)))
        finally:
            store.close()

    with small_rows():
        asyncio.run(again())
    assert seen[0] == SAMPLES + 20 if kind == "no header" else seen[0] > 0


def newer(store: HistoryStore) -> SampleBlock:
    """What is recorded before anything was salvaged, under a key of the new file."""
    store.key_of(UUID(int=99), ValueType.DOUBLE)
    key = store.key_of(UUID(int=7), ValueType.DOUBLE, "fast", "bar")
    return SampleBlock(np.array([key], np.uint32), np.array([END]), np.array([-1.0]), np.zeros(1, np.uint8))


def check(connection: Connection, store: HistoryStore) -> int:
    """Old samples found; all right, each once, buckets and texts as well."""
    tag = store.find(UUID(int=7))
    assert tag is not None
    raw = read_raw(connection, tag.key, 0, END)
    assert (raw.value * 12 * S == raw.at_us).all()
    assert (np.diff(raw.at_us) > 0).all()
    rolled = read_rollups(connection, tag.key, 0, 0, END)
    assert rolled.count.sum() >= len(raw)
    assert read_raw(connection, tag.key, END, END + 1).value.tolist() == [-1.0]
    if (words := store.find(UUID(int=8))) is not None and len(raw) == SAMPLES + 20:
        texts = texts_of(connection, words.key)
        value = read_raw(connection, words.key, 0, END).value
        assert (texts[int(value[0])], np.isnan(value[1])) == ("on", True)
    return len(raw)


def tear(path: Path, kind: str) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        if kind == "no header":
            file.write(bytes(100))
        elif kind == "torn pages":
            chance = random.Random(3)
            for page in chance.sample(range(1, size // 4096), size // 4096 // 6):
                file.seek(page * 4096)
                file.write(chance.randbytes(4096))
        else:
            file.truncate(size // 4096 // 2 * 4096)
