"""The window keeps its layout and look, and its faceplate answers."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from console.domain.commands import OpenIncident
from console.domain.quality import Quality
from console.services import records as r
from console.services import station as s
from console.ui.dialogs import QuestionDialog
from console.ui.preferences import Preferences
from console.ui.theme import theme
from console.ui.translation import language
from console.ui.view import Selection
from tests.app.frame.test_main_window import desk, sent
from tests.support import frame_plant as plant
from tests.support.fake_station import FakeStation
from tests.support.qt_loop import until


def test_the_layout_comes_back_after_a_crash(qtbot, tmp_path):
    async def before(window, station):
        window.go("alarms")
        window.docks.view("alarms").state = {"filter": "robot"}
        window.docks.tear_off("trends")
        window.go("alarms")
        window.keep_layout(carry=False)
        window.person.preferences.set = lambda *_args, **_more: None  # the crash: nothing is written any more

    async def after(window, station):
        assert window.docks.is_shown("trends")
        assert window.docks._docks["trends"].isInFloatingContainer()
        assert window.docks.current == "alarms"
        assert window.docks.view("alarms").state == {"filter": "robot"}
        assert not window.docks.is_shown("incidents")

    desk(tmp_path, before)
    desk(tmp_path, after)


def test_a_broken_layout_opens_the_first_view(qtbot, tmp_path):
    preferences = Preferences(tmp_path)
    preferences.use(plant.SESSION.user_id)
    preferences.set("layout", {"docks": "!!", "geometry": "??", "splitter": ["x"], "views": 3})

    async def story(window, station):
        assert window.docks.current == "overview"

    desk(tmp_path, story)


def test_closing_asks_and_never_quits_by_itself(qtbot, tmp_path):
    async def story(window, station):
        asked = []
        window.closing.connect(lambda: asked.append(True))
        window.close()
        assert asked
        assert window.isVisible()
        view = window.docks.view("overview")
        window.finish()
        assert view.is_closed

    desk(tmp_path, story)


def test_language_and_theme_switch_while_running_and_are_kept(qtbot, tmp_path):
    async def story(window, station):
        window.actions_set.trigger("app.language")
        window.actions_set.trigger("app.theme")
        await until(lambda: window.banners.main.acknowledge_button.text() == "Quittieren" and theme().name == "dark")
        assert window.person.preferences.text("theme") == "dark"

    desk(tmp_path, story)


def test_the_look_chosen_at_a_workstation_is_there_before_anybody_signs_on(qtbot, tmp_path):
    Preferences(tmp_path).set("theme", "dark")

    async def story(window, station):
        assert theme().name == "dark"

    desk(tmp_path, story, session=None)


def test_station_toml_gives_language_and_theme_to_whoever_chose_none(qtbot, tmp_path):
    async def story(window, station):
        window.person.use_station("de", "dark")
        assert (language(), theme().name) == ("de", "dark")
        window.actions_set.trigger("app.language")
        window.actions_set.trigger("app.theme")
        window.person.use_station("de", "dark")
        theme().finish()
        assert (language(), theme().name) == ("en", "light"), "what a person chose stays"

    desk(tmp_path, story)


def test_the_faceplate_answers_what_since_when_what_it_hurts_and_what_to_do(qtbot, tmp_path):
    async def story(window, station):
        window.faceplate.show_selection(Selection(asset_id=plant.asset_id("SW-CORE-1")))
        await until(window.faceplate.history.isVisible)
        plate = window.faceplate
        assert plate.what.texts()[:2] == ["State", "DOWN since 23:40:25 · 0:42"]
        assert plate.facts.hurts_title == "Hurts 4 assets"
        assert "PLC-A21" in plate.hurts.texts()[0]
        assert "Call Plant IT" in plate.todo.texts()[0]
        assert plate.incidents.texts()[0] == "INC-K-0931"
        tops = [part.y() for part in (plate.what, plate.alarms, plate.values, plate.hurts, plate.todo, plate.buttons)]
        assert tops == sorted(tops)
        assert any("DOWN, 14 symptoms grouped" in text for text in plate.history.texts())

    desk(tmp_path, story)


def test_values_of_a_lost_broker_never_look_good_on_the_faceplate(qtbot, tmp_path):
    async def story(window, station):
        plate = window.faceplate
        plate.show_selection(Selection(tag_handle=4))
        assert next(line.value.style for line in plate.facts.values) == ""
        station.deliver(s.TAGS, plant.tags(Quality.BLIND))
        station.deliver(s.ALARMS, plant.alarms(is_snapshot=False))
        plate.refresh()
        assert {line.value.style for line in plate.facts.values} == {"stale"}
        assert any("blind: our link is down" in line.text for line in plate.facts.what)

    desk(tmp_path, story)


def test_markup_from_outside_is_shown_as_text_on_the_faceplate(qtbot, tmp_path):
    async def story(window, station):
        window.faceplate.show_selection(Selection(tag_handle=5))
        assert window.faceplate.title.text() == "ROB-A4 / <b>mode</b>"
        assert window.faceplate.title.textFormat() == Qt.TextFormat.PlainText

    desk(tmp_path, story)


def test_the_open_incident_is_shown_and_a_new_one_is_opened_from_the_alarm(qtbot, tmp_path):
    async def story(window, station):
        window.wishes.do("incident.open", Selection(asset_id=plant.asset_id("SW-CORE-1")))
        await until(lambda: window.docks.current == "incidents")
        assert window.docks.view("incidents").shown[-1].incident_id == plant.INCIDENT.incident_id
        window.wishes.do("incident.open", Selection(occurrence=window.picture.alarm(1).occurrence))
        await until(lambda: (d := window.findChild(QuestionDialog)) is not None and d.isVisible())
        window.findChild(QuestionDialog).accept_button.click()
        await until(lambda: sent(station, OpenIncident))
        command = sent(station, OpenIncident)[0]
        assert command.title == "Robot R4 joint 3 temperature high"
        assert command.occurrences == (window.picture.alarm(1).occurrence,)
        assert command.asset_ids == (plant.asset_id("ROB-A4"),)

    desk(tmp_path, story)


def test_the_strip_tells_the_truth_about_links_and_tags(qtbot, tmp_path):
    async def story(window, station):
        centre = window.strip.field("centre")
        assert centre.strong.text() == "lost 3:12 h"
        assert centre.rest.text() == "· 14 waiting"
        station.deliver(s.LINKS, r.LinksDelta(False, (r.LinkRecord("broker:plant", "lost", plant.NOW_US - 4_000_000),)))
        station.deliver(s.STATUS, replace(plant.STATUS, tags_live=0, tags_stale=0, tags_bad=0, tags_blind=1523))
        window.tick()
        assert window.strip.field("broker:plant").strong.text() == "lost 0:04"
        assert window.strip.field("tags").rest.text() == "· 1,523 blind"

    desk(tmp_path, story)


def test_an_alarm_that_left_the_list_leaves_banner_and_faceplate(qtbot, tmp_path):
    async def story(window, station):
        window.faceplate.show_selection(Selection(asset_id=plant.asset_id("SW-CORE-1")))
        assert window.faceplate.facts.alarms
        station.deliver(s.ALARMS, plant.alarms((0, 1, 2), is_snapshot=False))
        station.deliver(s.ALARM_COUNTS, r.AlarmCounts((0, 1, 0, 0), (0, 5, 19, 31), 1, 6, 2))
        window.faceplate.refresh()
        assert window.faceplate.facts.alarms == ()
        assert window.banners.main.top.alarm.priority == 2

    desk(tmp_path, story)


def test_alarms_known_before_their_tags_still_belong_to_their_asset(qtbot, tmp_path):
    from console.app.frame.plant_picture import PlantPicture

    station = FakeStation()
    picture = PlantPicture(station)
    station.deliver(s.ALARMS, plant.alarms())
    station.deliver(s.TAGS, plant.tags())
    assert [a.priority for a in picture.alarms_of_asset(plant.asset_id("ROB-A4"))] == [2]
    assert np.isfinite(picture.tags.value[4])
    picture.close()


def test_an_alarm_that_names_its_asset_and_its_tag_is_listed_once(qtbot, tmp_path):
    async def story(window, station):
        told = plant.alarms()
        both = tuple(
            replace(c, asset_id=plant.asset_id("ROB-A4"), tag_id=plant.tag(4, "ROB-A4", "joint 3").tag_id)
            for c in told.conditions
            if c.row == 1
        )
        station.deliver(s.ALARMS, replace(told, conditions=both, is_snapshot=False))
        listed = window.picture.alarms_of_asset(plant.asset_id("ROB-A4"))
        assert [alarm.condition.row for alarm in listed].count(1) == 1

    desk(tmp_path, story)


def test_what_a_person_chose_at_another_workstation_comes_with_him(qtbot, tmp_path):
    async def story(window, station):
        await until(lambda: theme().name == "dark")
        assert window.person.preferences.text("theme") == "dark"

    desk(tmp_path, story, carried={"theme": '"dark"'})


def test_a_choice_made_here_wins_over_what_came_from_elsewhere(qtbot, tmp_path):
    async def story(window, station):
        await until(lambda: window.person.preferences.get("density") == "touch")
        assert theme().name == "light"
        theme().use_density("normal")

    here = Preferences(tmp_path)
    here.use(plant.SESSION.user_id)
    here.set("theme", "light")
    desk(tmp_path, story, carried={"theme": '"dark"', "density": '"touch"'})


def test_p_shows_what_to_do_and_escape_gives_the_keyboard_back_to_the_list(qtbot, tmp_path):
    async def story(window, station):
        QTest.keyClick(window, Qt.Key.Key_F2)
        table = window.docks.view("alarms").table
        await until(table.hasFocus)
        QTest.keyClick(table, Qt.Key.Key_P)
        await until(window.faceplate.todo.hasFocus)
        assert not window.faceplate.todo.visibleRegion().isEmpty()
        QTest.keyClick(window.faceplate.todo, Qt.Key.Key_Escape)
        await until(table.hasFocus)
        assert window.docks.current == "alarms"

    desk(tmp_path, story)


def test_a_key_that_can_do_nothing_here_is_disabled_and_says_so(qtbot, tmp_path):
    async def story(window, station):
        export = window.actions_set.action("table.export")
        assert not export.isEnabled()
        assert "This view has nothing for it" in export.toolTip()

    desk(tmp_path, story)
