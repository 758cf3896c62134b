"""The alarm stories among the pictures: one critical alarm, what is kept aside, details, master records, a flood."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.config.alarm_rules import load_alarm_file
from console.domain.alarm_commands import ShelveAlarms, TakeAlarms, TakeOutOfService
from console.domain.alarms import UNACKNOWLEDGED_STATES
from console.domain.command import Command
from console.domain.commands import AcknowledgeAlarms, SignOn
from console.domain.master_commands import ApproveMasterAlarms, SetMasterAlarm, SubmitMasterAlarms
from console.domain.signatures import SignatureProof
from console.models.alarm_groups import GroupBy
from console.models.alarm_table import AlarmTab
from console.services.records import AlarmCounts
from console.services.station import SignatureQuery
from console.ui.resources import resource
from console.ui.view import Selection
from console.views.alarms.view import AlarmsView
from console.views.masteralarms.view import MasterAlarmsView

if TYPE_CHECKING:
    from console.app.bootstrap import Core
    from console.app.demo.demo import Demo
    from console.app.frame.plant_picture import AlarmNow
    from console.app.main import Console

FLOOD = 5_000
_CHANNELS, _MORE_CHANNELS = "Channel {1..36}/Fault", "Channel {1..360}/Fault"  # of 14 field stations
_SHELVES = (  # how long in seconds, code, words, one-shot: the first two end soon
    (200, "chattering", "Signal bounces, cable is being changed", False),
    (290, "maintenance", "Sensor is calibrated until the end of the hour", False),
    (3600, "stale", "Known since the early shift, part is ordered", False),
    (1800, "other", "Trial run with the tool builder", True),
)
_RECORDS = {  # key -> severity, seconds to respond, cause, consequence; the first ones become approved
    "oil-pressure/LL": ("severe", 300, "", ""),
    "oil-pressure/L": ("major", 300, "", ""),
    "emergency-stop": ("severe", 60, "Somebody pressed it", "Somebody may be in danger"),
    "press-bearing-temperature/HH": ("major", 600, "Lubrication fails", "The bearing seizes"),
    "press-bearing-temperature/H": ("major", 1200, "Little lubrication", "The bearing wears"),
    "robot-joint-temperature/HH": ("severe", 180, "Brake drags, oil is old", "The gearbox seizes"),
}
_APPROVED, _IN_REVIEW = 4, 1


def plant_of_many_channels(folder: Path) -> Path:
    """The demo's resources in `folder`, with enough channels for a flood of 5,000 alarms."""
    shutil.copytree(resource("demo"), folder)
    plant = folder / "plant.toml"
    text = plant.read_text(encoding="utf-8")
    plant.write_text(text.replace(_CHANNELS, _MORE_CHANNELS), encoding="utf-8")
    return folder


