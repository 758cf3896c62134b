"""Whatever comes in whichever order, and whenever it is sealed: the store says what a plain list of samples says."""

import contextlib
import math
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from console.services.historian.compaction import PartWork
from console.services.historian.damage import Damage
from console.services.historian.direct_history import DirectHistory
from console.services.historian.history_read import held_before, read_raw, read_rollups
from console.services.historian.retention import RAW, Cut, purge_slice
from console.services.historian.rollup_columns import COLUMNS, LEVELS_US, RollupColumns
from console.services.historian.rollups import roll
from console.services.historian.samples import SampleBlock
from console.services.historian.seals import load_seal
from tests.support.rollup_oracle import buckets
from tests.support.small_rows import small_rows

S = 1_000_000
KEYS = (1, 2, 257)  # 1 and 257 wait in one partition
END = 60_000 * S
Sample = tuple[int, int, float, int]  # key, stamp us, value, quality

stamps = st.one_of(
    st.integers(0, 120).map(lambda second: second * S),  # many in one bucket, many equal
    st.integers(0, 40_000).map(lambda second: second * S),
    st.integers(0, 2_000_000).map(lambda ten_ms: ten_ms * 10_000),
)
values = st.one_of(
    st.integers(-999, 999).map(lambda whole: whole / 10), st.sampled_from([math.nan, math.inf, 1e9, -0.0, 0.0])
)
samples = st.tuples(st.sampled_from(KEYS), stamps, values, st.sampled_from([0, 0, 0, 0, 1, 2, 3]))
appends = st.lists(samples, min_size=1, max_size=40)
series = st.builds(  # what a tag usually does: one sample after the other
    lambda key, start, step, numbers: [(key, (start + step * n) * S, float(v), 0) for n, v in enumerate(numbers)],
    st.sampled_from(KEYS), st.integers(0, 30_000), st.integers(1, 40), st.lists(st.integers(-50, 50), max_size=40),
)  # fmt: skip
actions = st.lists(
    st.one_of(
        appends,
        series,
        st.tuples(st.just("load"), appends),
        st.sampled_from(["seal", "seal one", "begin to seal", "reopen", "again"]),
    ),
    max_size=12,
)


class _Ended(Exception):
    """Here the process ends."""


@dataclass
class Model:
    """A plain list per tag; a sample that is there already is the same sample."""

    rows: dict[int, list[tuple[int, float, int]]] = field(default_factory=lambda: {key: [] for key in KEYS})
    seen: set[tuple[int, int, int, int]] = field(default_factory=set)

    def add(self, samples: list[Sample]) -> None:
        for key, at, value, quality in samples:
            identity = (key, at, int(np.float64(value).view(np.int64)), quality)
            if identity not in self.seen:
                self.seen.add(identity)
                self.rows[key].append((at, value, quality))

    def ordered(self, key: int) -> list[tuple[int, float, int]]:
        return sorted(self.rows[key], key=lambda row: row[0])


def block_of(samples: list[Sample]) -> SampleBlock:
    return SampleBlock(
        np.array([sample[0] for sample in samples], np.uint32),
        np.array([sample[1] for sample in samples], np.int64),
        np.array([sample[2] for sample in samples], np.float64),
        np.array([sample[3] for sample in samples], np.uint8),
    )


class Story:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.model = Model()
        self.last: list[Sample] = []
        self.store = DirectHistory(path, synchronous="OFF", slice_tags=1)

    def do(self, action: object) -> None:
        match action:
            case "seal":
                self.store.compact(0, is_all=True, part_most=30)
            case "seal one":
                self.store.compact(0, is_all=True, parts=1, part_most=30)
            case "begin to seal":
                self._break_off()
            case "reopen":
                self.store.close()
                self.store = DirectHistory(self.path, synchronous="OFF", slice_tags=1)
            case "again":
                self._append(self.last)
            case ("load", loaded):
                self.do("seal")  # what is loaded counts as older than what waits
                self.store.load(block_of(loaded))
                self.model.add(loaded)
            case list():
                self._append(action)

    def _append(self, samples: list[Sample]) -> None:
        self.last = samples
        if samples:
            self.store.append([block_of(samples)])
            self.model.add(samples)

    def _break_off(self) -> None:
        """The first tag of a partition is sealed, then the process ends."""

        def once(work: PartWork) -> None:
            if work.done:
                raise _Ended
            write(work)

        write, self.store._write_slice = self.store._write_slice, once  # type: ignore[method-assign]
        with contextlib.suppress(_Ended):
            self.store.compact(0, is_all=True, parts=1)
        self.do("reopen")

    def check(self) -> None:
        for key in KEYS:
            rows = self.model.ordered(key)
            damage = Damage()
            got = self.store.read(partial(read_raw, key=key, from_us=0, to_us=END, damage=damage))
            assert list(
                zip(got.at_us.tolist(), got.value.view(np.int64).tolist(), got.quality.tolist(), strict=True)
            ) == [(at, int(np.float64(value).view(np.int64)), quality) for at, value, quality in rows]
            for level in range(4):
                self.check_level(key, level, rows, damage)
            self.check_held(key, rows)
            assert not damage

    def check_level(self, key: int, level: int, rows: list[tuple[int, float, int]], damage: Damage) -> None:
        width = LEVELS_US[level]
        for until in (None, END):
            end = (rows[-1][0] if rows else 0) if until is None else until
            whole = roll(*columns(rows), width, None, end)
            got = self.store.read(
                lambda connection: read_rollups(connection, key, level, 0, END, None, until, damage)  # noqa: B023
            )
            assert_same(got, whole)
        middle = (3 * width, 40 * width)
        part = self.store.read(
            lambda connection: read_rollups(
                connection, key, level, *middle, ("min", "first", "last", "count"), None, damage
            )
        )
        assert_same(part, roll(*columns(rows), width, None, END).between(3, 40), ("k", "min", "first", "last", "count"))

    def check_held(self, key: int, rows: list[tuple[int, float, int]]) -> None:
        for at in (0, 5 * S, 61 * S, 20_000 * S, END):
            earlier = [row for row in rows if row[0] < at]
            held = self.store.read(lambda connection, at=at: held_before(connection, key, at))
            if not earlier:
                assert held is None
            else:
                assert held is not None
                np.testing.assert_array_equal((held.at_us, held.value, held.quality), earlier[-1])


