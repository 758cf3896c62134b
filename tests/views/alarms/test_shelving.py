"""Shelving from the alarm view: what may be, for how long, why; the list of what is shelved; extending in one key."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QCheckBox, QPlainTextEdit
from pytestqt.qtbot import QtBot

from console.domain.alarm_classes import AlarmClass, AlarmSettings, ShelvingRules
from console.domain.alarm_commands import ShelveAlarms, UnshelveAlarms
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmState, Priority
from console.domain.refusal import Refused
from console.models.alarm_table import AlarmTab
from console.services.records import AlarmCounts
from console.services.station import ALARM_COUNTS, ALARMS, AlarmSettingsQuery
from console.ui.actions import ACTIONS
from console.ui.option_row import OptionRow
from console.ui.wall_clock import now_us
from console.views.alarms.view import AlarmsView
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import alarms, condition, shelf
from tests.support.qt_loop import run, until
from tests.support.screens import Screen
from tests.views.alarms.stage import MINUTE, choices, deliver, fill, questions, select, view_of, words_of

SHELVED = int(AlarmFlag.SHELVED)


def remaining(view: AlarmsView, row: int) -> tuple[str, bool, bool]:
    """Text of the remaining time, whether it is bold, whether it is italic."""
    table = view.lists.asides[AlarmTab.SHELVED]
    column = [column.key for column in table.COLUMNS].index("remaining")
    index = table.index(table.position_of(row), column)
    font = index.data(Qt.ItemDataRole.FontRole) or QFont()
    return index.data(), font.weight() > QFont.Weight.Normal, font.italic()


@pytest.mark.proves("ALARM-F23", "ALARM-F25", "ALARM-F26", "ALARM-F76", "ALARM-T20")
@pytest.mark.parametrize("preset", range(6))
def test_the_chosen_time_is_the_time_that_is_asked_for_with_a_reason(
    qtbot: QtBot, station: FakeStation, preset: int
) -> None:
    async def story() -> None:
        fill(station, 3, priority=3)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            select(view, [0, 2])
            screen.press(Qt.Key.Key_S)
            await until(questions)
            (dialog,) = questions()
            assert choices(dialog, "duration") == ["15 min", "30 min", "1 h", "2 h", "4 h", "8 h"]
            assert choices(dialog, "code") == ["chattering", "stands for long", "maintenance", "other reason"]
            assert not dialog.accept_button.isEnabled()  # without a word of why nothing is shelved
            duration, code, reason = (dialog.input(key) for key in ("duration", "code", "reason"))
            assert isinstance(duration, OptionRow) and isinstance(code, OptionRow)
            assert isinstance(reason, QPlainTextEdit)
            seconds = AlarmSettings().shelving.presets_s[preset]
            duration.choose(str(seconds))
            code.choose("maintenance")
            reason.setPlainText("bearing is changed")
            one_shot = dialog.input("one_shot")
            assert isinstance(one_shot, QCheckBox)
            one_shot.setChecked(preset % 2 == 1)
            dialog.accept_button.click()
            await until(lambda: not questions())
        (asked,) = [one for one in station.submitted if isinstance(one, ShelveAlarms)]
        assert (asked.duration_s, asked.reason_code, asked.reason) == (seconds, "maintenance", "bearing is changed")
        assert asked.is_one_shot == (preset % 2 == 1)
        assert {one.condition_id for one in asked.occurrences} == {condition(row).condition_id for row in (0, 2)}

    run(story())


@pytest.mark.proves("ALARM-F24", "ALARM-F27", "ALARM-T34")
def test_only_times_that_every_one_allows_and_what_may_not_is_named_and_left_out(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        classes = {
            "quality": AlarmClass("quality", longest_shelf_s=1800),
            "safety": AlarmClass("safety", is_shelvable=False),
        }
        station.answers[AlarmSettingsQuery] = lambda _query: AlarmSettings(classes=classes)
        known = [
            condition(0),
            replace(condition(1), alarm_class="quality"),
            replace(condition(2), alarm_class="safety"),
            replace(condition(3), is_shelvable=False),
            condition(4),
        ]
        deliver(station, known, priority=[2, 3, 3, 4, Priority.CRITICAL])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            select(view, range(5))
            view.acts.shelve()
            await until(questions)
            (dialog,) = questions()
            assert choices(dialog, "duration") == ["15 min", "30 min"]
            assert "3 of the selection may not be shelved" in words_of(dialog) and "ROB-4" in words_of(dialog)
            dialog.input("reason").setPlainText("why")  # type: ignore[union-attr]
            dialog.accept_button.click()
            await until(lambda: not questions())
            (asked,) = station.submitted
            assert isinstance(asked, ShelveAlarms) and len(asked.occurrences) == 2
            select(view, [4])
            view.acts.shelve()
            await until(lambda: screen.said)
            assert screen.said[-1].startswith("These alarms may not be shelved: ROB-4")

    run(story())


@pytest.mark.proves("ALARM-F29", "ALARM-T40")
def test_nobody_shelves_an_area(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        station.answers[AlarmSettingsQuery] = lambda _query: AlarmSettings(shelving=ShelvingRules(at_once=5))
        fill(station, 8, priority=3)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            view.turn_groups()
            view.lists.shown[1].selectAll()
            view.acts.shelve()
            await until(lambda: screen.said)
            assert "nobody shelves an area" in screen.said[0] and not questions()
            head = [row for row in view.table.shown_rows.tolist() if view.table.groups.is_head(row)]
            view.list.selectRow(view.table.position_of(head[0]))
            assert view.lists.selection() == ()  # the head of an area stands for no alarm
        assert not [one for one in station.submitted if isinstance(one, ShelveAlarms)]
        assert not [spec for spec in ACTIONS if "area" in spec.action_id]

    run(story())


@pytest.mark.proves("ALARM-T40")
def test_return_agrees_to_nothing_when_it_is_about_many(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 4, priority=3)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            for rows, is_default in (([1], True), (range(4), False)):
                select(view, rows)
                view.acts.shelve()
                await until(questions)
                (dialog,) = questions()
                assert (dialog.accept_button.isDefault(), dialog.accept_button.autoDefault()) == (
                    is_default,
                    is_default,
                )
                dialog.reject()
                await until(lambda: not questions())

    run(story())


@pytest.mark.proves("ALARM-F22", "ALARM-F32", "ALARM-F19")
def test_the_shelved_list_tells_who_where_why_since_when_and_how_long(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        now = now_us()
        records = shelf(now + 90 * MINUTE, since_us=now - MINUTE, times=2, is_one_shot=True)
        fill(station, 3, flags=[0, SHELVED, 0], aside={1: records}, state=[1, AlarmState.ACKNOWLEDGED, 1])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            assert view.table.tab_count(AlarmTab.ACTIVE) == 2  # what is shelved has left the list
            view.show_tab(AlarmTab.SHELVED)
            table = view.lists.asides[AlarmTab.SHELVED]
            assert table.rowCount() == 1
            told = {column.key: table.cell(1, column.key) for column in table.COLUMNS}
            assert (told["who"], told["workstation"], told["reason"]) == (
                "Otto Ohm",
                "A1",
                "chattering · sensor is loose",
            )
            assert (told["times"], told["state"]) == ("×2", "active, acknowledged")
            assert told["remaining"] == "1:29 h · or its return"
            assert told["since"]

    run(story())


@pytest.mark.proves("ALARM-F31", "ALARM-F33", "ALARM-F76")
def test_a_shelf_that_ends_soon_asks_for_attention_and_one_key_extends_it(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        now = now_us()
        aside = {
            0: shelf(now + 3 * MINUTE, since_us=now - 27 * MINUTE),
            1: shelf(now + 60 * MINUTE, since_us=now),
            2: shelf(now - MINUTE, since_us=now - 16 * MINUTE),
        }
        fill(station, 3, priority=3, flags=SHELVED, aside=aside, state=[0, 1, 1])
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            await until(lambda: "2 end soon" in view.tabs._buttons[AlarmTab.SHELVED].text())
            view.show_tab(AlarmTab.SHELVED)
            assert [view.lists.shown[0].row_at(place) for place in range(3)] == [2, 0, 1]  # what ends first
            assert remaining(view, 0)[0].endswith("ends soon") and remaining(view, 0)[1]
            assert remaining(view, 1)[1:] == (False, False)
            assert remaining(view, 2) == ("over", False, True)
            select(view, [0])
            screen.press(Qt.Key.Key_E)
            await until(lambda: station.submitted)
            (asked,) = station.submitted
            assert isinstance(asked, ShelveAlarms)
            assert (asked.duration_s, asked.reason_code, asked.reason) == (1800, "chattering", "sensor is loose")
            assert asked.occurrences[0].start_us == 0  # it is normal now: shelved for what is to come
            await until(lambda: screen.said)
            assert screen.said == ["1 alarm is shelved for 30 min from now on."]

    run(story())


@pytest.mark.proves("ALARM-F19")
def test_unshelving_names_the_selected_ones_only_and_is_offered_only_there(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        later = now_us() + 60 * MINUTE
        fill(station, 4, priority=3, flags=[0, SHELVED, SHELVED, 0], aside={1: shelf(later), 2: shelf(later)})
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            assert "alarm.unshelve" not in view.action_handlers()
            view.show_tab(AlarmTab.SHELVED)
            assert "alarm.acknowledge" not in view.action_handlers()
            select(view, [2])
            screen.press(Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
            await until(lambda: station.submitted)
        assert station.submitted == [UnshelveAlarms((condition(2).condition_id,))]

    run(story())


@pytest.mark.proves("ALARM-F28", "ALARM-F41")
def test_a_refused_shelving_says_why_in_its_dialog_and_nothing_typed_is_lost(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        fill(station, 2, priority=3)
        station.refusals[ShelveAlarms] = Refused("You have {n} alarms shelved already", n=20)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            select(view, [0])
            view.acts.shelve()
            await until(questions)
            (dialog,) = questions()
            dialog.input("reason").setPlainText("it rattles")  # type: ignore[union-attr]
            dialog.accept_button.click()
            await until(lambda: "20 alarms shelved" in words_of(dialog))
            assert dialog.answers()["reason"] == "it rattles"
            dialog.reject()

    run(story())


@pytest.mark.proves("ALARM-T3", "ALARM-F50")
def test_the_dialog_shelves_what_was_selected_when_it_was_opened(qtbot: QtBot, station: FakeStation) -> None:
    async def story() -> None:
        fill(station, 3, priority=3)
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            select(view, [1])
            seen = view.lists.selection()[0].occurrence
            view.acts.shelve()
            await until(questions)
            (dialog,) = questions()
            station.deliver(ALARMS, alarms([1], priority=3, start_us=now_us()))  # it comes anew meanwhile
            view.table.flush()
            dialog.input("reason").setPlainText("why")  # type: ignore[union-attr]
            dialog.accept_button.click()
            await until(lambda: station.submitted)
        assert station.submitted[0].occurrences == (seen,)  # type: ignore[attr-defined]

    run(story())


@pytest.mark.proves("ALARM-T17", "ALARM-F22")
def test_the_tabs_count_what_their_lists_show_as_soon_as_the_alarms_are_known(
    qtbot: QtBot, station: FakeStation
) -> None:
    async def story() -> None:
        station.deliver(ALARM_COUNTS, AlarmCounts(shelved=1, out_of_service=2, suppressed=2))
        async with Screen(AlarmsView, station) as screen:
            view = view_of(screen)
            aside = (AlarmTab.SHELVED, AlarmTab.OUT_OF_SERVICE, AlarmTab.SUPPRESSED)
            assert [view.tabs.count(tab) for tab in aside] == [1, 2, 2]
            assert view.tabs.count(AlarmTab.ACTIVE) is None
            out, masked, by_rule = AlarmFlag.OUT_OF_SERVICE, AlarmFlag.MASKED, AlarmFlag.SUPPRESSED
            flags = [SHELVED, out, out | SHELVED, masked | SHELVED, by_rule, 0]
            fill(station, 6, flags=[int(flag) for flag in flags], state=[0, 1, 2, 3, 1, 1])
            view.table.flush()
            expected = dict(zip(AlarmTab, (1, 1, 1, 2, 2), strict=True))
            for tab in AlarmTab:
                view.show_tab(tab)
                assert view.tabs.count(tab) == view.lists.shown[0].rowCount() == expected[tab]

    run(story())