class AlarmStories:
    """`take(name)` makes one picture, named without theme and language, in every look; `until` waits for a state."""

    def __init__(
        self,
        console: "Console",
        demo: "Demo",
        take: Callable[[str], Awaitable[None]],
        until: Callable[[Callable[[], bool]], Awaitable[None]],
    ) -> None:
        self._console, self._demo = console, demo
        self._take, self._until = take, until

    async def begin(self) -> None:
        """As after the first minutes, at a workstation with a loudspeaker: a virtual screen has none."""
        console, backups = self._console, self._core.care.backups
        assert backups is not None
        await backups.make()
        console.sound.problem.emit("")
        console.sound.problem.disconnect()
        picture = console.window.picture
        await self._until(lambda: picture.sync is not None and picture.sync.backup_us > 0)
        if left := tuple(alarm.occurrence for alarm in console.window.picture.alarms()):
            await self._submit(AcknowledgeAlarms(left))

    async def one_critical(self) -> None:
        """An emergency stop, which is then acknowledged by signature."""
        await self._demo.set_fault("emergency-stop", True)
        await self._until(lambda: self._find("Emergency stop") is not None)
        alarm = self._find("Emergency stop")
        assert alarm is not None
        self._view().show_selection(Selection(occurrence=alarm.occurrence))
        await self._take("alarms-critical")
        await self._sign("operator", AcknowledgeAlarms((alarm.occurrence,), signs=True))
        await self._demo.set_fault("emergency-stop", False)

    async def keep_aside(self) -> None:
        """Some alarms shelved, one out of service, some suppressed by their rule, one in somebody's hands."""
        await self._demo.set_fault("line-stopped", True)
        await self._until(lambda: self._counts().suppressed > 0)
        left = self._shelvable()
        for lasts, code, words, is_one_shot in _SHELVES:
            await self._submit(ShelveAlarms((next(left).occurrence,), lasts, code, words, is_one_shot))
        await self._submit(TakeAlarms((next(left).occurrence,)))
        await self._as("lead")
        condition = next(left).condition
        await self._submit(TakeOutOfService((condition.condition_id,), "Encoder is replaced", "WO-48213"))
        await self._as("operator")

    async def records(self) -> None:
        """Master records in every state of their review."""
        await self._as("engineer")
        rules = {rule.rule_id: rule for rule in load_alarm_file(self._demo.site_folder).rules}
        for key, (severity, seconds, cause, consequence) in _RECORDS.items():
            rule = rules[key.partition("/")[0]]  # what it says itself is what is agreed
            values = {"cause": rule.cause or cause, "consequence": rule.consequence or consequence,
                      "response": rule.response, "severity": severity, "time_to_respond_s": str(seconds),
                      "owner": rule.owner or "Maintenance"}  # fmt: skip
            await self._submit(SetMasterAlarm(key, tuple(values.items())))
        keys = tuple(_RECORDS)
        await self._submit(SubmitMasterAlarms(keys[: _APPROVED + _IN_REVIEW]))
        await self._as("lead")
        await self._sign("lead", ApproveMasterAlarms(keys[:_APPROVED]))
        await self._as("operator")

    async def details(self, selection: Selection) -> None:
        """The alarm with everything that is known of it, as wide as the window."""
        view = self._view()
        view.show_selection(selection)
        if not view.details.is_open:
            view.details.toggle()
        await asyncio.sleep(1.0)
        await self._take("alarms-details")

    async def kept_aside(self) -> None:
        view = self._view()
        view.flood.choose(GroupBy.NONE)  # so few are read as one list
        view.show_tab(AlarmTab.SHELVED)
        view.focus_list()
        await self._take("alarms-shelved")
        view.show_tab(AlarmTab.ACTIVE)

    async def master(self) -> None:
        window = self._console.window
        window.go("masteralarms")
        view = window.findChild(MasterAlarmsView)
        assert view is not None
        await self._until(lambda: view.table.rowCount() > 0)
        rows = range(view.table.rowCount())
        found = (row for row in rows if getattr(view.table.record_at(row), "key", "") == next(iter(_RECORDS)))
        view.list.setFocus()
        view.list.selectRow(next(found, 0))
        await asyncio.sleep(0.5)  # the buttons below the list take their place
        view.list.scrollTo(view.list.currentIndex(), view.list.ScrollHint.PositionAtCenter)
        await self._take("masteralarms")

    async def flood(self) -> None:
        """Every input channel of the plant reports a fault within seconds."""
        await self._demo.set_fault("flood", True)
        await self._until(lambda: sum(self._counts().active) >= FLOOD)
        await asyncio.sleep(3.0)
        view = self._view()
        view.flood.choose(GroupBy.CAUSE)
        view.go_to_next()
        await self._take("alarms-flood")

    def _view(self) -> AlarmsView:
        window = self._console.window
        window.go("alarms")
        view = window.findChild(AlarmsView)
        assert view is not None
        return view

    def _shelvable(self) -> "Iterator[AlarmNow]":
        """Unacknowledged ones of no special story, that a class lets be shelved."""
        listed = self._console.window.picture.alarms()
        fit = [
            alarm
            for alarm in listed
            if alarm.condition.is_shelvable and 2 <= alarm.priority <= 4 and alarm.state in UNACKNOWLEDGED_STATES
        ]
        return iter(sorted(fit, key=lambda alarm: (-alarm.priority, alarm.condition.text)))

    def _find(self, words: str) -> "AlarmNow | None":
        return next((one for one in self._console.window.picture.alarms() if words in one.condition.text), None)

    @property
    def _core(self) -> "Core":
        core = self._console.core
        assert core is not None
        return core

    def _counts(self) -> AlarmCounts:
        return self._core.engine.counts()

    async def _as(self, login: str) -> None:
        await self._submit(SignOn(login, self._demo.password(login)))

    async def _sign(self, login: str, command: AcknowledgeAlarms | ApproveMasterAlarms) -> None:
        sheet = await self._core.station.query(SignatureQuery(command))
        proof = SignatureProof(self._demo.password(login), sheet.meaning, sheet.sha256)
        await self._submit(replace(command, proof=proof))

    async def _submit(self, command: Command) -> None:
        await self._core.station.submit(command)
