"""The present in columns: against a plain model row by row, and stories of silence and blindness."""

from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.quality import Detail, Quality
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.services.records import LinkRecord
from console.services.telemetry.batch import FLAG_HISTORICAL, FLAG_LATE, LinkChanged, SampleBatch, TagColumns
from console.services.telemetry.ingest import join
from console.services.telemetry.tag_store import TagStore
from console.services.telemetry.watchdog import Watchdog

T0 = 1_790_000_000_000_000


def tag(handle: int, broker: str = "b", node: str = "n", stale_after_s: float | None = None) -> Tag:
    source = TagSource(broker, "g", node, "", f"m{handle}")
    return Tag(handle, UUID(int=handle), UUID(int=1), source, ValueType.DOUBLE, stale_after_s=stale_after_s)


def batch(rows: list[tuple[int, int, float, int]], texts: dict[int, str] | None = None) -> SampleBatch:
    """Rows of handle, source (us after T0), value, flags."""
    n = len(rows)
    return SampleBatch(
        np.array([r[0] for r in rows], np.int32),
        np.array([T0 + r[1] for r in rows], np.int64),
        np.full(n, T0, np.int64),
        np.array([r[2] for r in rows], np.float64),
        np.zeros(n, np.uint8),
        np.zeros(n, np.uint8),
        np.array([r[3] for r in rows], np.uint8),
        texts or {},
    )


def link(broker: str, state: str) -> LinkChanged:
    return LinkChanged(broker, LinkRecord(f"broker:{broker}", state, T0), T0)


def store_of(count: int, **fields: float | None) -> TagStore:
    store = TagStore()
    store.define([tag(handle, **fields) for handle in range(count)])  # type: ignore[arg-type]
    return store


rows = st.tuples(
    st.integers(0, 3), st.integers(0, 6), st.floats(0, 9), st.sampled_from([0, 0, 0, FLAG_HISTORICAL])
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(rows, st.none() | st.sampled_from("xyz")), max_size=12), max_size=5))
def test_columns_and_a_plain_model_agree(
    batches: list[list[tuple[tuple[int, int, float, int], str | None]]],
) -> None:
    store = store_of(4)
    value: dict[int, float] = {}
    text: dict[int, str] = {}
    newest: dict[int, int] = {}
    for entries in batches:
        late = []
        for (handle, source, number, flags), shown in entries:
            is_late = not flags and source < newest.get(handle, -1)
            late.append(is_late)
            if flags or is_late:
                continue
            newest[handle], value[handle], text[handle] = source, number, shown or ""
        texts = {row: shown for row, (_, shown) in enumerate(entries) if shown}
        applied = store.apply(batch([row for row, _ in entries], texts))
        assert (applied.flags & FLAG_LATE != 0).tolist() == late
    for handle, number in value.items():
        assert store.value[handle] == number
        assert store.text(handle) == text[handle]
        assert store.source_us[handle] == T0 + newest[handle]
        assert store.quality[handle] == Quality.GOOD
    for handle in set(range(4)) - set(value):
        assert store.quality[handle] == Quality.UNKNOWN


@given(st.lists(st.lists(rows, max_size=6), min_size=1, max_size=5))
def test_joined_batches_mean_the_same_as_one_by_one(batches: list[list[tuple[int, int, float, int]]]) -> None:
    single, joined = store_of(4), store_of(4)
    for entries in batches:
        single.apply(batch(entries, {0: "first"} if entries else {}))
    joined.apply(join([batch(entries, {0: "first"} if entries else {}) for entries in batches]))
    assert np.array_equal(single.value, joined.value, equal_nan=True)
    assert [single.text(handle) for handle in range(4)] == [joined.text(handle) for handle in range(4)]


def test_growing_keeps_what_is_there() -> None:
    store = store_of(2)
    store.apply(batch([(1, 0, 5.0, 0)]))
    store.define([tag(handle) for handle in range(2, 5000)])
    assert store.size == 5000
    assert store.value[1] == 5.0
    assert (store.quality[2:] == Quality.UNKNOWN).all()
    assert (store.detail[2:] == Detail.NEVER_SEEN).all()


def test_a_lost_link_blinds_every_tag_of_its_broker_and_no_other() -> None:
    store = TagStore()
    store.define([tag(0, "b1"), tag(1, "b2"), tag(2, "b1", "n2")])
    store.apply(batch([(0, 0, 1.0, 0), (1, 0, 1.0, 0), (2, 0, 1.0, 0)]))
    (change,) = store.link(link("b1", "lost"))
    assert change.handles.tolist() == [0, 2]
    assert store.quality.tolist() == [Quality.BLIND, Quality.GOOD, Quality.BLIND]
    assert store.link(link("b1", "lost")) == []
    (change,) = store.link(link("b1", "live"))
    assert store.quality.tolist() == [Quality.STALE, Quality.GOOD, Quality.STALE]
    assert change.detail == Detail.AWAITS_BIRTH


def test_publishers_and_the_snapshot_each_see_every_change_once() -> None:
    store = store_of(3)
    assert store.take_dirty().tolist() == [0, 1, 2]
    store.apply(batch([(1, 0, 1.0, 0)]))
    assert store.take_dirty().tolist() == [1]
    assert store.take_dirty().tolist() == []
    assert store.take_unsaved().tolist() == [0, 1, 2]


def test_the_watermark_is_the_newest_source_time_and_follows_the_clock_when_the_node_is_quiet() -> None:
    store = store_of(2)
    columns: TagColumns = store
    store.apply(batch([(0, 5_000_000, 1.0, 0), (1, 3_000_000, 1.0, 0)]), mono_s=10.0)
    store.advance(11.0)
    assert store.watermarks_us.tolist() == [T0 + 5_000_000]
    store.advance(25.0)
    assert columns.watermarks_us.tolist() == [T0 + 18_000_000]


def test_a_silent_tag_is_stale_after_its_time_from_its_last_word() -> None:
    store = store_of(2, stale_after_s=60.0)
    store.define([tag(1)])
    watchdog = Watchdog(store)
    watchdog.link(link("b", "live"), 0.0)
    store.apply(batch([(0, 0, 1.0, 0), (1, 0, 1.0, 0)]), mono_s=5.0)
    assert watchdog.check(T0 + 50_000_000, 55.0) == []
    (change,) = watchdog.check(T0 + 70_000_000, 75.0)
    assert change.handles.tolist() == [0]
    assert change.at_us == T0 + 60_000_000
    assert (store.quality[0], store.detail[0]) == (Quality.STALE, Detail.SILENT)
    assert store.quality[1] == Quality.GOOD
    assert watchdog.check(T0 + 90_000_000, 95.0) == []


def test_silence_stands_still_while_we_are_blind_ourselves() -> None:
    store = store_of(1, stale_after_s=10.0)
    watchdog = Watchdog(store)
    watchdog.link(link("b", "live"), 0.0)
    store.apply(batch([(0, 0, 1.0, 0)]), mono_s=0.0)
    watchdog.link(link("b", "lost"), 1.0)
    assert watchdog.check(T0 + 50_000_000, 50.0) == []
    watchdog.link(link("b", "live"), 60.0)
    assert watchdog.check(T0 + 65_000_000, 65.0) == []
    assert len(watchdog.check(T0 + 71_000_000, 71.0)) == 1