def columns(rows: list[tuple[int, float, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    at, value, quality = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(at, np.int64), np.array(value, np.float64), np.array(quality, np.uint8)


def assert_same(got: RollupColumns, wanted: RollupColumns, names: tuple[str, ...] = COLUMNS) -> None:
    assert got.k.tolist() == wanted.k.tolist()
    for name in names:
        one, other = getattr(got, name), getattr(wanted, name)
        if name in {"sum", "sum_sq", "integral", "good_s", "bad_s"}:
            np.testing.assert_allclose(one, other, rtol=1e-6 if name.endswith("_s") else 1e-12, atol=1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(one, other, err_msg=name)


@settings(max_examples=30, deadline=None)
@given(actions)
@example([[(1, 0, 1.0, 0)], "seal", [(1, 0, 2.0, 0)], "seal"])
@example([[(1, 95 * S, 1.0, 0)], "seal", [(1, 5 * S, 2.0, 0)], [(1, 205 * S, 2.0, 0)]])
def test_the_store_says_what_a_plain_list_of_samples_says(story: list[object]) -> None:
    tell(story)


@pytest.mark.soak
@pytest.mark.timeout(3000)
@settings(max_examples=2000, deadline=None, derandomize=False)
@given(actions)
def test_the_store_says_what_a_plain_list_says_in_thousands_of_stories(story: list[object]) -> None:
    tell(story)


def tell(story: list[object]) -> None:
    with tempfile.TemporaryDirectory() as folder, small_rows():
        told = Story(Path(folder) / "history.db")
        try:
            for action in story:
                told.do(action)
            told.check()
            told.do("seal")
            told.check()
        finally:
            told.store.close()


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.just(1), st.integers(0, 250).map(lambda s: s * S), values, st.sampled_from([0, 0, 2])), min_size=1
    ),
    st.integers(1, 5),
)
def test_buckets_agree_with_brute_force_sample_by_sample(rows: list[Sample], parts: int) -> None:
    with tempfile.TemporaryDirectory() as folder, small_rows():
        told = Story(Path(folder) / "history.db")
        try:
            for part in range(parts):
                told.do(rows[part::parts])
                told.do("seal")
            wanted = buckets(told.model.ordered(1), 10 * S, None, 300 * S)
            got = told.store.read(lambda connection: read_rollups(connection, 1, 0, 0, 300 * S, None, 300 * S))
            for number, k in enumerate(got.k.tolist()):
                bucket = wanted[k]
                assert (got.count[number], got.untrusted[number]) == (len(bucket.numbers), bucket.untrusted)
                assert got.sum[number] == pytest.approx(float(bucket.sum), rel=1e-12, abs=1e-9)
                assert got.integral[number] == pytest.approx(float(bucket.integral), rel=1e-12, abs=1e-9)
                assert got.good_s[number] == pytest.approx(bucket.good_us / S, rel=1e-6)
                assert got.bad_s[number] == pytest.approx(bucket.bad_us / S, rel=1e-6)
        finally:
            told.store.close()


unique = st.lists(
    st.tuples(st.just(1), stamps, st.integers(-999, 999).map(lambda whole: whole / 10), st.sampled_from([0, 0, 0, 2])),
    min_size=1, max_size=60, unique_by=lambda sample: sample[1],
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(unique, st.integers(1, 4), st.integers(0, 40_000), st.integers(0, 3))
def test_after_raw_was_purged_buckets_still_count_every_sample_late_ones_too(
    rows: list[Sample], parts: int, cut_s: int, purge_after: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, small_rows():
        told = Story(Path(folder) / "history.db")
        try:
            for part in range(parts):
                told.do(rows[part::parts])
                told.do("seal")
                if part == purge_after:
                    purge(told.store, cut_s * S)
            told.do("reopen")
            check_counts(told)
        finally:
            told.store.close()


def purge(store: DirectHistory, before_us: int) -> None:
    """Samples as retention purges them."""
    with store.connection.begin():
        connection = store.connection
        connection.exec_driver_sql("INSERT OR IGNORE INTO tag VALUES (1, x'00', 10, 'fast', '')")
        purge_slice(connection, Cut(("fast",), RAW, before_us), 0, 9.0)


def check_counts(told: Story) -> None:
    rows = told.model.ordered(1)
    seal = told.store.read(lambda connection: load_seal(connection, 1))
    raw = told.store.read(lambda connection: read_raw(connection, 1, 0, END))
    oldest = seal.raw_from_us or 0
    assert [at for at in raw.at_us.tolist() if at // LEVELS_US[3] * LEVELS_US[3] >= oldest] == [
        at for at, _, _ in rows if at // LEVELS_US[3] * LEVELS_US[3] >= oldest
    ]
    for level, width in enumerate(LEVELS_US):
        got = told.store.read(lambda connection, level=level: read_rollups(connection, 1, level, 0, END))
        assert_same(got, roll(*columns(rows), width, None, END), ("k", "count", "untrusted", "min", "max"))
        np.testing.assert_allclose(got.sum, roll(*columns(rows), width, None, END).sum, atol=1e-9)
