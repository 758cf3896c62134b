"""One panel for whatever is selected, in any view: what, since when, what does it hurt, what do I do."""

from collections.abc import Callable
from uuid import UUID

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from console.app.frame.faceplate_facts import FaceplateFacts, facts_of, incident_word
from console.app.frame.history_lines import HistoryLines
from console.app.frame.plant_picture import PlantPicture
from console.app.frame.value_history import ValueHistory
from console.domain.alarms import UNACKNOWLEDGED_STATES
from console.services.station import Station
from console.ui.actions import ActionSet
from console.ui.errands import Errands
from console.ui.format import age_text
from console.ui.plain_label import PlainLabel
from console.ui.tag_drag import TagDrag
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.ui.view import Selection, View
from console.widgets.alarm_card import AlarmCard, AlarmCardRow
from console.widgets.card import Card
from console.widgets.flow import FlowLayout
from console.widgets.key_button import KeyButton
from console.widgets.value_card import ValueCard, ValueRow

WIDTH = 372
EMPTY_TEXT = mark(
    "Select an alarm, a tag or an asset: here stands what it is, since when, what it hurts and what to do."
)
# (action id, shown key); the first is the primary one.
BUTTONS = (
    ("incident.open", "I"),
    ("alarm.acknowledge", ""),
    ("show.trend", "T"),
    ("show.topology", "G"),
    ("alarm.comment", "C"),
)


