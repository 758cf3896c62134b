"""What an operator asks of the thing that is selected: acknowledge, comment, open an incident, go and see it."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtWidgets import QWidget

from console.app.frame.faceplate_facts import FaceplateFacts, facts_of
from console.app.frame.plant_picture import AlarmNow, PlantPicture
from console.domain.alarms import UNACKNOWLEDGED_STATES
from console.domain.commands import CommentAlarm, OpenIncident, SilenceHorn
from console.domain.refusal import Refused
from console.models.alarm_texts import alarm_text
from console.services.records import SessionRecord
from console.services.station import Station
from console.ui.acknowledging import OwedAlarm, acknowledge
from console.ui.dialogs import Field, Question, ask
from console.ui.errands import Errands
from console.ui.translation import mark, tr
from console.ui.view import Selection

# Impact and urgency 1..4 as the incident matrix numbers them, most severe first.
LEVELS = (
    ("1", mark("1 critical")),
    ("2", mark("2 high")),
    ("3", mark("3 medium")),
    ("4", mark("4 low")),
)


class Wishes:
    """`do(action_id, selection)`; each wish runs as an errand of the window. `go` shows a view."""

    def __init__(
        self,
        station: Station,
        picture: PlantPicture,
        errands: Errands,
        go: Callable[[str, Selection | None], None],
        window: QWidget,
        clock: Callable[[], int],
        say: Callable[[str], None],
    ) -> None:
        self._station = station
        self._picture = picture
        self._errands = errands
        self._go = go
        self._window = window
        self._clock = clock
        self._say = say
        self.session: SessionRecord | None = None

    def do(self, action_id: str, selection: Selection) -> None:
        match action_id:
            case "alarm.acknowledge":
                self._errands.run(self.acknowledge(selection))
            case "alarm.comment":
                self._errands.run(self.comment(selection))
            case "incident.open":
                self._errands.run(self.open_incident(selection))
            case "show.trend":
                self._go("trends", self._with_tag(selection))
            case "show.topology":
                self._go("topology", replace(selection, asset_id=self._facts(selection).asset_id))
            case _:
                pass

    def silence(self) -> None:
        self._errands.run(self._station.submit(SilenceHorn()))

    async def acknowledge(self, selection: Selection) -> None:
        """Exactly what was shown: the selected occurrence, or every unacknowledged alarm that the faceplate lists."""
        occurrence = selection.occurrence
        if occurrence is not None:  # whether that is still the one on its row is the station's to say
            alarm = self._picture.alarm_of(occurrence)
            owed = [] if alarm is None else [(occurrence, alarm)]
        else:
            alarms = self._facts(selection).alarms
            owed = [(one.occurrence, one) for one in alarms if one.state in UNACKNOWLEDGED_STATES]
        if not owed:
            raise Refused("Select an alarm first")
        asked = [OwedAlarm(what, one.condition, self._name_of(one), one.priority) for what, one in owed]
        await acknowledge(self._station, asked, self._window, self._say)

    def _name_of(self, alarm: AlarmNow) -> str:
        text, asset = alarm_text(alarm.condition), alarm.condition.asset_name
        return f"{asset} · {text}" if asset else text

    async def comment(self, selection: Selection) -> None:
        alarms = self._facts(selection).alarms
        occurrence = selection.occurrence or (alarms[0].occurrence if alarms else None)
        if occurrence is None:
            raise Refused("Select an alarm first")
        question = Question(
            tr("Comment alarm"), fields=(Field("text", tr("Comment"), "lines", required=True),), accept=tr("Comment")
        )
        answer = await ask(question, self._window)
        if answer is not None:
            await self._station.submit(CommentAlarm(occurrence, answer["text"].strip()))

    async def open_incident(self, selection: Selection) -> None:
        """Show the open one, or open one from the selection and show it."""
        facts = self._facts(selection)
        if facts.incidents:
            self._go("incidents", replace(selection, incident_id=facts.incidents[0].incident_id))
            return
        alarms = facts.alarms[:1] if selection.occurrence is not None else facts.alarms
        title = (alarms[0].condition.text or alarms[0].condition.subject) if alarms else facts.title
        level = tuple((value, tr(text)) for value, text in LEVELS)
        urgency = str(min(4, max(1, alarms[0].priority))) if alarms else "3"
        question = Question(
            tr("Open incident"),
            fields=(
                Field("title", tr("Title"), value=title[:200], required=True, max_length=200),
                Field("impact", tr("Impact"), "choice", "3", level),
                Field("urgency", tr("Urgency"), "choice", urgency, level),
                Field("description", tr("Description"), "lines"),
            ),
            accept=tr("Open incident"),
            width=520,
        )
        answer = await ask(question, self._window)
        if answer is None:
            return
        await self._station.submit(
            OpenIncident(
                answer["title"].strip(),
                int(answer["impact"]),
                int(answer["urgency"]),
                answer["description"].strip(),
                tuple(alarm.occurrence for alarm in alarms),
                (facts.asset_id,) if facts.asset_id is not None else (),
            )
        )
        self._go("incidents", replace(selection, asset_id=facts.asset_id))

    def _facts(self, selection: Selection) -> FaceplateFacts:
        return facts_of(self._picture, selection, self._clock())

    def _with_tag(self, selection: Selection) -> Selection:
        """The selection with a tag to draw: its own, the alarm's, else the asset's first measured value."""
        if selection.tag_handle >= 0 or selection.tag_id is not None:
            return selection
        facts = self._facts(selection)
        handle = next((a.condition.tag_handle for a in facts.alarms if a.condition.tag_handle >= 0), -1)
        if handle < 0:
            handle = next((line.handle for line in facts.values if line.is_numeric), -1)
        tag = self._picture.tags.tag(handle)
        return replace(selection, tag_handle=handle, tag_id=tag.tag_id if tag is not None else None)
