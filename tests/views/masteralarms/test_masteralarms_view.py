"""Alarm rationalization at the window: from a rule without a record to an approved one, files, differences, rights."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from console.domain import master_commands as ma
from console.domain.alarms import Priority
from console.services import station as s
from console.ui.dialogs import QuestionDialog
from console.ui.signing import SignatureDialog
from console.ui.theme import theme
from console.ui.translation import set_language
from console.views.masteralarms.files import PreviewDialog
from console.views.masteralarms.view import MasterAlarmsView
from tests.support.desk import PASSWORD
from tests.support.fake_station import FakeStation
from tests.support.hostile import HOSTILE
from tests.support.master_plant import PRESSURE, WHOLE, swap
from tests.support.master_seam import MasterPlant, MasterSeam
from tests.support.qt_loop import run, until
from tests.support.screens import Screen

LL = "oil-pressure/LL"
Story = Callable[[Screen, MasterAlarmsView, MasterSeam], Awaitable[None]]


def at(tmp_path: Path, login: str, story: Story, before: Callable[[MasterSeam], Awaitable[None]] | None = None) -> None:
    async def day() -> None:
        async with MasterSeam(tmp_path) as seam:
            if before is not None:
                await before(seam)
            if login:
                await seam.plant.signed_on(login)
            seam.begin()
            async with Screen(MasterAlarmsView, seam) as screen:
                view = screen.view
                assert isinstance(view, MasterAlarmsView)
                await until(lambda: view.words.is_known)
                view.list.setFocus()
                await story(screen, view, seam)
                await until(lambda: not len(view.files.errands))

    run(day())


def select(view: MasterAlarmsView, *keys: str) -> None:
    view.table.flush()
    view.list.clearSelection()
    for key in keys:
        place = view.table.position_of_key(key)
        assert place >= 0, key
        view.list.selectionModel().select(
            view.table.index(place, 0),
            view.list.selectionModel().SelectionFlag.Select | view.list.selectionModel().SelectionFlag.Rows,
        )


async def shown(kind: type) -> Any:
    def visible() -> list[Any]:
        return [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]

    await until(visible)
    return visible()[0]


def fill(form: Any, **texts: str) -> None:
    for name, text in texts.items():
        made = form.inputs[name]
        if isinstance(made, QComboBox):
            made.setCurrentIndex(made.findData(text))
        elif isinstance(made, QPlainTextEdit):
            made.setPlainText(text)
        else:
            assert isinstance(made, QLineEdit)
            made.setText(text)


def state_in_sight(view: MasterAlarmsView, key: str) -> str:
    view.table.flush()
    record = view.table.record(key)
    return record.state if record is not None else "?"


def shown_keys(view: MasterAlarmsView) -> list[str]:
    view.table.flush()
    return [view.table.record_at(row).key for row in range(view.table.rowCount())]  # type: ignore[union-attr]


@pytest.mark.proves("ALARM-F68")
def test_a_rule_is_rationalized_and_the_priority_follows_while_one_types(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: MasterAlarmsView, seam: MasterSeam) -> None:
        view.show_tab("none")
        assert shown_keys(view) == ["door-open", "oil-pressure/L", LL]
        select(view, LL)
        screen.press(Qt.Key.Key_Return)
        await until(lambda: view.form is not None)
        form = view.form
        assert form is not None
        assert form.values()["limit"] == "3", "the rule in force is where one begins"
        words = {name: text for name, text in WHOLE.items() if name not in ("severity", "time_to_respond_s")}
        fill(form, **words, severity="severe")
        assert form.matrix_table.cell is None
        fill(form, time_to_respond_s="601")
        assert form.matrix_table.cell == ("severe", 2)
        assert form.priority.text() == "Priority 2"
        fill(form, limit="three")
        form.save_button.click()
        await until(lambda: "This is no number: three" in form.notice.text())
        fill(form, limit="3", time_to_respond_s="120")
        form.save_button.click()
        await until(lambda: view.form is None)
        assert seam.plant.master.record(LL).values == WHOLE
        view.show_tab("work")
        assert shown_keys(view) == [LL]

    at(tmp_path, "emil", story)


@pytest.mark.proves("ALARM-F68")
def test_a_record_is_submitted_by_one_and_signed_by_another(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: MasterAlarmsView, seam: MasterSeam) -> None:
        await seam.plant.written(LL)
        seam.tell()
        select(view, LL)
        screen.press(Qt.Key.Key_R)
        await until(lambda: state_in_sight(view, LL) == "in_review")
        assert "Somebody else must approve" in view.bar.actions_of["master.approve"].toolTip()
        await seam.plant.signed_on("lena")
        screen.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        dialog = await shown(SignatureDialog)
        dialog.secret.setText(PASSWORD)
        dialog.sign_button.click()
        await until(lambda: state_in_sight(view, LL) == "approved")
        assert view.detail.review.texts()[:3] == ["State", "approved", "Last step"]

    at(tmp_path, "emil", story)


def test_a_record_is_sent_back_only_with_a_reason(qtbot: QtBot, tmp_path: Path) -> None:
    async def before(seam: MasterSeam) -> None:
        await seam.plant.signed_on("emil")
        await seam.plant.written(LL)
        await seam.submit(ma.SubmitMasterAlarms((LL,)))

    async def story(screen: Screen, view: MasterAlarmsView, seam: MasterSeam) -> None:
        select(view, LL)
        screen.press(Qt.Key.Key_B)
        dialog = await shown(QuestionDialog)
        assert not dialog.accept_button.isEnabled()
        dialog.input("reason").setPlainText("which pump?")
        dialog.accept_button.click()
        await until(lambda: state_in_sight(view, LL) == "draft")
        assert "which pump?" in view.detail.review.texts()

    at(tmp_path, "lena", story, before)


@pytest.mark.parametrize(("login", "words"), [("olga", "Only engineers"), ("", "Sign on first")])
def test_everybody_may_look_and_who_may_not_act_is_told_why(
    qtbot: QtBot, tmp_path: Path, login: str, words: str
) -> None:
    async def story(screen: Screen, view: MasterAlarmsView, seam: MasterSeam) -> None:
        select(view, LL)
        assert not view.detail.isHidden()
        action = view.bar.actions_of["master.edit"]
        assert not action.isEnabled() and words in action.toolTip()
        screen.press(Qt.Key.Key_Return)
        assert view.form is None

    at(tmp_path, login, story)


@pytest.mark.proves("ALARM-F69")
def test_what_was_changed_behind_the_records_back_is_announced_and_listed(qtbot: QtBot, tmp_path: Path) -> None:
    async def before(seam: MasterSeam) -> None:
        await seam.plant.approved(LL)

    async def story(screen: Screen, view: MasterAlarmsView, seam: MasterSeam) -> None:
        assert view.notice.isHidden()
        seam.plant.master.set_rules((replace(PRESSURE, ll=2.5, priority=Priority.LOW),))
        seam.tell()
        view.table.flush()
        assert not view.notice.isHidden()
        assert "2 settings in force" in view.notice.text()
        view.show_tab("differences")
        rows = [[view.audit.data(view.audit.index(r, c)) for c in range(5)] for r in range(view.audit.rowCount())]
        assert rows[0] == [LL, "setting is not as approved", "Limit", "3", "2.5"]
        assert rows[1][2:] == ["Priority", "1", "4"]
        view.audit_list.selectRow(0)
        assert view.detail.heading.text() == LL
        seam.plant.master.set_rules((PRESSURE,))
        seam.tell()
        assert view.notice.isHidden()

    at(tmp_path, "olga", story, before)


@pytest.mark.proves("ALARM-F68")
def test_a_file_is_looked_at_before_it_is_imported_and_can_be_taken_back(qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "records.csv"
    file.write_text("rule;band;response\noil-pressure;LL;Run\ndoor-open;;Shut it\n", encoding="utf-8")

    async def story(screen: Screen, view: MasterAlarmsView, seam: MasterSeam) -> None:
        view.files.begin_import(str(file))
        dialog = await shown(PreviewDialog)
        assert "2 rows: 2 new records, 0 changed ones" in dialog.summary.text()
        assert "oil-pressure/LL · Response: – → Run" in dialog.lines.toPlainText()
        assert seam.plant.master.records() == {}
        dialog.import_button.click()
        await until(lambda: seam.plant.master.record(LL) is not None)
        await until(lambda: screen.said)
        assert screen.said[-1] == "2 records imported from records.csv."
        view.bar.actions_of["master.undo"].trigger()
        question = await shown(QuestionDialog)
        question.input("reason").setPlainText("wrong list")
        question.accept_button.click()
        await until(lambda: seam.plant.master.records() == {})
        await until(lambda: not view.bar.actions_of["master.undo"].isEnabled())

    at(tmp_path, "emil", story)


@pytest.mark.proves("ALARM-F68")
def test_a_wrong_file_shows_every_wrong_row_and_cannot_be_imported(qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "records.csv"
    file.write_text("rule;limit;severity\na;high;\nb;1;awful\n", encoding="utf-8")

    async def story(screen: Screen, view: MasterAlarmsView, seam: MasterSeam) -> None:
        view.files.begin_import(str(file))
        dialog = await shown(PreviewDialog)
        assert dialog.lines.toPlainText().splitlines() == [
            "Row 2, Limit: This is no number: high",
            "Row 3, Severity: The consequence is minor, major or severe: awful",
        ]
        assert not dialog.import_button.isEnabled()
        dialog.close_button.click()
        await until(lambda: not view.files.is_running)
        view.files.begin_import(str(tmp_path / "nothing.csv"))
        await until(lambda: screen.said)
        assert "cannot be read" in screen.said[-1]

    at(tmp_path, "emil", story)


@pytest.mark.proves("ALARM-F69", "ALARM-T38")
def test_an_export_says_how_many_rows_it_wrote(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: MasterAlarmsView, seam: MasterSeam) -> None:
        file = tmp_path / "audit.csv"
        view.files.begin_export(str(file), differences=True)
        await until(lambda: screen.said)
        assert screen.said[-1].startswith("3 rows exported")
        assert len(file.read_text(encoding="utf-8-sig").splitlines()) == 4

    at(tmp_path, "olga", story)


def test_the_filter_finds_by_any_word_and_says_how_many_it_hides(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: MasterAlarmsView, seam: MasterSeam) -> None:
        view.filter.set_text("hydraulics oil")
        assert shown_keys(view) == ["oil-pressure/L", LL]
        assert "1 hidden" in view.filter.clear_button.text()

    at(tmp_path, "olga", story)


def test_both_values_of_a_conflict_are_shown_and_saving_settles_it(qtbot: QtBot, tmp_path: Path) -> None:
    async def before(seam: MasterSeam) -> None:
        with MasterPlant(tmp_path / "other", "B2", 2) as other:
            await other.start()
            await seam.plant.approved(LL)
            await seam.plant.meet(other)
            await other.meet(seam.plant)
            await seam.plant.signed_on("emil")
            await other.signed_on("erna")
            await seam.plant.submit(ma.SetMasterAlarm(LL, (("response", "Close V1"),)))
            await other.submit(ma.SetMasterAlarm(LL, (("response", "Close V2"),)))
            swap(seam.plant, other)

    async def story(screen: Screen, view: MasterAlarmsView, seam: MasterSeam) -> None:
        select(view, LL)
        text = " ".join(view.detail.disputes.texts())
        assert "Close V1" in text and "Close V2" in text and "Erna" in text
        screen.press(Qt.Key.Key_Return)
        await until(lambda: view.form is not None)
        assert view.form is not None
        view.form.save_button.click()
        await until(lambda: seam.plant.master.record(LL).disputed == ())

    at(tmp_path, "emil", story, before)


def test_a_new_record_for_an_area_is_written(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: MasterAlarmsView, seam: MasterSeam) -> None:
        screen.press(Qt.Key.Key_Insert)
        await until(lambda: view.form is not None)
        form = view.form
        assert form is not None
        form.save_button.click()
        await until(lambda: "no id of an alarm rule" in form.notice.text())
        form.rule.setText("@Press shop")
        fill(form, response="Call the shift lead")
        form.save_button.click()
        await until(lambda: view.form is None)
        assert seam.plant.master.record("@Press shop").values == {"response": "Call the shift lead"}

    at(tmp_path, "emil", story)


def test_the_view_speaks_german_and_shows_hostile_texts_as_text(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: MasterAlarmsView, seam: MasterSeam) -> None:
        for number, text in enumerate(HOSTILE):
            clean = "".join(sign for sign in text if sign.isprintable())[:100].strip()
            if clean:
                await seam.submit(ma.SetMasterAlarm(f"rule-{number}", (("response", clean),)))
        view.table.flush()
        view.list.selectAll()
        select(view, "rule-0")
        screen.window.grab()
        set_language("de")
        theme().changed.emit()
        assert view.heading.text() == "Alarmrationalisierung"
        assert view.tabs.buttons["none"].text().startswith("Nicht rationalisiert")
        set_language("en")
        theme().changed.emit()

    at(tmp_path, "emil", story)


def test_nothing_is_claimed_before_the_station_told_it(qtbot: QtBot) -> None:
    async def day() -> None:
        station = FakeStation()
        async with Screen(MasterAlarmsView, station) as screen:
            view = screen.view
            assert isinstance(view, MasterAlarmsView)
            assert "starting" in view.list.empty_text
            assert view.tabs.buttons["all"].text().endswith("–")
            station.deliver(s.MASTER, s.MasterDelta(True))
            view.table.flush()
            assert "No alarm rule" in view.list.empty_text

    run(day())


def test_the_tab_and_the_columns_are_kept(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(screen: Screen, view: MasterAlarmsView, seam: MasterSeam) -> None:
        view.show_tab("work")
        kept = view.save_state()
        view.show_tab("all")
        view.restore_state(kept)
        assert view.tab == "work"
        view.restore_state({"tab": "none of them", "table": 7, "splitter": "x"})
        assert view.tab == "work"

    at(tmp_path, "olga", story)
