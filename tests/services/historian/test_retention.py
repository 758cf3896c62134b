"""What is too old goes, what has no room goes in the declared order, and nothing else does."""

import asyncio
from uuid import UUID

import pytest

from console.domain.history.settings import LEVELS_S, RAW, HistorySettings, RetentionClass
from console.services.historian.alive import alive_us, put_alive
from console.services.historian.retention import Cut, Retention, class_names, measure, purge_slice
from console.services.historian.store import open_history_db
from console.services.storage.direct import direct

DAY_US = 86_400_000_000
NOW_US = 20_000 * DAY_US
CHUNK, ROLLUPS = 1_000, (1_000, 100, 10, 1)  # bytes of a day


@pytest.fixture
def store(tmp_path):
    store = open_history_db(tmp_path / "history.db")
    yield store
    store.close()


def run(store, function):
    async def ask():
        return await store.database.writer.write(function)

    return asyncio.run(ask())


def fill(store, key, name, days):
    """A tag with one chunk and one row of each rollup a day, for the last `days`."""

    def write(connection):
        values = (key, UUID(int=key).bytes, name)
        direct(connection, "INSERT INTO tag (key, tag_id, kind, class, unit) VALUES (?, ?, 10, ?, '')", values)
        for day in range(days):
            first_us = NOW_US - (day + 1) * DAY_US
            last_us = first_us + DAY_US - 1
            direct(
                connection,
                "INSERT INTO chunk (key, first_us, last_us, n, block) VALUES (?, ?, ?, 10, zeroblob(?))",
                (key, first_us, last_us, CHUNK),
            )
            for level, level_s in enumerate(LEVELS_S):
                width_us = level_s * 1_000_000
                direct(
                    connection,
                    "INSERT INTO rollup (key, level, first_k, last_k, n, block) VALUES (?, ?, ?, ?, 5, zeroblob(?))",
                    (key, level, first_us // width_us, last_us // width_us, ROLLUPS[level]),
                )
        direct(
            connection,
            "INSERT INTO seal (key, seq, held, version, samples, raw_bytes, rollup_bytes, young)"
            " VALUES (?, 0, x'', 7, ?, ?, ?, x'')",
            (key, 10 * days, CHUNK * days, sum(ROLLUPS) * days),
        )

    run(store, write)


def days_left(store, key=1):
    """Days that are there, samples first, then each rollup."""

    def read(connection):
        raw = direct(connection, "SELECT count(*) FROM chunk WHERE key = ?", (key,)).fetchone()[0]
        counted = "SELECT count(*) FROM rollup WHERE key = ? AND level = ?"
        return [raw, *(direct(connection, counted, (key, level)).fetchone()[0] for level in range(4))]

    return run(store, read)


def look(store, *classes, free=1 << 40):
    retention = Retention(store, HistorySettings(classes), lambda: NOW_US, free=lambda: free)
    return asyncio.run(retention.look())


def test_each_level_goes_when_its_days_are_over_and_not_before(store):
    fill(store, 1, "standard", 60)
    look(store, RetentionClass("standard", 10, (20, 30, 40, 50)))
    raw, *rollups = days_left(store)
    assert raw == 10
    assert [round(days) for days in rollups] == pytest.approx([20, 30, 40, 50], abs=1)


def test_each_tag_goes_by_its_class_and_one_of_a_forgotten_class_by_the_standard(store):
    for key, name in ((1, "standard"), (2, "short"), (3, "forgotten")):
        fill(store, key, name, 30)
    look(store, RetentionClass("standard", 20), RetentionClass("short", 5))
    assert [days_left(store, key)[0] for key in (1, 2, 3)] == [20, 5, 20]


def test_what_went_is_told_in_the_row_of_the_tag(store):
    fill(store, 1, "standard", 30)
    look(store, RetentionClass("standard", 10, (20, 100, 100, 100)))

    def read(connection):
        names = "samples, raw_bytes, rollup_bytes, raw_from_us, version"
        return direct(connection, f"SELECT {names} FROM seal WHERE key = 1").fetchone()

    samples, raw_bytes, rollup_bytes, raw_from_us, version = run(store, read)
    assert (samples, raw_bytes) == (100, 10 * CHUNK)
    assert rollup_bytes == sum(days * size for days, size in zip(days_left(store)[1:], ROLLUPS, strict=True))
    assert raw_from_us == NOW_US - 10 * DAY_US
    assert version > 7


def test_a_class_over_its_budget_loses_its_oldest_samples_first_and_the_others_nothing(store):
    fill(store, 1, "rich", 100)
    fill(store, 2, "standard", 100)
    rich = RetentionClass("rich", 200, (300, 300, 300, 300), budget_mb=0.17)  # it holds 211 kB
    look(store, RetentionClass("standard", 200, (300, 300, 300, 300)), rich)
    raw, *rollups = days_left(store)
    assert 55 <= raw <= 61
    assert rollups == [100] * 4
    assert days_left(store, 2) == [100] * 5


def test_when_the_samples_are_not_enough_the_finest_rollups_follow_and_a_floor_stays(store):
    fill(store, 1, "standard", 100)
    for _ in range(5):  # how the bytes of rollups are shared out is an estimate: each look comes nearer
        look(store, RetentionClass("standard", 200, (300, 300, 300, 300), budget_mb=0.009))
    raw, ten, hundred, *coarse = days_left(store)
    assert raw == 1
    assert ten == pytest.approx(2, abs=1)
    assert hundred < 100
    assert coarse == [100, 100]


def test_a_full_disk_takes_the_samples_of_the_most_generous_class(store):
    fill(store, 1, "rich", 50)
    fill(store, 2, "standard", 20)
    look(
        store,
        RetentionClass("standard", 100, (300, 300, 300, 300)),
        RetentionClass("rich", 200, (300, 300, 300, 300)),
        free=1 << 20,
    )
    assert days_left(store, 1)[0] == 1
    assert days_left(store, 2)[0] == 1  # 64 MB are asked for and these few kilobytes are all there is


def test_room_and_growth_are_measured_by_class(store):
    fill(store, 1, "standard", 10)
    fill(store, 2, "short", 5)
    settings = HistorySettings((RetentionClass("standard"), RetentionClass("short")))
    room = run(store, lambda connection: measure(connection, settings, NOW_US))
    sizes = {(one.class_name, one.level_s): one.size for one in room.levels}
    assert sizes["standard", RAW] == 10 * CHUNK
    assert sum(sizes["standard", level_s] for level_s in LEVELS_S) == pytest.approx(10 * sum(ROLLUPS), abs=4)
    assert [sizes["standard", level_s] for level_s in LEVELS_S] == pytest.approx([10_000, 1_000, 100, 10], rel=0.01)
    raw = next(one for one in room.of("short") if one.level_s == RAW)
    assert raw.per_day == pytest.approx(CHUNK)
    assert room.file_size > 0


def test_a_slice_ends_in_time_and_the_next_goes_on_where_it_ended(store):
    for key in range(1, 8):
        fill(store, key, "standard", 3)
    cut = Cut(("standard",), RAW, NOW_US)
    ticks = iter(range(1_000))
    first = run(store, lambda connection: purge_slice(connection, cut, 0, 2.5, lambda: float(next(ticks))))
    assert first.next_key == 3
    assert (first.rows, first.nbytes) == (9, 9 * CHUNK)
    rest = run(store, lambda connection: purge_slice(connection, cut, first.next_key, 60))
    assert rest.next_key is None
    assert [days_left(store, key)[0] for key in range(1, 8)] == [0] * 7


def test_names_of_classes_in_the_file_are_told_by_class_of_the_site(store):
    fill(store, 1, "gone", 1)
    fill(store, 2, "short", 1)
    settings = HistorySettings((RetentionClass("standard"), RetentionClass("short")))
    found = run(store, lambda connection: class_names(connection, settings))
    assert found == {"standard": ("gone",), "short": ("short",)}


def test_a_new_file_was_never_looked_at_and_an_old_one_until_it_was_told(store):
    assert run(store, alive_us) == 0
    run(store, lambda connection: put_alive(connection, 5))
    run(store, lambda connection: put_alive(connection, 9))
    assert run(store, alive_us) == 9
