"""What the alarm system does to its operators, in numbers: exactly what an independent computation says."""

from collections.abc import Iterator
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from console.domain.alarm_classes import FloodRules
from console.domain.alarm_targets import Kpi, Verdict
from console.services.alarms import alarm_tables
from console.services.kpi_records import KpiReport
from console.services.reports.alarm_kpi import KpiQuestion, alarm_kpi
from console.services.reports.kpi_columns import AlarmColumns, columns_of
from console.services.reports.kpi_memory import KpiMemory
from console.services.reports.kpi_rates import day_edges
from console.services.reports.kpi_read import described, read_areas, read_columns
from console.services.storage.database import writer_engine
from tests.support.alarm_month import DAY, HOUR, MIN, ZONE, Month, S, at, condition, write_log
from tests.support.kpi_by_hand import ByHand

A, B = condition(1), condition(2)
T0 = at("2026-10-05 00:00")
Row = tuple[bytes, int, str, int, int]


@pytest.fixture(scope="module")
def month() -> Month:
    """October in Berlin: the 25th has 25 hours."""
    return Month(at("2026-10-01 00:00"), at("2026-11-01 00:00"))


@pytest.fixture(scope="module")
def log(month: Month, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    engine = writer_engine(tmp_path_factory.mktemp("kpi") / "station.db", synchronous="OFF")
    with engine.begin() as connection:
        alarm_tables.metadata.create_all(connection)
        write_log(connection, month.rows)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def assert_same(report: KpiReport, by_hand: ByHand) -> None:
    wanted = by_hand.figures()
    assert {figure.kpi.value: figure.value for figure in report.figures} == {
        kpi.value: wanted.get(kpi.value) for kpi in Kpi
    }
    assert report.annunciations == len(by_hand.called)
    assert report.watched_us == by_hand.seen
    assert [(f.start_us, f.end_us, f.count, f.peak) for f in report.floods] == by_hand.floods()
    assert report.unwatched == tuple(_holes(by_hand))
    for bins, width in ((report.ten_minutes, 10 * MIN), (report.hours, HOUR)):
        told = zip(bins.starts_us.tolist(), bins.counts.tolist(), bins.watched.tolist(), strict=True)
        assert {start: (count, is_data) for start, count, is_data in told} == by_hand.bins(width)
    days, stale = by_hand.stale()
    assert [(day.start_us, day.end_us, day.stale) for day in report.days] == days
    if by_hand.seen:
        assert {(one.condition_id.bytes, one.start_us) for one in report.lists["stale"]} == stale
    assert [(one.condition_id.bytes, one.count) for one in report.lists["top_ten"]] == by_hand.top()
    members = {c: sum(map(len, bursts)) for c, bursts in by_hand.chatter().items()}
    assert {one.condition_id.bytes: one.count for one in report.lists["chattering"]} == members
    assert {one.condition_id.bytes: one.count for one in report.lists["reshelved"]} == by_hand.reshelved()
    fleeting = sorted(by_hand.fleeting().items(), key=lambda item: (-item[1], item[0]))[:50]
    assert [(one.condition_id.bytes, one.count) for one in report.lists["fleeting"]] == fleeting


def _holes(by_hand: ByHand) -> Iterator[tuple[int, int]]:
    at_us = by_hand.low
    for begin, end in [*by_hand.watched, (by_hand.high, by_hand.high)]:
        if at_us < begin:
            yield at_us, begin
        at_us = end


WINDOWS = {
    "the whole month": (T0 - 4 * DAY, at("2026-11-01 00:00")),
    "seven days over the change of the clock": (at("2026-10-20 00:00"), at("2026-10-27 00:00")),
    "the day of 25 hours": (at("2026-10-25 00:00"), at("2026-10-26 00:00")),
    "a shift in the flood": (at("2026-10-03 02:17") + 123_457, at("2026-10-03 10:00")),
    "a shift in which nobody watched": (at("2026-10-10 06:00"), at("2026-10-10 14:00")),
}


@pytest.mark.proves("ALARM-F66", "ALARM-F67", "ALARM-T36")
@pytest.mark.parametrize("window", WINDOWS)
def test_every_figure_is_exactly_what_plain_sql_and_loops_say(month: Month, log: Connection, window: str) -> None:
    low, high = WINDOWS[window]
    asked = KpiQuestion(low, high, ZoneInfo(ZONE))
    report = alarm_kpi(read_columns(log, low, high), month.watched, asked)
    assert_same(report, ByHand(month.rows, month.watched, low, high, ZONE))


@pytest.mark.parametrize("positions", [1, 3])
@pytest.mark.parametrize("skips_empty", [False, True])
def test_positions_and_empty_bins_change_the_figures_as_plain_loops_do(
    month: Month, positions: int, skips_empty: bool
) -> None:
    low, high = WINDOWS["seven days over the change of the clock"]
    asked = KpiQuestion(low, high, ZoneInfo(ZONE), positions, skips_empty, fleeting_s=3)
    report = alarm_kpi(columns_of(month.rows), month.watched, asked)
    assert_same(report, ByHand(month.rows, month.watched, low, high, ZONE, positions, skips_empty, 3))


def test_the_synthetic_month_has_something_of_everything(month: Month, log: Connection) -> None:
    low, high = WINDOWS["the whole month"]
    report = alarm_kpi(read_columns(log, low, high), month.watched, KpiQuestion(low, high, ZoneInfo(ZONE)))
    for kpi in Kpi:
        assert report.value(kpi) or kpi in (Kpi.CHANGED_SETTINGS,), kpi
    assert all(report.lists.values())
    assert report.unwatched
    assert any(one.end_us == high for one in report.floods), "one flood runs on"
    assert report.dechattered < report.annunciations
    assert len(read_columns(log, low, high)) <= len(month.rows)


def test_what_is_read_for_a_window_gives_the_same_as_the_whole_log(month: Month, log: Connection) -> None:
    for low, high in WINDOWS.values():
        asked = KpiQuestion(low, high, ZoneInfo(ZONE))
        few, all_of = (
            alarm_kpi(rows, month.watched, asked) for rows in (read_columns(log, low, high), columns_of(month.rows))
        )
        assert few.figures == all_of.figures
        assert few.lists == all_of.lists


def test_the_listed_alarms_carry_their_names(month: Month, log: Connection) -> None:
    low, high = WINDOWS["the whole month"]
    report = alarm_kpi(read_columns(log, low, high), month.watched, KpiQuestion(low, high, ZoneInfo(ZONE)))
    told = described(log, report)
    for name, found in told.lists.items():
        for one in found:
            assert one.subject == f"plant/{one.condition_id.hex[:6]}", name
            assert one.text == "Temperature high"
            assert one.priority


def test_an_area_is_measured_by_its_own_alarms_only(month: Month, log: Connection) -> None:
    low, high = WINDOWS["the whole month"]
    areas = read_areas(log)
    assert areas == ("Area 0", "Area 1", "Area 2")
    asked = KpiQuestion(low, high, ZoneInfo(ZONE))
    for nth, area in enumerate(areas):
        rows = [row for row in month.rows if row[0][0] % 3 == nth]
        report = alarm_kpi(read_columns(log, low, high, (area,)), month.watched, asked)
        assert_same(report, ByHand(rows, month.watched, low, high, ZONE))


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12), st.integers(0, 3)), min_size=1, max_size=5), st.data()
)
@settings(max_examples=25, deadline=None)
def test_what_is_remembered_of_the_log_is_what_is_in_it(
    tmp_path_factory: pytest.TempPathFactory, month: Month, looks: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    """Looks at other windows and areas while rows come in, late ones and early ones too."""
    rows = data.draw(st.permutations(month.rows[::200]))
    engine = writer_engine(tmp_path_factory.mktemp("memory") / "station.db", synchronous="OFF")
    memory = KpiMemory()
    with engine.begin() as connection:
        alarm_tables.metadata.create_all(connection)
        for nth, (day, days, area) in enumerate(looks):
            if some := rows[nth::5]:
                connection.exec_driver_sql("DELETE FROM alarm_open")
                write_log(connection, some)
            low, areas = at("2026-10-01 00:00") + day * DAY, (f"Area {area}",) if area < 2 else ()
            high = low + days * DAY
            kept, fresh = (read_columns(connection, low, high, areas, known) for known in (memory, None))
            assert told_rows(kept) == told_rows(fresh)
            assert len(kept) == len(fresh)
    engine.dispose()


def told_rows(columns: AlarmColumns) -> list[tuple[object, ...]]:
    """Rows with their ids, by time; those of one time in their order."""
    rows = zip(
        columns.at_us.tolist(),
        (columns.ids[one] for one in columns.condition.tolist()),
        columns.start_us.tolist(),
        columns.code.tolist(),
        columns.priority.tolist(),
        strict=True,
    )
    return sorted(rows, key=lambda row: row[:3])


# Small histories.

MOMENT = st.integers(0, 40).map(lambda nth: T0 - DAY + nth * 97 * MIN + nth % 3 * S)
CLOSE = st.integers(0, 30 * 60).map(lambda second: T0 + second * S)
WORD = st.sampled_from(
    ("raised", "raised", "raised", "severity_up", "realarmed", "acknowledged", "returned", "closed", "superseded")
)
FLAG_WORD = st.sampled_from(("shelved", "unshelved", "shelf_expired", "suppressed", "unsuppressed", "out_of_service"))
WHO = st.integers(0, 2).map(condition)


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    rows: list[Row] = []
    for _ in range(draw(st.integers(0, 40))):
        start = draw(st.one_of(MOMENT, CLOSE))
        who, word = draw(WHO), draw(WORD)
        moment = start if word == "raised" else start + draw(st.integers(-5, 90_000)) * S
        rows.append((who, start, word, moment, draw(st.integers(1, 5))))
        if word == "raised" and draw(st.booleans()):
            rows.append((who, start, "returned", start + draw(st.integers(0, 90_000)) * S, rows[-1][4]))
    flags = draw(st.lists(st.tuples(WHO, FLAG_WORD, st.one_of(MOMENT, CLOSE)), max_size=6))
    rows += [(who, 0, word, moment, 3) for who, word, moment in flags]
    return draw(st.permutations(rows))


@given(
    rows=histories(),
    watched=st.lists(st.tuples(st.one_of(MOMENT, CLOSE), st.one_of(MOMENT, CLOSE)), max_size=3),
    hours=st.integers(1, 60),
    positions=st.integers(1, 2),
    skips_empty=st.booleans(),
)
@settings(max_examples=120, deadline=None)
def test_any_small_history_gives_exactly_the_same_figures(
    rows: list[Row], watched: list[tuple[int, int]], hours: int, positions: int, skips_empty: bool
) -> None:
    low, high = T0 - 2 * HOUR, T0 + hours * HOUR
    asked = KpiQuestion(low, high, ZoneInfo("America/New_York"), positions, skips_empty)
    report = alarm_kpi(columns_of(rows), watched, asked)
    assert_same(report, ByHand(rows, watched, low, high, "America/New_York", positions, skips_empty))


@given(st.lists(st.integers(0, 1500), max_size=80), st.integers(1, 2))
@settings(max_examples=150, deadline=None)
def test_floods_begin_above_ten_and_end_below_five_at_any_pace(seconds: list[int], positions: int) -> None:
    rows = [(condition(nth), T0 + s * 3 * S, "raised", T0 + s * 3 * S, 2) for nth, s in enumerate(sorted(seconds))]
    report = alarm_kpi(columns_of(rows), [], KpiQuestion(T0, T0 + 3 * HOUR, positions=positions))
    by_hand = ByHand(rows, [], T0, T0 + 3 * HOUR, "UTC", positions)
    assert [(f.start_us, f.end_us, f.count, f.peak) for f in report.floods] == by_hand.floods()


@given(
    st.lists(st.integers(0, 1500), max_size=60),
    st.tuples(st.integers(1, 12), st.integers(1, 12), st.sampled_from([60, 300, 1800])),
)
@settings(max_examples=100, deadline=None)
@pytest.mark.proves("ALARM-F66")
def test_a_flood_is_what_the_site_calls_one(seconds: list[int], site: tuple[int, int, int]) -> None:
    rules = FloodRules(max(site[:2]), min(site[:2]), site[2])
    rows = [(condition(nth), T0 + s * 3 * S, "raised", T0 + s * 3 * S, 2) for nth, s in enumerate(sorted(seconds))]
    report = alarm_kpi(columns_of(rows), [], KpiQuestion(T0, T0 + 3 * HOUR, flood=rules))
    by_hand = ByHand(rows, [], T0, T0 + 3 * HOUR, flood=(rules.enter, rules.leave, rules.window_s))
    assert [(f.start_us, f.end_us, f.count, f.peak) for f in report.floods] == by_hand.floods()
    assert report.flood == rules


# The traps, one by one, by numbers that a person can check.


def kpi(rows: list[Row], low: int = T0, high: int = T0 + 2 * DAY, watched: bool = True, **more: int) -> KpiReport:
    return alarm_kpi(columns_of(rows), [(low, high)] if watched else [], KpiQuestion(low, high, ZoneInfo(ZONE), **more))


@pytest.mark.proves("ALARM-T35")
def test_an_alarm_that_was_active_the_whole_time_without_a_word_is_stale(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    rows: list[Row] = [
        (A, T0 - 40 * DAY, "raised", T0 - 40 * DAY, 3),
        (A, T0 - 40 * DAY, "acknowledged", T0 - 39 * DAY, 3),
    ]
    engine = writer_engine(tmp_path_factory.mktemp("stale") / "station.db")
    with engine.begin() as connection:
        alarm_tables.metadata.create_all(connection)
        write_log(connection, rows)
        columns = read_columns(connection, T0, T0 + 2 * DAY)
        later = [(A, T0 - 40 * DAY, "returned", T0 + 9 * DAY, 3), (A, T0 - 40 * DAY, "closed", T0 + 9 * DAY, 3)]
        connection.exec_driver_sql("DELETE FROM alarm_log")
        connection.exec_driver_sql("DELETE FROM alarm_open")
        write_log(connection, rows + later)
        afterwards = read_columns(connection, T0, T0 + 2 * DAY)
    engine.dispose()
    for found in (columns, afterwards):
        report = alarm_kpi(found, [(T0, T0 + 2 * DAY)], KpiQuestion(T0, T0 + 2 * DAY, ZoneInfo(ZONE)))
        assert [day.stale for day in report.days] == [1, 1]
        assert report.value(Kpi.STALE) == 1
        assert report.value(Kpi.STANDING) == 1
        (one,) = report.lists["stale"]
        assert one.condition_id == UUID(bytes=A)
        assert one.start_us == T0 - 40 * DAY
        assert one.seconds == 42 * 86400
        assert report.annunciations == 0


@pytest.mark.proves("ALARM-T37")
def test_a_return_with_a_wrong_time_makes_no_negative_alarm(month: Month) -> None:
    rows: list[Row] = [
        (A, T0 + HOUR, "raised", T0 + HOUR, 3),
        (A, T0 + HOUR, "returned", T0 - 5 * HOUR, 3),
        (B, T0 + HOUR, "raised", T0 + HOUR, 3),
        (B, T0 + HOUR, "acknowledged", T0 + 30 * MIN, 3),
    ]
    report = kpi(rows)
    assert report.value(Kpi.ACTIVE_MOST) == 0
    assert report.value(Kpi.ACK_MOST) == 0
    assert report.value(Kpi.STANDING) == pytest.approx(47 / 48)


@pytest.mark.proves("ALARM-T37")
def test_what_cleared_before_the_window_is_no_longer_active_in_it() -> None:
    rows: list[Row] = [(A, T0 - 9 * DAY, "raised", T0 - 9 * DAY, 3), (A, T0 - 9 * DAY, "returned", T0 - DAY, 3)]
    report = kpi(rows)
    assert report.value(Kpi.STANDING) == 0
    assert report.value(Kpi.STALE) == 0


def test_nobody_watched_is_no_data_and_never_a_good_zero() -> None:
    report = kpi([], watched=False)
    assert {figure.verdict for figure in report.figures} == {Verdict.NO_DATA}
    assert {figure.value for figure in report.figures} == {None}
    assert [day.count for day in report.days] == [None, None]
    assert not report.ten_minutes.watched.any()
    assert report.unwatched == ((T0, T0 + 2 * DAY),)


def test_a_quiet_night_that_was_watched_is_a_good_zero() -> None:
    report = kpi([])
    assert report.value(Kpi.PER_DAY) == 0
    assert report.value(Kpi.TOP_TEN_SHARE) is None, "a share of nothing"
    assert next(one.verdict for one in report.figures if one.kpi is Kpi.PER_DAY) is Verdict.GOOD


def test_hours_without_data_take_no_part_in_the_mean() -> None:
    rows: list[Row] = [(condition(nth), T0 + nth * MIN, "raised", T0 + nth * MIN, 3) for nth in range(24)]
    asked = KpiQuestion(T0, T0 + 2 * DAY, ZoneInfo(ZONE))
    report = alarm_kpi(columns_of(rows), [(T0, T0 + DAY)], asked)
    assert report.value(Kpi.PER_DAY) == 24
    assert report.value(Kpi.PER_HOUR) == 1
    assert [day.count for day in report.days] == [24, None]


def test_what_is_hidden_calls_nobody_and_counts_when_it_comes_back() -> None:
    rows: list[Row] = [
        (A, 0, "shelved", T0 + HOUR, 3),
        (A, T0 + HOUR, "raised", T0 + HOUR, 3),
        (A, T0 + HOUR, "severity_up", T0 + 90 * MIN, 3),
        (A, 0, "shelf_expired", T0 + 2 * HOUR, 3),
        (A, T0 + HOUR, "reannunciated", T0 + 2 * HOUR, 3),
    ]
    assert kpi(rows).annunciations == 1
    assert kpi(rows, high=T0 + 100 * MIN).annunciations == 0
    assert kpi(rows, high=T0 + 100 * MIN).value(Kpi.SHELVED) == 1


def test_independent_flags_hide_until_the_last_one_is_gone() -> None:
    rows: list[Row] = [
        (A, 0, "shelved", T0, 3),
        (A, 0, "out_of_service", T0 + MIN, 3),
        (A, 0, "unshelved", T0 + 2 * MIN, 3),
        (A, T0 + 3 * MIN, "raised", T0 + 3 * MIN, 3),
        (A, 0, "returned_to_service", T0 + 4 * MIN, 3),
        (A, T0 + 5 * MIN, "raised", T0 + 5 * MIN, 3),
    ]
    assert kpi(rows).annunciations == 1


def test_the_fifth_priority_goes_to_the_journal_and_calls_nobody() -> None:
    assert kpi([(A, T0 + MIN, "raised", T0 + MIN, 5)]).annunciations == 0


def test_the_day_of_23_hours_ends_at_midnight_of_the_site() -> None:
    low, high = at("2026-03-28 00:00"), at("2026-03-31 00:00")
    edges = day_edges(low, high, ZoneInfo(ZONE))
    assert [(end - begin) // HOUR for begin, end in pairwise(edges)] == [24, 23, 24]


def test_chatter_is_counted_raw_and_once_a_burst() -> None:
    rows: list[Row] = [(A, T0 + s * S, "raised", T0 + s * S, 3) for s in (0, 30, 60, 500, 1000, 1030, 1060, 1090)]
    report = kpi(rows)
    assert report.annunciations == 8
    assert report.dechattered == 3
    assert report.lists["chattering"][0].count == 7


def test_a_flood_is_found_where_two_fixed_bins_share_it() -> None:
    rows: list[Row] = [(condition(nth), T0 + nth * MIN, "raised", T0 + nth * MIN, 3) for nth in range(5, 16)]
    rows = [
        (c, T0 + (300 + nth * 59) * S, t, T0 + (300 + nth * 59) * S, p) for nth, (c, _s, t, _a, p) in enumerate(rows)
    ]
    report = kpi(rows)
    assert report.value(Kpi.BINS_OVER_10) == 0
    assert report.value(Kpi.FLOODS) == 1


def test_settings_that_nobody_compared_are_not_known_rather_than_right() -> None:
    assert kpi([]).value(Kpi.CHANGED_SETTINGS) is None
    assert kpi([], changed_settings=2).value(Kpi.CHANGED_SETTINGS) == 2
