"""Beside the pens of a trend: events to click, ghosts of other days, rows of states, annotations, groups, pictures."""

import asyncio
import json
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from console.domain.alarms import Occurrence
from console.domain.history.annotations import AddAnnotation, EditAnnotation, WithdrawAnnotation
from console.domain.history.export_commands import ExportTrend
from console.domain.history.pen_groups import DeletePenGroup, SavePenGroup
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.models.trend_comparison import Distance
from console.services.history_records import StateColumns
from console.services.records import ExportRecord, JournalRow, SessionRecord, TrendColumns
from console.services.station import (
    ALARMS,
    ANNOTATIONS,
    PEN_GROUPS,
    SESSION,
    TAGS,
    TREND_FILES,
    AlarmSpansQuery,
    JournalQuery,
    StateQuery,
    TrendQuery,
)
from console.services.story_records import PastAlarm, PastSpans
from console.services.trend_records import (
    AnnotationRecord,
    AnnotationsDelta,
    NoteVersion,
    PenGroupRecord,
    PenGroupsDelta,
    PensVersion,
)
from console.ui.actions import ActionSet
from console.ui.dialogs import QuestionDialog
from console.ui.theme import theme
from console.ui.translation import set_language
from console.ui.trend_marks import Marker, MarkerKind
from console.ui.view import Selection, ViewContext
from console.views.trends.picture import draw_on_page
from console.views.trends.view import TrendsView
from tests.support.fake_station import FakeStation
from tests.support.plant_rows import SITE, T0, alarms, condition, tag, tag_values

S = 1_000_000
NOW = T0 + 3600 * S
DAY = 86_400 * S
HOSTILE = "<img src=x onerror=alert(1)>"
OLGA = SessionRecord("u1", "olga", "Olga", ("operator",), NOW)
HEAD = "ab" * 32


class Desk:
    def __init__(self, qtbot):
        self.station = FakeStation()
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.went, self.said, self.asked = [], [], []
        self.tags = [
            tag(0, "oil pressure"),
            tag(1, "air pressure"),
            Tag(2, UUID(int=302), SITE, TagSource("plant", "P", "N", "", "door"), ValueType.BOOLEAN),
            Tag(3, UUID(int=303), SITE, TagSource("plant", "P", "N", "", HOSTILE), ValueType.STRING),
        ]
        self.station.deliver(TAGS, tag_values(range(4), added=self.tags, is_snapshot=True))
        own = replace(condition(0), tag_id=self.tags[0].tag_id)
        self.station.deliver(ALARMS, alarms([0], conditions=[own], is_snapshot=True, start_us=NOW - 300 * S))
        self.station.answers |= {
            TrendQuery: self.trend,
            StateQuery: self.states,
            AlarmSpansQuery: self.past,
            JournalQuery: lambda _query: (
                JournalRow("cd" * 32, UUID(int=1), 1, NOW - 100 * S, "K1", "Emil", "site.file_applied", "site x", "{}"),
            ),
        }
        self.station.deliver(SESSION, OLGA)
        context = ViewContext(
            self.station,
            ActionSet(self.window),
            lambda *a: self.went.append(a),
            lambda _widget, text: self.said.append(text),
        )
        self.view = TrendsView(context, now_us=lambda: NOW)
        qtbot.addWidget(self.view)
        self.view.resize(1300, 800)
        self.view.show()
        self.beside = self.view.extras["beside"]

    def trend(self, query):
        self.asked.append(query)
        at = np.arange(query.from_us, min(query.to_us, NOW), 10 * S, dtype=np.int64)
        value = 5 + np.sin(at / S / 50)
        return tuple(TrendColumns(i, at, value, value, value, np.ones(at.size, bool), True) for i in query.tag_ids)

    def states(self, query):
        self.asked.append(query)
        middle = (query.from_us + query.to_us) // 2
        edges = np.array([query.from_us, middle]), np.array([middle, query.to_us])
        both = (np.array([1.0, np.nan]), np.array([0, 3], np.uint8), np.zeros(2, bool))
        return tuple(StateColumns(i, *edges, *both, (), 0.0, 0.0, 0.0, {1: "auto"}) for i in query.tag_ids)

    def past(self, _query):
        alarm = PastAlarm(condition(0).condition_id, "Oil pressure low", "Press 1", "")
        columns = ([NOW - 600 * S], [NOW - 500 * S], [2])
        return PastSpans((alarm,), np.array([0], np.int32), *(np.array(column) for column in columns))

    def annotate(self, *records):
        self.station.deliver(ANNOTATIONS, AnnotationsDelta(True, records))

    def share(self, *groups):
        self.station.deliver(PEN_GROUPS, PenGroupsDelta(True, groups))

    def pens(self):
        return [row.tag.handle for row in self.view.model.rows]

    async def answer(self, **answers):
        """Fill the open question in and press its primary button."""
        dialog = await self.question()
        for key, value in answers.items():
            field = dialog.input(key)
            if isinstance(field, QPlainTextEdit):
                field.setPlainText(value)
            elif isinstance(field, QLineEdit):
                field.setText(value)
            elif hasattr(field, "setChecked"):
                field.setChecked(bool(value))
            else:
                field.setCurrentIndex(field.findData(value))
        dialog.accept_button.click()
        await settled()

    async def question(self):
        for _ in range(200):
            found = [one for one in self.view.findChildren(QuestionDialog) if one.isVisible()]
            if found:
                return found[0]
            await asyncio.sleep(0.005)
        raise AssertionError("nothing was asked")


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def desk(qtbot):
    made = Desk(qtbot)
    yield made
    made.view.close_view()
    set_language("en")
    theme().use("light")


