"""Audit on the Journal screen: filters that ask the station, page after page, and what stood there before."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pytestqt.qtbot import QtBot

from console.domain.facts import FACTS
from console.models.journal_words import EVENT_GROUPS, EVENT_WORDS, is_of_group
from console.services.records import JournalDelta, JournalRow
from console.services.station import JOURNAL, JournalQuery
from console.ui.format import set_site_zone
from console.views.journal.view import JournalView
from console.widgets.time_field import moment_us
from tests.models.test_other_tables import entry
from tests.support.fake_station import FakeStation
from tests.support.hostile import HOSTILE
from tests.support.qt_loop import run, until
from tests.support.screens import Screen


class Asked:
    """A journal of `count` rows behind the station, answered a page at a time; keeps the questions."""

    def __init__(self, station: FakeStation, count: int = 0) -> None:
        self.queries: list[JournalQuery] = []
        self.rows = [entry(seq, rid=seq, user="anna") for seq in range(count, 0, -1)]
        station.answers[JournalQuery] = self.answer

    def answer(self, query: JournalQuery) -> tuple[JournalRow, ...]:
        self.queries.append(query)
        behind = [row for row in self.rows if not query.before_rid or row.rid < query.before_rid]
        return tuple(row for row in behind if query.entity in row.entity)[: query.limit]


@pytest.fixture
def station() -> FakeStation:
    return FakeStation()


def view_of(screen: Screen) -> JournalView:
    assert isinstance(screen.view, JournalView)
    return screen.view


def test_load_more_goes_on_where_the_last_page_ended_and_says_when_there_is_nothing_older(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        asked = Asked(station, 1100)
        station.deliver(JOURNAL, JournalDelta(True, tuple(asked.rows[:100])))
        async with Screen(JournalView, station) as screen:
            view = view_of(screen)
            for count in (600, 1100):
                view.older_button.click()
                await until(
                    lambda count=count: view.table.rowCount() == count and view.older_button.text() != "Searching…"
                )
            assert [query.before_rid for query in asked.queries] == [1001, 501]
            view.older_button.click()
            await until(lambda: view.older_button.text() == "Nothing older")
            assert not view.older_button.isEnabled()
            assert view.table.rowCount() == 1100

    run(story())


def test_a_time_window_and_a_kind_are_asked_of_the_station_and_held_by_the_rows(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        asked = Asked(station)
        rows = (entry(1), entry(2, etype="incident.moved"), entry(3, etype="user.role_granted", station="K2"))
        station.deliver(JOURNAL, JournalDelta(True, rows))
        async with Screen(JournalView, station) as screen:
            view = view_of(screen)
            view.filters.group.setCurrentIndex([group for group, _word in EVENT_GROUPS].index("incident"))
            assert [view.table.entry_at(0), view.table.rowCount()] == [rows[1], 1]
            await until(lambda: asked.queries)
            assert asked.queries[-1].etype == "incident"
            view.filters.group.setCurrentIndex(0)
            view.fields["station"].setText("k2")
            assert [view.table.entry_at(0), view.table.rowCount()] == [rows[2], 1]
            view.filters.begin.setText("2200-01-01")
            await until(lambda: asked.queries[-1].from_us)
            assert asked.queries[-1].station == "K2"
            assert view.table.rowCount() == 0
            view.filters.begin.setText("tomorrow?")
            assert view.filters.begin.property("invalid") is True
            assert view.table.rowCount() == 1  # what is no time bounds nothing

    run(story())


@pytest.mark.proves("SEC-48")
def test_the_detail_asks_for_the_value_before_even_when_it_is_not_on_the_screen(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        asked = Asked(station)
        old = entry(
            1, rid=1, etype="incident.field_set", entity="incident 9", summary='{"field":"title","value":"Fan"}'
        )
        new = replace(old, hash="ee" * 32, rid=900, seq=9, summary='{"field":"title","value":"Fan 2"}', reason="typo")
        asked.rows = [old]
        station.deliver(JOURNAL, JournalDelta(True, (replace(new, flags=("unauthorised",), stations=2),)))
        async with Screen(JournalView, station) as screen:
            view = view_of(screen)
            view.list.selectRow(0)
            await until(lambda: "title: Fan → Fan 2" in view.detail.toPlainText())
            told = view.detail.toPlainText()
            assert "Why: typo" in told
            assert "Kept: this PC · 2 stations" in told
            assert "Doubt: not permitted: awaits a countersignature" in told
            assert asked.queries[-1] == JournalQuery(entity="incident 9", before_rid=900, limit=200)
            assert view.table.look(view.table.row_at(0)).is_bold

    run(story())


def test_another_filter_forgets_the_question_that_is_still_asked(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        asked = Asked(station, 3)
        station.deliver(JOURNAL, JournalDelta(True, ()))
        async with Screen(JournalView, station) as screen:
            view = view_of(screen)
            view.ask_older()
            view.filter.set_text("anna")
            await until(lambda: view.table.rowCount() == 3)
            assert asked.queries[-1].text == "anna"
            assert not view.older_button.isEnabled()

    run(story())


@pytest.mark.proves("SEC-61")
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_entries_stand_as_they_are(qtbot: QtBot, station: FakeStation, text: str) -> None:
    async def story() -> None:
        Asked(station)
        station.deliver(JOURNAL, JournalDelta(True, (entry(1, user=text, etype=text, reason=text, summary=text),)))
        async with Screen(JournalView, station) as screen:
            view = view_of(screen)
            view.list.selectRow(0)
            assert view.table.text(view.table.entry_at(0), "who") == text  # type: ignore[arg-type]
            assert f"Why: {text.splitlines()[0]}" in view.detail.toPlainText()

    run(story())


@pytest.mark.parametrize(
    ("text", "is_end", "expected"),
    [
        ("2026-10-25 02:30", False, "2026-10-25T02:30+02:00"),  # twice that night: the first one
        ("29.03.2026 06:00", False, "2026-03-29T06:00+02:00"),
        ("21.11. 06:00:05", False, "2026-11-21T06:00:05+01:00"),
        ("06:00", False, "2026-11-21T06:00+01:00"),
        ("2026-11-20", False, "2026-11-20T00:00+01:00"),
        ("2026-11-20", True, "2026-11-21T00:00+01:00"),
        ("2026-13-20", False, None),
        ("25:00", False, None),
        ("yesterday", False, None),
        ("", True, ""),
    ],
)
def test_a_moment_is_read_in_the_sites_time(text: str, is_end: bool, expected: str | None) -> None:
    set_site_zone("Europe/Berlin")
    try:
        now = datetime(2026, 11, 21, 12, tzinfo=ZoneInfo("Europe/Berlin"))
        found = moment_us(text, round(now.timestamp()) * 1_000_000, is_end=is_end)
    finally:
        set_site_zone("UTC")
    if expected:
        assert found == round(datetime.fromisoformat(expected).timestamp()) * 1_000_000
    else:
        assert found == (None if expected is None else 0)


def test_every_type_of_fact_has_a_word_and_belongs_to_a_kind() -> None:
    assert set(FACTS) <= set(EVENT_WORDS)
    assert [one for one in FACTS if not any(group and is_of_group(one, group) for group, _ in EVENT_GROUPS)] == []
