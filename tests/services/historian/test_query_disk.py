"""Questions answered from the real file, sealed here and waiting there, agree with counting every sample by hand."""

import random
from itertools import pairwise

import numpy as np
import pytest

from console.domain.values import ValueType
from console.services.historian.aggregate_answer import aggregate_answer
from console.services.historian.direct_history import DirectHistory
from console.services.historian.percentile_answer import percentile_answer
from console.services.historian.rollup_columns import LEVELS_S
from console.services.historian.samples import SampleBlock, TagInfo
from console.services.historian.state_answer import state_answer
from console.services.historian.store_past import StorePast
from console.services.historian.trend_answer import trend_answer
from tests.services.historian.test_query_figures import BEGIN, check_period, check_trend, plant
from tests.support.history_past import TAG, ByHand, S, block_of, timeline_of, trusted

KEY = 5


def file_with(folder, batches):
    """Every batch is appended, every second one sealed with all before it."""
    history = DirectHistory(folder / "history.db", synchronous="OFF")
    history.append([], [TagInfo(KEY, TAG, ValueType.DOUBLE, "standard", "")])
    for number, rows in enumerate(batches):
        block = block_of(rows)
        history.append([SampleBlock(np.full(len(rows), KEY, np.uint32), block.at_us, block.value, block.quality)])
        if number % 2 == 0:
            history.compact(0, is_all=True)
    return history


@pytest.mark.parametrize("seed", range(6))
def test_figures_and_trends_of_a_file_that_is_sealed_in_parts_are_those_of_its_samples(tmp_path, seed):
    chance = random.Random(seed)
    rows = plant(seed, count=300)
    batches = [rows[k : k + 60] for k in range(0, len(rows), 60)]
    batches[1], batches[3] = batches[3], batches[1]  # an edge that was cut off tells later what it kept
    history = file_with(tmp_path, batches)
    flat = [row for batch in batches for row in batch]
    end = max(row[0] for row in flat)
    newest = sorted(dict.fromkeys(flat), key=lambda row: row[0])[-1]
    hand = ByHand(flat, end + 7_000 * S if not trusted(newest) else end)
    for _ in range(8):
        edges = np.unique(np.array([chance.randrange(BEGIN - 3_000 * S, end + 9_000 * S) for _ in range(5)], np.int64))
        buckets = chance.choice((5, 40, 1_000))

        def ask(connection, edges=edges, buckets=buckets):
            timeline = timeline_of(StorePast(connection, KEY), now_us=end + 7_000 * S)
            return aggregate_answer(timeline, edges), trend_answer(timeline, int(edges[0]), int(edges[-1]), buckets)

        figures, trend = history.read(ask)
        for i in range(len(edges) - 1):
            check_period(hand, figures, i)
        check_trend(hand, trend, int(edges[0]), int(edges[-1]), buckets)
    history.close()


def test_states_of_a_long_time_come_from_buckets_and_a_pump_s_hours_are_exact_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("console.services.historian.state_answer.MOST_SAMPLES", 100)
    chance = random.Random(4)
    rows, at_us, on = [], BEGIN, 0.0
    for _ in range(900):
        at_us += chance.choice((3, 40, 900, 20_000)) * S + chance.randrange(S)
        on = 1.0 - on if chance.random() < 0.4 else on
        rows.append((at_us, on, 2 if chance.random() < 0.05 else 0))
    history = file_with(tmp_path, [rows[:500], rows[500:]])
    hand, window = ByHand(rows, at_us), (BEGIN + 12_345, at_us - 777)

    def ask(connection, is_boolean):
        timeline = timeline_of(StorePast(connection, KEY), now_us=at_us)
        return state_answer(timeline, *window, 60, is_boolean=is_boolean, texts={})

    pump, number = history.read(lambda c: ask(c, True)), history.read(lambda c: ask(c, False))
    wanted = {0.0: 0.0, 1.0: 0.0}
    for row, seconds in hand.pieces(*window):
        if trusted(row):
            wanted[row[1]] += seconds
    assert {one.value: round(one.seconds, 1) for one in pump.durations} == {k: round(s, 1) for k, s in wanted.items()}
    assert pump.mixed_s == 0
    bad_s = sum(seconds for row, seconds in hand.pieces(*window) if not trusted(row))
    assert pump.bad_s == pytest.approx(bad_s, abs=0.1)
    assert number.mixed_s > 0  # what one value cannot be told of is said to be mixed, never guessed
    for one in number.durations:
        assert one.seconds <= wanted[one.value] + 0.1
    for states in (pump, number):
        assert len(states.start_us) <= 60
        assert states.start_us[0] >= window[0]
        assert states.end_us[-1] <= window[1]
        assert (states.start_us[1:] >= states.end_us[:-1]).all()
    history.close()


def test_a_measured_value_has_no_endless_list_of_states(tmp_path, monkeypatch):
    monkeypatch.setattr("console.services.historian.state_answer.MOST_STATES", 10)
    rows = [(BEGIN + k * S, float(k), 0) for k in range(100)]
    history = file_with(tmp_path, [rows])
    states = history.read(
        lambda c: state_answer(
            timeline_of(StorePast(c, KEY), now_us=rows[-1][0]), BEGIN, rows[-1][0], 50, is_boolean=False, texts={}
        )
    )
    assert len(states.durations) == 10
    assert states.mixed_s == pytest.approx(89.0)
    assert len(states.start_us) <= 50
    history.close()


