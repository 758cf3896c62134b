"""A broker that freezes: every view of a real console says blind, in its own window too, and lives again by itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from console.app.bootstrap import Core, Work, build
from console.app.folders import Folders
from console.app.frame.main_window import MainWindow
from console.app.view_specs import view_specs
from console.domain.alarms import Occurrence
from console.models import topology_model, trend_table
from console.services.records import LinkRecord
from console.ui.preferences import Preferences
from console.ui.view import Selection
from console.widgets.alarm_banner import AlarmBanner
from tests.support.broker import running_broker
from tests.support.living_node import living_node
from tests.support.qt_loop import run, until
from tests.support.story_site import Broker, make_site, make_station

BLIND_WITHIN_US = 4_000_000
LIVE_WITHIN_US = 10_000_000
PATIENCE_S = 20.0
LINK, METRIC, DEVICE = "broker:near", "Temperature", "press1"


def now_us() -> int:
    return time.time_ns() // 1000


class Desk:
    """The window with every view built and all but the first in windows of their own, on one alarm of one tag."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        assert window.docks is not None
        self.docks = window.docks
        self.handle = -1

    def view(self, view_id: str) -> Any:
        return self.docks.view(view_id)

    @property
    def link(self) -> LinkRecord | None:
        return self.window.picture.own_links.get(LINK)

    def occurrence(self) -> Occurrence | None:
        alarms = self.window.picture.alarms()
        return next((alarm.occurrence for alarm in alarms if alarm.condition.tag_handle == self.handle), None)

    async def open(self) -> None:
        tags = self.window.picture.tags
        await until(lambda: any(tag.source.metric == METRIC for tag in tags.tags), timeout_s=PATIENCE_S)
        self.handle = next(tag.handle for tag in tags.tags if tag.source.metric == METRIC)
        await until(lambda: self.occurrence() is not None, timeout_s=PATIENCE_S)
        for number, spec in enumerate(view_specs()):
            self.window.go(spec.view_id)
            if number:
                self.docks.tear_off(spec.view_id)
        self.window.go("trends", Selection(tag_handle=self.handle))
        self.window.go("alarms", Selection(tag_handle=self.handle, occurrence=self.occurrence()))
        await until(lambda: len(self.torn_off()) == len(view_specs()) - 1)

    def torn_off(self) -> list[AlarmBanner]:
        found = self.docks.manager.floatingWidgets()
        return [banner for container in found for banner in container.findChildren(AlarmBanner)]

    # what each place says about the tag: (does it look lost, in which word)

    def tile(self) -> tuple[bool, str]:
        areas = self.view("overview").tiles.areas
        return bool(areas) and all(area.look for area in areas), " ".join(area.look for area in areas)

    def tag_row(self) -> tuple[bool, str]:
        table = self.view("overview").browser.table
        return cell(table, table.position_of(self.handle), "value", "quality")

    def alarm_row(self, table: Any) -> tuple[bool, str]:
        occurrence = self.occurrence()
        place = table.position_of_condition(occurrence) if occurrence is not None else -1
        return cell(table, place, "value", "note")

    def card(self) -> tuple[bool, str]:
        model = self.view("topology").model
        row = next((at for at, name in enumerate(model.names) if name == DEVICE), -1)
        if row < 0:
            return False, ""
        state = topology_model.STATES[int(model.state[row])]
        return state == "blind", f"{state} {model.headlines[row]}"

    def pen(self) -> tuple[bool, str]:
        model = self.view("trends").model
        if not model.rows:
            return False, ""
        slanted = model.index(0, trend_table.NOW).data(Qt.ItemDataRole.FontRole)
        is_good = model.rows[0].pen.value_at(now_us())[1]
        return bool(slanted) and not is_good, str(model.index(0, trend_table.QUALITY).data())

    def session(self) -> tuple[bool, str]:
        table = self.view("diagnostics").nodes
        found = [cell(table, place, "state", "state") for place in range(table.rowCount())]
        return bool(found) and all(lost for lost, _word in found), " ".join(word for _lost, word in found)

    def faceplate(self) -> tuple[bool, str]:
        lines = [line for line in self.window.faceplate.facts.values if line.handle == self.handle]
        return any(line.value.style == "stale" for line in lines), " ".join(line.value.full for line in lines)

    def strip(self) -> tuple[bool, str]:
        field = self.window.strip.field(LINK)
        words = field.accessibleName() if field is not None else ""
        return bool(words) and "live" not in words, words

    def banners(self) -> tuple[bool, str]:
        banners = self.torn_off()
        lost = [banner.lost.text() for banner in banners if banner.lost.isVisible()]
        return len(lost) == len(banners) > 0, " ".join(lost)

    def places(self) -> Mapping[str, Callable[[], tuple[bool, str]]]:
        """Every place, by the name of the view."""
        return {
            "overview, tiles": self.tile,
            "overview, tags": self.tag_row,
            "overview, alarms": lambda: self.alarm_row(self.view("overview").alarms),
            "alarms": lambda: self.alarm_row(self.view("alarms").table),
            "topology": self.card,
            "trends": self.pen,
            "diagnostics": self.session,
            "faceplate": self.faceplate,
            "status strip": self.strip,
            "torn-off windows": self.banners,
        }


