"""Erasings by people who had no right to them, above the list of people: what is gone, and what puts it right."""

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QVBoxLayout

from console.services.people_records import WrongErasingRecord
from console.ui.format import clock_text, date_text, local
from console.ui.plain_label import PlainLabel
from console.ui.translation import tr

_MOST = 3  # of them are named; the Acts to countersign list all


class WrongErasings(QFrame):
    """Hidden while there are none."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 8)
        self.label = PlainLabel()
        self.label.setProperty("role", "refused")
        self.label.setWordWrap(True)
        column.addWidget(self.label)
        self.hide()

    def show_erasings(self, erasings: Sequence[WrongErasingRecord]) -> None:
        lines = [_line(one) for one in erasings[:_MOST]]
        if len(erasings) > _MOST:
            lines.append(tr("and {n} more", n=len(erasings) - _MOST))
        self.label.setText("\n".join(lines))
        self.label.setAccessibleName(self.label.text())
        self.setVisible(bool(lines))


def _line(one: WrongErasingRecord) -> str:
    told = tr(
        "{person} was erased by {user}, who had no right to it, on {at} at station {station}.",
        person=one.person,
        user=one.by,
        at=f"{date_text(local(one.at_us))} {clock_text(one.at_us)}",
        station=one.station,
    )
    if one.is_gone:
        why = tr(
            "What this station kept of login, name and password is overwritten: "
            "add the person anew and merge this entry into the new one."
        )
    else:
        why = tr(
            "Here the erasing had no effect; where it was done login and name are gone: "
            "add the person anew and merge this entry into the new one."
        )
    return f"{told} {why} {tr('If it was right after all: countersign it.')}"