def test_spans_of_states_cover_the_window_and_say_what_held(tmp_path):
    rows = [(BEGIN + k * 7 * S, float(k // 5 % 3), 0) for k in range(400)]
    history = file_with(tmp_path, [rows])
    hand, window = ByHand(rows, rows[-1][0]), (BEGIN + 11 * S, rows[-1][0])
    for most in (10, 1_000):
        states = history.read(
            lambda c, most=most: state_answer(
                timeline_of(StorePast(c, KEY), now_us=rows[-1][0]), *window, most, is_boolean=False, texts={}
            )
        )
        assert len(states.start_us) <= most
        assert (states.start_us[0], states.end_us[-1]) == window
        assert (states.start_us[1:] == states.end_us[:-1]).all()
        for start, end, value, is_mixed in zip(
            *(c.tolist() for c in (states.start_us, states.end_us, states.value, states.is_mixed)), strict=True
        ):
            held = {row[1] for row, _seconds in hand.pieces(start, end)}
            assert is_mixed == (len(held) > 1)
            assert is_mixed or held == {value}
        assert sum(one.seconds for one in states.durations) == pytest.approx((window[1] - window[0]) / S)
        inside = hand.inside(*window)
        held = [hand.held_before(window[0]), *inside]
        assert sum(one.times for one in states.durations) == sum(a[1] != b[1] for a, b in pairwise(held))
    history.close()


def test_percentiles_are_exact_over_many_chunks_and_read_each_once(tmp_path, monkeypatch):
    monkeypatch.setattr("console.services.historian.timeline.AT_ONCE", 700)
    monkeypatch.setattr("console.services.historian.percentile_answer.AT_ONCE", 700)
    chance = np.random.default_rng(3)
    values = chance.normal(50, 9, 20_000).round(2)
    rows = [(BEGIN + k * S, value, 0) for k, value in enumerate(values.tolist())]
    history = file_with(tmp_path, [rows[:15_000], rows[15_000:]])
    shares = (0.0, 0.01, 0.5, 0.99, 1.0)
    answer = history.read(
        lambda c: percentile_answer(
            timeline_of(StorePast(c, KEY), now_us=rows[-1][0]), "T", BEGIN, BEGIN + 20_000 * S, shares, is_by_time=False
        )
    )
    wanted = np.quantile(values, shares, method="inverted_cdf")
    assert answer.values == tuple(wanted.tolist())
    assert answer.count == 20_000
    history.close()


def test_old_trends_come_from_coarser_rollups_when_the_finer_ones_are_purged(tmp_path):
    rows = [(BEGIN + k * 60 * S, 5.0 if k != 777 else 99.0, 0) for k in range(5_000)]
    history = file_with(tmp_path, [rows])
    split = (BEGIN // (10_000 * S) + 15) * 10_000 * S
    with history.connection.begin():
        for level, level_s in enumerate(LEVELS_S[:3]):
            history.connection.exec_driver_sql(
                "DELETE FROM rollup WHERE level = ? AND last_k < ?", (level, split // (level_s * S))
            )
        history.connection.exec_driver_sql("UPDATE seal SET raw_from_us = ?", (rows[2_700][0],))
        history.connection.exec_driver_sql("DELETE FROM chunk WHERE last_us < ?", (rows[2_700][0],))
    for length, buckets in ((300_000, 3_000), (200_000, 9_000), (60_000, 8_000), (170_000, 90_000)):
        trend = history.read(
            lambda c, ask=(BEGIN, BEGIN + length * S, buckets): trend_answer(
                timeline_of(StorePast(c, KEY), now_us=rows[-1][0]), *ask
            )
        )
        assert trend.high.max() >= 99.0
        assert trend.time_us[0] <= BEGIN
        assert not trend.is_raw
    history.close()


def spoil(history, table, where):
    torn = "CAST(substr(block, 1, 20) || x'ffffffff' || substr(block, 25) AS BLOB)"
    with history.connection.begin():
        history.connection.exec_driver_sql(f"UPDATE {table} SET block = {torn} WHERE {where}")


def test_what_is_damaged_is_a_gap_and_never_a_value_that_seems_to_hold(tmp_path):
    rows = [(BEGIN + k * S, 5.0, 0) for k in range(20_000)]
    history = file_with(tmp_path, [rows[:10_000], rows[10_000:]])
    sql = "SELECT first_us FROM chunk ORDER BY first_us LIMIT 1 OFFSET 1"
    first_us = history.read(lambda connection: connection.exec_driver_sql(sql).scalar_one())
    spoil(history, "chunk", f"first_us = {first_us}")

    def ask(connection, from_us, to_us, buckets):
        timeline = timeline_of(StorePast(connection, KEY), now_us=rows[-1][0])
        edges = np.array([from_us, to_us], np.int64)
        return trend_answer(timeline, from_us, to_us, buckets), aggregate_answer(timeline, edges), timeline

    window = first_us - 5 * S, first_us + 100 * S
    trend, _figures, timeline = history.read(lambda c: ask(c, *window, 5_000))
    assert trend.is_raw
    assert np.isnan(trend.last[-1])
    assert not trend.good[-1]
    held = history.read(lambda c: timeline_of(StorePast(c, KEY), now_us=0).held_before(first_us + 50 * S))
    assert held is None or np.isnan(held.value) or held.at_us < first_us
    spoil(history, "rollup", "level = 0")
    wide = history.read(lambda c: ask(c, BEGIN, BEGIN + 19_000 * S, 300))
    assert np.isnan(wide[0].low).any()
    assert not wide[0].good[np.isnan(wide[0].low)].any()
    assert timeline.until_us == rows[-1][0]
    history.close()