def cell(table: Any, place: int, key: str, words: str) -> tuple[bool, str]:
    """Whether a cell is written in italics, and the text of another one of its row."""
    if place < 0:
        return False, ""
    columns = [column.key for column in table.COLUMNS]
    slanted = table.index(place, columns.index(key)).data(Qt.ItemDataRole.FontRole)
    return bool(slanted and slanted.italic()), str(table.index(place, columns.index(words)).data())


@asynccontextmanager
async def console(folder: Path) -> AsyncIterator[Desk]:
    core: Core = await build(Folders(folder, folder), Work.RUN)
    core.start()
    window = MainWindow(core.station, view_specs(), Preferences(folder / "layouts"), with_sound=False)
    try:
        window.resize(1600, 900)
        window.show()
        await until(lambda: window.docks is not None)
        desk = Desk(window)
        await desk.open()
        yield desk
    finally:
        window.finish()
        await core.stop()
        window.close()
        window.deleteLater()
        await until(lambda: not isValid(window))


async def seen_everywhere(desk: Desk, is_lost: bool) -> dict[str, int]:
    """When (microseconds UTC) each place was first seen to look lost, or to live again."""
    seen: dict[str, int] = {}
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    places = desk.places()
    while len(seen) < len(places):
        for name, look in places.items():
            if name not in seen and look()[0] is is_lost:
                seen[name] = now_us()
        late = {name: look() for name, look in places.items() if name not in seen}
        assert asyncio.get_running_loop().time() < deadline, f"still not {'lost' if is_lost else 'live'}: {late}"
        await asyncio.sleep(0.02)
    return seen


@pytest.mark.proves("SEC-27")
def test_every_view_is_blind_within_4_s_of_a_frozen_broker_and_lives_again_within_10_s(
    qtbot: QtBot, tmp_path: Path
) -> None:
    site = make_site(tmp_path)

    async def story(folder: Path) -> None:
        async with console(folder) as desk:
            await seen_everywhere(desk, False)
            frozen_us = now_us()
            broker.stall()
            try:
                blind = await seen_everywhere(desk, True)
                link = desk.link
                assert link is not None and link.state == "lost"
                assert 0 < link.since_us - frozen_us <= BLIND_WITHIN_US
                assert max(blind.values()) - frozen_us <= BLIND_WITHIN_US + 1_000_000, blind
                for name, look in desk.places().items():
                    words = look()[1]
                    assert ("lost" if name in {"status strip", "torn-off windows"} else "blind") in words, (name, words)
            finally:
                mended_us = now_us()
                broker.go_on()
            live = await seen_everywhere(desk, False)
            assert max(live.values()) - mended_us <= LIVE_WITHIN_US, live
            assert desk.link is not None and desk.link.since_us >= mended_us

    with running_broker() as broker, living_node(broker.port, {METRIC: 90.0}, device=DEVICE):
        run(story(make_station(site, "station-1", "K1", (Broker("near", broker.port),))), timeout_s=90)