class Faceplate(QFrame):
    """Shows a `Selection`; `wished(action_id, Selection)` asks the frame to act on what is shown.

    `explainer(selection)` gives the view in sight that tells everything about the selection already: then limits, what
    to do and what happened stand there only, and the asset has the room here.
    """

    wished = Signal(str, object)

    def __init__(
        self, station: Station, picture: PlantPicture, actions: ActionSet, errands: Errands, clock: Callable[[], int]
    ) -> None:
        super().__init__()
        self.setObjectName("faceplate")
        self.setMinimumWidth(280)
        self._picture = picture
        self._actions = actions
        self._clock = clock
        self._values = ValueHistory(station, picture, errands, self._look_again)
        self._history = HistoryLines(station, errands, clock, self._show_history)
        self._seen: tuple[object, ...] = ()
        self.explainer: Callable[[Selection], View | None] = lambda _selection: None
        self._is_explained = False
        self._past: list[tuple[str, str]] = []
        self.selection = Selection()
        self.facts = FaceplateFacts()
        self._build()
        theme().changed.connect(self.retranslate)
        self.retranslate()

    def _build(self) -> None:
        self.crumb = PlainLabel(elide=True)
        self.crumb.setProperty("role", "small")
        self.title = PlainLabel()
        self.title.setProperty("role", "heading")
        self.title.setWordWrap(True)
        self.empty = PlainLabel()
        self.empty.setProperty("role", "dim")
        self.empty.setWordWrap(True)
        self.what, self.hurts, self.incidents, self.todo, self.needs, self.history = (Card() for _ in range(6))
        self.alarms = AlarmCard()
        self.values = ValueCard()
        TagDrag(self.values, self._ids_at)
        self.buttons = QWidget()
        self._button_of: dict[str, KeyButton] = {}
        flow = FlowLayout(self.buttons)
        for at, (action_id, key) in enumerate(BUTTONS):
            button = KeyButton(key=key, primary=at == 0)
            button.clicked.connect(lambda _checked=False, wish=action_id: self.wished.emit(wish, self.selection))
            flow.addWidget(button)
            self._button_of[action_id] = button
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(10)
        head = QVBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.crumb)
        head.addWidget(self.title)
        column.addLayout(head)
        column.addWidget(self.empty)
        # In this order: what, since when / what does it hurt / what do I do / the rest.
        for part in (self.what, self.alarms, self.values, self.hurts, self.incidents, self.todo, self.buttons):
            column.addWidget(part)
        column.addWidget(self.needs)
        column.addWidget(self.history)
        column.addStretch(1)
        area = self._area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFrameShape(QFrame.Shape.NoFrame)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    def _ids_at(self, place: QPoint) -> list[UUID]:
        """The tag of the value under the pointer, to be dragged onto a trend."""
        row = self.values.row_at(place.y())
        tag = self._picture.tags.tag(self.facts.values[row].handle) if 0 <= row < len(self.facts.values) else None
        return [tag.tag_id] if tag is not None else []

    def show_selection(self, selection: Selection) -> None:
        self.selection = selection
        self._seen = ()
        self.refresh()
        self._history.ask(selection, self.facts)

    def show_procedure(self) -> None:
        """Bring "What to do" into view and give it the keyboard; Esc goes back to the list."""
        explainer = self.explainer(self.selection)
        if explainer is not None:
            explainer.show_procedure()
            return
        self.todo.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.window().activateWindow()
        self._area.ensureWidgetVisible(self.todo if self.facts.title else self.empty)
        self.todo.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def refresh(self) -> None:
        """Look again; cheap when nothing changed. Called a few times a second while visible."""
        now_us = self._clock()
        self._is_explained = self.explainer(self.selection) is not None
        version = (self._picture.version, now_us // 1_000_000, self._is_explained)
        if version == self._seen:
            return
        self._seen = version
        self.facts = facts_of(self._picture, self.selection, now_us)
        self._values.watch(tuple(line.handle for line in self.facts.values if line.is_numeric), now_us)
        self._values.sample(now_us)
        self._show(now_us)

    def _look_again(self) -> None:
        self._seen = ()
        self.refresh()

    def retranslate(self) -> None:
        self.empty.setText(tr(EMPTY_TEXT))
        for action_id, button in self._button_of.items():
            button.setText(tr(self._actions.spec(action_id).text))
        self._seen = ()
        self.refresh()
        self._history.ask(self.selection, self.facts)

    def close_panel(self) -> None:
        self._values.close()
        self._history.close()
        self.alarms.release()

    def _show(self, now_us: int) -> None:
        facts = self.facts
        is_empty = not facts.title
        self.empty.setVisible(is_empty)
        self.crumb.setText(facts.crumb)
        self.crumb.setVisible(bool(facts.crumb))
        self.title.setText(facts.title)
        self.title.setVisible(not is_empty)
        self.what.set_title("")
        told = [line for line in facts.what if not (self._is_explained and line.is_detail)]
        self.what.set_rows([(line.label, line.text, line.style) for line in told])
        others = [alarm for alarm in facts.alarms if alarm.occurrence != self.selection.occurrence]
        self.alarms.set_title(tr("Active alarms") if len(others) == len(facts.alarms) else tr("Other active alarms"))
        self.alarms.set_alarms(
            [
                AlarmCardRow(
                    a.priority, int(a.state), a.condition.text or a.condition.subject, age_text(now_us - a.start_us)
                )
                for a in others[:6]
            ]
        )
        self.values.set_title(tr("Values"))
        self.values.set_values(
            [ValueRow(line.name, line.value, line.tone, *self._values.points(line.handle)) for line in facts.values]
        )
        self.hurts.set_title(facts.hurts_title)
        self.hurts.set_text(" · ".join(facts.hurts))
        self.hurts.setVisible(facts.asset_id is not None)
        self.incidents.set_title(tr("Open incidents"))
        self.incidents.set_rows(
            [(r.number, f"P{r.priority} · {incident_word(r.state)} · {r.title}", "") for r in facts.incidents[:4]]
        )
        self.todo.set_title(tr("What to do"))
        is_told = is_empty or self._is_explained
        self.todo.set_text("" if is_told else facts.procedure or tr("No procedure is written for this."))
        self._tell_history()
        self.needs.set_title(tr("Depends on"))
        self.needs.set_rows([(line.label, line.text, line.style) for line in facts.needs])
        self.buttons.setVisible(not is_empty)
        self._enable()

    def _enable(self) -> None:
        """Visible, disabled, and says why."""
        can = {
            "incident.open": bool(self.facts.title),
            "alarm.acknowledge": any(a.state in UNACKNOWLEDGED_STATES for a in self.facts.alarms),
            "show.trend": any(line.is_numeric for line in self.facts.values),
            "show.topology": self.facts.asset_id is not None,
            "alarm.comment": bool(self.facts.alarms),
        }
        for action_id, button in self._button_of.items():
            why = self._actions.why_denied(action_id)
            button.setEnabled(can[action_id] and not why)
            button.setToolTip(tr(why) if why else tr(self._actions.spec(action_id).tip))

    def _show_history(self, lines: list[tuple[str, str]]) -> None:
        self._past = lines
        self._tell_history()

    def _tell_history(self) -> None:
        self.history.set_title(tr("History"))
        self.history.set_rows([] if self._is_explained else [(when, what, "") for when, what in self._past])
        if not self.facts.title:
            self.history.hide()