def run(story):
    asyncio.run(story)


def note(number=1, text="Filter changed", **changes):
    version = NoteVersion(HEAD, "Olga", NOW - 50 * S, NOW - 200 * S, NOW - 200 * S, text)
    known = {
        "annotation_id": UUID(int=number),
        "from_us": NOW - 200 * S,
        "to_us": NOW - 200 * S,
        "text": text,
        "tag_ids": (),
        "asset_ids": (),
        "author": "Olga",
        "author_id": "u1",
        "added_us": NOW - 50 * S,
        "changed_by": "Olga",
        "changed_us": NOW - 50 * S,
        "heads": (HEAD,),
        "earlier": (version,),
    }
    return AnnotationRecord(**{**known, **changes})


def group(number=1, name="Cell 4", **changes):
    known = {
        "group_id": UUID(int=number),
        "name": name,
        "is_shared": True,
        "tag_ids": (),
        "look": "",
        "owner": "Lena",
        "owner_id": "u9",
        "changed_by": "Lena",
        "changed_us": NOW,
        "heads": (HEAD,),
    }
    return PenGroupRecord(**{**known, **changes})


# events


def test_alarms_changes_shifts_and_annotations_stand_on_the_time_axis_and_open_their_records(desk):
    async def story():
        desk.view.add_pen(0)
        desk.annotate(note())
        desk.beside.events.marks.look(*desk.view.plot.window_us)
        await settled()
        found = {}
        for marker in desk.beside.events.markers.visible():
            found.setdefault(marker.kind, []).append(marker)
        assert [one.at_us for one in found[MarkerKind.ALARM]] == [NOW - 600 * S, NOW - 300 * S]
        assert found[MarkerKind.ANNOTATION][0].text == "Olga: Filter changed"
        assert found[MarkerKind.CHANGE][0].text == "Emil: applied a site file"
        strip = desk.beside.events.strip
        strip.opened.emit(found[MarkerKind.ALARM][1])
        strip.opened.emit(found[MarkerKind.CHANGE][0])
        strip.opened.emit(Marker(MarkerKind.INCIDENT, NOW, "INC 1", UUID(int=5)))
        occurrence = Occurrence(condition(0).condition_id, NOW - 300 * S)
        assert desk.went[0] == ("alarms", Selection(occurrence=occurrence, at_us=occurrence.start_us))
        assert desk.went[1][0] == "journal"
        assert desk.went[2] == ("incidents", Selection(incident_id=UUID(int=5)))
        strip.opened.emit(found[MarkerKind.ANNOTATION][0])
        assert desk.beside.annotations.selected == note()
        assert desk.beside.side.isVisible()

    run(story())


