"""What every screen is: a widget with an id, its actions, its state, and a selection that travels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from console.domain.alarms import Occurrence
from console.services.station import Station
from console.ui.actions import ActionSet


@dataclass(frozen=True, slots=True)
class Selection:
    """What is selected, in any view: the faceplate shows it and other views can be asked to show it."""

    asset_id: UUID | None = None
    tag_handle: int = -1
    tag_id: UUID | None = None
    occurrence: Occurrence | None = None
    incident_id: UUID | None = None
    at_us: int = 0  # the moment to mark, 0 = now


@dataclass(frozen=True, slots=True)
class ViewContext:
    """What a view is given: the station, the actions, and a way to go elsewhere. `go("trends", selection)`.

    `refused(text)` shows a refusal or an error beside the view without a modal box.
    """

    station: Station
    actions: ActionSet
    go: Callable[[str, Selection | None], None]
    refused: Callable[[QWidget, str], None]


class View(QWidget):
    """One screen. Subclasses set `view_id` and `title`, and undo their subscriptions in `close_view`."""

    view_id = ""
    title = ""  # marked English text
    icon = ""
    selected = Signal(object)  # Selection

    def __init__(self, context: ViewContext) -> None:
        super().__init__()
        self.context = context
        self.setObjectName(f"view.{self.view_id}")

    def action_handlers(self) -> Mapping[str, Callable[[], object]]:
        return {}

    def show_selection(self, selection: Selection) -> None:
        """Bring the selection into view."""

    def explains(self, selection: Selection) -> bool:
        """Whether this view tells everything about the selection now: nobody need say it again beside it."""
        return False

    def show_procedure(self) -> None:
        """Bring what to do about what this view explains into sight."""

    def save_state(self) -> dict[str, object]:
        """JSON-able layout of this view: columns, sort, splitters, pens."""
        return {}

    def restore_state(self, state: Mapping[str, object]) -> None: ...

    def close_view(self) -> None:
        """Undo subscriptions; the program is about to end."""
