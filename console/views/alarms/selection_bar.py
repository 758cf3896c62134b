"""What is selected in the alarm list, and the deeds for it with their keys."""

from PySide6.QtWidgets import QFrame, QHBoxLayout

from console.ui.actions import ActionSet
from console.ui.plain_label import PlainLabel
from console.ui.table_view import TableView
from console.ui.translation import tr, tr_n
from console.widgets.key_button import KeyButton

BUTTONS = (
    ("alarm.acknowledge", "Space"),
    ("alarm.unacknowledge", "Shift+Space"),
    ("alarm.comment", "C"),
    ("incident.open", "I"),
    ("show.trend", "T"),
    ("show.topology", "G"),
)


class SelectionBar(QFrame):
    """Hidden while nothing is selected."""

    def __init__(self, actions: ActionSet) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 14, 6)
        row.setSpacing(8)
        self.text = PlainLabel(elide=True)
        row.addWidget(self.text, 1)
        self.buttons: dict[str, KeyButton] = {}
        for action_id, key in BUTTONS:
            button = KeyButton(key=key, primary=action_id == "alarm.acknowledge")
            button.bind(actions.action(action_id), key)
            row.addWidget(button)
            self.buttons[action_id] = button
        self.hide()

    def tell(self, chosen: int, owed: int) -> None:
        """How many rows are selected and how many of them are unacknowledged."""
        self.setVisible(bool(chosen))
        self.buttons["alarm.acknowledge"].setVisible(owed > 0)  # of the two only the one that does something
        self.buttons["alarm.unacknowledge"].setVisible(owed == 0)
        count = tr_n("{n} alarm selected", "{n} alarms selected", chosen)
        self.text.setText(f"{count} · {tr('{n} unacknowledged', n=owed)}")


def rows_in_sight(view: TableView) -> range:
    """Positions whose rows can be read whole (NUREG-0700 4.3.3-2: a page is what is visible)."""
    height, count = view.viewport().height(), view.model().rowCount()
    first, last = view.rowAt(0), view.rowAt(height - 1)
    last = count - 1 if last < 0 else last
    if last >= 0 and view.rowViewportPosition(last) + view.rowHeight(last) > height:
        last -= 1
    return range(max(first, 0), last + 1) if first >= 0 else range(0)