def test_alarms_of_other_tags_are_marked_only_when_the_whole_site_is_wanted(desk):
    async def story():
        desk.view.add_pen(1)
        desk.beside.events.marks.look(*desk.view.plot.window_us)
        await settled()
        kinds = {one.kind for one in desk.beside.events.markers.visible()}
        assert MarkerKind.ALARM not in kinds
        desk.beside.events.show_all(True)
        assert MarkerKind.ALARM in {one.kind for one in desk.beside.events.markers.visible()}

    run(story())


def test_an_alarm_that_ends_while_one_looks_on_stays_marked(desk):
    async def story():
        desk.view.add_pen(0)
        desk.station.answers[AlarmSpansQuery] = lambda _query: PastSpans()
        desk.beside.events.marks.look(*desk.view.plot.window_us)
        await settled()
        desk.station.deliver(ALARMS, alarms([0], state=0, start_us=NOW - 300 * S))
        desk.beside.events.marks.flush()
        found = [one for one in desk.beside.events.markers.visible() if one.kind is MarkerKind.ALARM]
        assert [one.at_us for one in found] == [NOW - 300 * S]

    run(story())


def test_a_window_with_more_alarms_than_are_looked_at_says_so(desk):
    async def story():
        desk.view.add_pen(0)
        one = PastAlarm(condition(0).condition_id, "Oil pressure low", "Press 1", "")
        many = np.arange(10_000) + NOW - 600 * S
        spans = PastSpans((one,), np.zeros(10_000, np.int32), many, many + 1, np.full(10_000, 2))
        desk.station.answers[AlarmSpansQuery] = lambda _query: spans
        desk.beside.events.marks.look(*desk.view.plot.window_us)
        await settled()
        assert not desk.beside.events.marks.is_whole
        assert "newest 10,000" in desk.beside.events.strip._note

    run(story())


def test_kinds_of_events_are_switched_off_and_stay_so(desk):
    desk.view.add_pen(0)
    act = next(one for one in desk.beside.events.menu().actions() if one.text() == "Shifts")
    act.toggle()
    state = desk.beside.save_state()
    assert "shift" not in state["events"]["shown"]
    desk.beside.events.show_kind(MarkerKind.SHIFT, True)
    desk.beside.restore_state(json.loads(json.dumps(state)))
    assert MarkerKind.SHIFT not in desk.beside.events.markers.shown


# comparison


