"""Filtering the alarm list: what passes, how many are hidden, and filters that a person keeps by name."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmState
from console.domain.commands import SavePreference
from console.models.alarm_filter import AlarmFilter, filters_of, filters_text
from console.models.alarm_table import AlarmTab
from console.services.records import SessionRecord
from console.services.station import SESSION, PreferencesQuery
from console.ui.wall_clock import now_us
from console.views.alarms.kept_filters import PREFERENCE
from console.views.alarms.view import AlarmsView
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import condition, shelf
from tests.support.qt_loop import run, until
from tests.support.screens import Screen
from tests.views.alarms.stage import MINUTE, deliver, fill, questions, view_of

texts = st.text(max_size=20)
filters = st.builds(
    AlarmFilter,
    texts,
    st.frozensets(st.integers(1, 4)),
    st.frozensets(st.sampled_from(["new", "acknowledged", "returned", "latched"])),
    st.frozensets(texts, max_size=3),
    st.frozensets(texts, max_size=3),
)


@given(st.dictionaries(texts, filters, max_size=3))
def test_kept_filters_come_back_as_they_were(kept: dict[str, AlarmFilter]) -> None:
    assert filters_of(filters_text(kept)) == kept


@given(
    st.text(max_size=40)
    | st.recursive(
        st.none() | st.integers() | texts, lambda x: st.lists(x) | st.dictionaries(texts, x), max_leaves=6
    ).map(json.dumps)
)
def test_a_foreign_preference_never_breaks_the_view(text: str) -> None:
    for one in filters_of(text).values():
        assert isinstance(one, AlarmFilter)


@pytest.mark.proves("ALARM-F49")
def test_priority_state_area_and_class_pass_together_and_the_rest_is_counted(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        known = [
            replace(
                condition(row, area="Paint" if row < 6 else "Press shop"),
                alarm_class="safety" if row % 2 else "standard",
            )
            for row in range(12)
        ]
        states = [AlarmState.UNACKNOWLEDGED if row % 3 else AlarmState.ACKNOWLEDGED for row in range(12)]
        deliver(station, known, priority=[row % 4 + 1 for row in range(12)], state=states)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            wanted = AlarmFilter(
                priorities=frozenset({2, 4}),
                states=frozenset({"new"}),
                areas=frozenset({"Paint"}),
                classes=frozenset({"safety"}),
            )
            view.choose_whole(wanted)
            expected = {row for row in range(6) if row % 2 and row % 3 and row % 4 + 1 in {2, 4}}
            assert set(view.table.shown_rows.tolist()) == expected
            words = view.filter.clear_button.text()
            assert words.startswith("Only priority 2, 4 · active, unacknowledged · Paint · safety · ")
            assert f"{12 - len(expected)} hidden" in words
            view.filter.clear_button.click()
            assert view.table.rowCount() == 12 and view.table.filter.is_empty

    run(story())


@pytest.mark.proves("ALARM-F49")
def test_the_menu_offers_what_there_is_and_each_tick_filters_at_once(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        deliver(
            station, [condition(0, area="A & B"), condition(1, area="C"), condition(2, area="C")], priority=[1, 2, 3]
        )
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            menu = view.head.menu

            def action(text: str) -> object:
                menu.fill()
                every = [
                    one
                    for part in (menu.menu(), *menu.menu().findChildren(type(menu.menu())))
                    for one in part.actions()
                ]
                return next(one for one in every if one.text() == text)

            action("1 critical").trigger()  # type: ignore[attr-defined]
            assert view.table.shown_rows.tolist() == [0]
            action("3 medium").trigger()  # type: ignore[attr-defined]
            assert set(view.table.shown_rows.tolist()) == {0, 2}
            action("A && B").trigger()  # type: ignore[attr-defined]
            assert view.table.shown_rows.tolist() == [0]
            assert action("A && B").isChecked()  # type: ignore[attr-defined]

    run(story())


@pytest.mark.proves("ALARM-F49")
def test_a_filter_is_kept_by_name_for_the_person_at_every_station(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        mine = {"my presses": AlarmFilter(text="press", priorities=frozenset({1}))}
        station.answers[PreferencesQuery] = lambda _query: {PREFERENCE: filters_text(mine)}
        fill(station, 4)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            station.deliver(SESSION, SessionRecord("u1", "olga", "Olga", ("operator",), 0))
            await until(lambda: view.head.menu.kept == mine)
            view.head.menu.chosen.emit(mine["my presses"])
            assert (view.filter.text(), view.table.filter) == ("press", mine["my presses"])
            view.choose_whole(AlarmFilter(text="rob-2"))
            view.head.menu.save_asked.emit()
            await until(questions)
            questions()[0].input("name").setText("robot two")  # type: ignore[union-attr]
            questions()[0].accept_button.click()
            await until(lambda: "robot two" in view.kept.filters)
            view.head.menu.drop_asked.emit("my presses")
            await until(lambda: list(view.kept.filters) == ["robot two"])
        saved = [one for one in station.submitted if isinstance(one, SavePreference)]
        assert [one.key for one in saved] == [PREFERENCE, PREFERENCE]
        assert filters_of(saved[-1].value) == {"robot two": AlarmFilter(text="rob-2")}

    run(story())


@pytest.mark.proves("ALARM-F49", "ALARM-F50")
def test_the_filter_holds_in_every_list_and_comes_back_with_the_layout(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        later = now_us() + 60 * MINUTE
        flags = [0, 0, int(AlarmFlag.SHELVED), int(AlarmFlag.SHELVED)]
        fill(station, 4, flags=flags, aside={2: shelf(later), 3: shelf(later)})
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.choose_whole(AlarmFilter(text="rob-3", classes=frozenset({"standard"})))
            view.show_tab(AlarmTab.SHELVED)
            assert view.lists.shown[0].rowCount() == 1
            assert "1 hidden" in view.filter.clear_button.text()
            kept = json.loads(json.dumps(view.save_state()))
        async with Screen(AlarmsView, station) as again:
            view = view_of(again)
            view.restore_state(kept)
            assert (view.lists.tab, view.filter.text()) == (AlarmTab.SHELVED, "rob-3")
            assert view.table.filter.classes == {"standard"}
            assert view.lists.shown[0].rowCount() == 1

    run(story())