def test_yesterday_is_drawn_under_the_pens_from_its_own_history(desk):
    async def story():
        desk.view.add_pen(0)
        await settled()
        desk.asked.clear()
        desk.beside.compare.choose(Distance(1))
        await settled()
        asked = [one for one in desk.asked if isinstance(one, TrendQuery)]
        assert any(one.to_us < NOW - DAY // 2 for one in asked)
        (item,) = desk.view.plot.spans
        ghost, own = item.curves
        assert (ghost.is_ghost, own.is_ghost, own.key) == (True, False, 0)
        window = desk.view.plot.shown
        columns = ghost.source.columns(window.edges(0, window.width), window.until_us)
        assert not np.isnan(columns.low[: window.width // 2]).any()
        assert desk.beside.compare.button.text() == "Compare: Yesterday"
        desk.beside.compare.choose(None)
        assert [curve.key for curve in desk.view.plot.spans[0].curves] == [0]

    run(story())


def test_a_free_distance_is_typed_and_nonsense_is_refused(desk):
    async def story():
        desk.view.add_pen(0)
        work = asyncio.ensure_future(desk.beside.compare.ask_distance())
        await desk.answer(n="1,5", unit="h")
        await work
        assert desk.beside.compare.comparison.distance == Distance(exact_us=5400 * S)
        assert desk.beside.compare.name() == "90 min earlier"
        work = asyncio.ensure_future(desk.beside.compare.ask_distance())
        await desk.answer(n="soon")
        await work
        assert "no length of time" in desk.said[-1]

    run(story())


# states


def test_yes_no_and_text_tags_become_rows_of_states_with_their_words(desk):
    async def story():
        assert desk.view.add_pen(2)
        assert desk.view.add_pen(3)
        await settled()
        assert desk.pens() == []
        assert desk.view._stack.currentIndex() == 1  # the time axis is there without a pen
        door, mode = (desk.beside.states.strip(handle) for handle in (2, 3))
        assert [run.text for run in mode.runs] == ["auto", "stale"]
        assert [run.shade for run in door.runs][1] == -1
        assert HOSTILE in mode.tip_at(0)

    run(story())


def test_a_row_of_states_goes_back_to_a_curve_and_can_be_removed(desk):
    async def story():
        desk.view.add_pen(2)
        desk.view.add_pen(3)
        menu = desk.beside.states.menu(desk.tags[2])
        menu.actions()[0].trigger()
        assert desk.pens() == [2]
        assert [one.handle for one in desk.beside.states.tags] == [3]
        desk.beside.states.menu(desk.tags[3]).actions()[0].trigger()
        assert len(desk.beside.states) == 0

    run(story())


def test_rows_of_states_come_back_with_the_layout(desk):
    async def story():
        desk.view.add_pen(2)
        state = json.loads(json.dumps(desk.view.save_state()))
        desk.beside.states.clear()
        desk.view.restore_state(state)
        assert [one.handle for one in desk.beside.states.tags] == [2]

    run(story())


# annotations


def test_what_is_annotated_lies_between_the_cursors_and_is_about_the_pens(desk):
    async def story():
        desk.view.add_pen(0)
        desk.view.plot.cursors.set("A", NOW - 100 * S)
        desk.view.plot.cursors.set("B", NOW - 400 * S)
        desk.beside.annotations.add()
        await desk.answer(text="Filter changed", about="pens")
        command = next(one for one in desk.station.submitted if isinstance(one, AddAnnotation))
        assert (command.from_us, command.to_us) == (NOW - 400 * S, NOW - 100 * S)
        assert (command.text, command.tag_ids) == ("Filter changed", (desk.tags[0].tag_id,))

    run(story())


def test_editing_names_the_wordings_that_were_on_screen_and_shows_those_beside_it(desk):
    async def story():
        desk.view.add_pen(0)
        both = (NoteVersion(HEAD, "Lena", NOW, 1, 1, "Filter 2"), NoteVersion("cd" * 32, "Emil", NOW, 1, 1, "Filter 3"))
        desk.annotate(note(competing=both, heads=(HEAD, "cd" * 32)))
        desk.beside.annotations.select(UUID(int=1))
        assert "2 wordings" in desk.beside.annotations.list.item(0).text()
        desk.beside.annotations.edit()
        dialog = await desk.question()
        texts = [label.text() for label in dialog.findChildren(QWidget) if hasattr(label, "textFormat")]
        assert any("Emil" in text and "Filter 3" in text for text in texts)
        await desk.answer(text="Filter 2 and 3")
        command = next(one for one in desk.station.submitted if isinstance(one, EditAnnotation))
        assert (command.text, command.seen) == ("Filter 2 and 3", (HEAD, "cd" * 32))

    run(story())


def test_undo_brings_the_words_before_the_last_change_and_what_was_withdrawn(desk):
    async def story():
        desk.view.add_pen(0)
        before = NoteVersion("cd" * 32, "Olga", NOW - 90 * S, NOW - 200 * S, NOW - 200 * S, "Filter")
        desk.annotate(note(earlier=(before, *note().earlier)), note(2, "Gone", is_gone=True))
        desk.beside.annotations.select(UUID(int=1))
        desk.beside.annotations.buttons["undo"].click()
        desk.beside.annotations.select(UUID(int=2))
        assert not desk.beside.annotations.buttons["withdraw"].isEnabled()
        desk.beside.annotations.buttons["undo"].click()
        await settled()
        first, second = (one for one in desk.station.submitted if isinstance(one, EditAnnotation))
        assert (first.text, first.seen) == ("Filter", (HEAD,))
        assert (second.annotation_id, second.text) == (UUID(int=2), "Gone")

    run(story())


def test_withdrawing_asks_for_a_reason_and_can_be_turned_away(desk):
    async def story():
        desk.view.add_pen(0)
        desk.annotate(note())
        desk.beside.annotations.select(UUID(int=1))
        desk.beside.annotations.withdraw()
        (await desk.question()).reject()
        await settled()
        desk.beside.annotations.withdraw()
        await desk.answer(reason="wrong machine")
        commands = [one for one in desk.station.submitted if isinstance(one, WithdrawAnnotation)]
        assert commands == [WithdrawAnnotation(UUID(int=1), "wrong machine", (HEAD,))]

    run(story())


def test_who_may_not_annotate_is_told_why_and_asked_nothing(desk):
    async def story():
        desk.view.add_pen(0)
        denied = {"add-annotation": "Sign on to do this"}
        desk.station.deliver(SESSION, SessionRecord("u2", "a", "A", ("auditor",), NOW, denied))
        assert not desk.beside.annotations.buttons["add"].isEnabled()
        desk.beside.annotations.add()
        await settled()
        assert desk.said == ["Sign on to do this"]
        assert not desk.view.findChildren(QuestionDialog)

    run(story())


def test_a_view_that_opens_later_shows_what_was_annotated_before(qtbot, desk):
    desk.annotate(note())
    later = TrendsView(desk.view.context, now_us=lambda: NOW)
    qtbot.addWidget(later)
    later.add_pen(0)
    assert later.extras["beside"].annotations.list.count() == 1
    later.close_view()


def test_an_annotation_that_looks_like_markup_is_shown_as_it_is_typed(desk):
    async def story():
        desk.view.add_pen(0)
        desk.annotate(note(text=HOSTILE))
        item = desk.beside.annotations.list.item(0)
        assert HOSTILE in item.text()
        assert "<img" not in item.toolTip()

    run(story())


# pen groups


def test_the_pens_are_saved_under_a_name_and_shared(desk):
    async def story():
        desk.view.add_pen(0)
        desk.view.add_pen(2)
        desk.beside.groups.save_as()
        await desk.answer(name="Cell 4", shared="yes")
        (command,) = (one for one in desk.station.submitted if isinstance(one, SavePenGroup))
        assert (command.title, command.is_shared, command.group_id) == ("Cell 4", True, None)
        assert command.tag_ids == (desk.tags[0].tag_id, desk.tags[2].tag_id)
        assert json.loads(command.look)["states"] == [str(desk.tags[2].tag_id)]

    run(story())


def test_opening_a_group_draws_its_tags_as_they_were_saved_and_plainly_when_that_cannot_be_read(desk):
    async def story():
        desk.view.add_pen(0)
        desk.view.add_pen(2)
        look = json.dumps(desk.beside.look())
        ids = desk.beside.tag_ids()
        desk.view.add_pen(1)
        desk.beside.groups.show(group(tag_ids=ids, look=look))
        assert desk.pens() == [0]
        assert [one.handle for one in desk.beside.states.tags] == [2]
        desk.beside.groups.show(group(tag_ids=(desk.tags[1].tag_id,), look="[broken"))
        assert desk.pens() == [1]

    run(story())


def test_only_shared_groups_and_ones_own_are_offered(desk):
    desk.share(
        group(1, "Shared"), group(2, "Mine", is_shared=False, owner_id="u1"), group(3, "Lena's", is_shared=False)
    )
    assert [one.name for one in desk.beside.groups.groups] == ["Mine", "Shared"]
    desk.station.deliver(SESSION, None)
    assert [one.name for one in desk.beside.groups.groups] == ["Shared"]


def test_what_two_saved_at_once_is_shown_on_the_button_and_nothing_of_it_gets_lost(desk):
    async def story():
        ids = (desk.tags[0].tag_id, desk.tags[1].tag_id)
        versions = (
            PensVersion("11" * 32, "Lena", NOW, "Cell 4", True, ids),
            PensVersion("22" * 32, "Emil", NOW, "Cell 4", True, ids[:1]),
        )
        disputed = group(tag_ids=ids[:1], competing=versions, heads=("11" * 32, "22" * 32))
        desk.share(disputed)
        desk.beside.groups.show(disputed)
        assert "2 versions" in desk.beside.groups.button.text()
        await desk.answer(choice="11" * 32, both="yes")
        other, chosen = (one for one in desk.station.submitted if isinstance(one, SavePenGroup))
        assert (other.title, other.tag_ids, other.group_id) == ("Cell 4 (by Emil)", ids[:1], None)
        assert (chosen.tag_ids, chosen.group_id, chosen.seen) == (ids, UUID(int=1), ("11" * 32, "22" * 32))
        assert desk.pens() == [0, 1]

    run(story())


def test_deleting_a_group_is_confirmed(desk):
    async def story():
        desk.share(group(tag_ids=(desk.tags[0].tag_id,)))
        desk.beside.groups.show(desk.beside.groups.groups[0])
        desk.beside.groups.delete()
        await desk.answer()
        commands = [one for one in desk.station.submitted if isinstance(one, DeletePenGroup)]
        assert commands == [DeletePenGroup(UUID(int=1), (HEAD,))]

    run(story())


# histograms, pictures, files


def test_histograms_count_the_shown_window(desk):
    async def story():
        desk.view.add_pen(0)
        await settled()
        desk.beside.side.show_page("histograms")
        (pen,) = desk.beside.histograms.plots.pens
        from_us, to_us = desk.view.plot.window_us
        assert pen.told.good_s == pytest.approx((to_us - from_us) / S, rel=0.05)

    run(story())


def test_a_picture_has_its_time_and_legend_and_goes_to_file_clipboard_and_paper(desk, tmp_path):
    async def story():
        desk.view.add_pen(0)
        await settled()
        picture = desk.beside.picture
        image = picture.image()
        assert image.height() > desk.view.frame.drawing.height() + 30
        assert picture.save(tmp_path / "t.png")
        assert QImage(str(tmp_path / "t.png")).size() == image.size()
        assert picture.save(tmp_path / "t.pdf")
        assert (tmp_path / "t.pdf").read_bytes().startswith(b"%PDF")
        picture.copy()
        assert QGuiApplication.clipboard().image().size() == image.size()
        assert not picture.save(tmp_path / "nowhere" / "t.png")
        assert "could not be saved" in desk.said[-1]
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setOutputFileName(str(tmp_path / "paper.pdf"))
        assert draw_on_page(printer, image)
        assert (tmp_path / "paper.pdf").stat().st_size > 1000

    run(story())


def test_an_export_shows_how_far_it_is_and_is_cancelled(desk):
    async def story():
        desk.view.add_pen(0)
        done = asyncio.Event()

        async def submit(command):
            desk.station.submitted.append(command)
            await done.wait()

        desk.station.submit = submit
        command = ExportTrend("/tmp/t.csv", (desk.tags[0].tag_id,), NOW - 60 * S, NOW)
        desk.beside.export.begin(command)
        await settled()
        desk.station.deliver(TREND_FILES, ExportRecord("t.csv", 250, 1000, True))
        assert desk.beside.export.isVisible()
        assert (desk.beside.export.bar.value(), desk.beside.export.bar.maximum()) == (250, 1000)
        desk.beside.export.cancel()
        await settled()
        assert desk.station.submitted == [command]
        assert "cancelled" in desk.said[-1]
        assert not desk.beside.export.isVisible()

    run(story())


def test_the_menu_says_what_may_not_be_done_and_german_is_complete(desk):
    desk.view.add_pen(0)
    set_language("de")
    theme().changed.emit()
    desk.station.deliver(SESSION, None)
    desk.view.header.more_opens.emit()
    entries = {act.text(): act for act in desk.view.header.more.actions() if act.text()}
    assert not entries["Anmerken …"].isEnabled()
    assert "anmelden" in entries["Anmerken …"].toolTip().casefold()
    assert {"Werte exportieren …", "Bild kopieren", "Histogramme", "Drucken …"} <= set(entries)
