"""The line over the overview: our links as lamps, and the few numbers that tell whether the desk sees the plant."""

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QFrame, QHBoxLayout

from console.models.link_words import lamp_state, link_text
from console.services.records import AlarmCounts, LinkRecord, StatusRecord
from console.ui.format import whole_text
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.translation import tr
from console.widgets.lamp import Lamp, LampState

_NUMBERS = ("live", "stale", "bad", "blind", "unacknowledged")


class PlantLine(QFrame):
    """Set from outside; it keeps no state of the plant of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(8)
        self.heading = PlainLabel(elide=True)
        self.heading.setProperty("role", "heading")
        row.addWidget(self.heading, 1)
        self._links = QHBoxLayout()
        self._links.setSpacing(8)
        row.addLayout(self._links)
        self.numbers = {name: PlainLabel() for name in _NUMBERS}
        for label in self.numbers.values():
            row.addSpacing(10)
            row.addWidget(label)
        self._parts: dict[str, tuple[Lamp, PlainLabel]] = {}

    def set_links(self, links: Sequence[LinkRecord], now_us: int) -> None:
        for link in links:
            if link.name not in self._parts:
                self._parts[link.name] = (Lamp(), PlainLabel())
                for part in self._parts[link.name]:
                    self._links.addWidget(part)
                self._links.addSpacing(8)
            lamp, label = self._parts[link.name]
            lamp.set_state(LampState(lamp_state(link)))
            label.setText(link_text(link, now_us))
            label.setToolTip(plain_tip(link.detail))
        names = {link.name for link in links}
        for name, parts in self._parts.items():
            for part in parts:
                part.setVisible(name in names)

    def set_numbers(self, status: StatusRecord | None, counts: AlarmCounts | None, *, is_blind: bool) -> None:
        """Nothing known shows as a dash, and the word blind replaces a number that our lost link made worthless."""
        unacknowledged = sum(counts.unacknowledged) if counts is not None else None
        self.heading.setText(status.site_name if status is not None else "")
        shown: Mapping[str, str] = {
            "live": tr("Tags live {n}", n=_count(status.tags_live if status and not is_blind else None)),
            "stale": tr("stale {n}", n=_count(status.tags_stale if status else None)),
            "bad": tr("bad {n}", n=_count(status.tags_bad if status else None)),
            "blind": tr("blind {n}", n=_count(status.tags_blind if status else None)),
            "unacknowledged": tr("unacknowledged {n}", n=_count(unacknowledged)),
        }
        for name, label in self.numbers.items():
            label.setText(shown[name])
        worrying = {"unacknowledged": unacknowledged or 0}
        if status is not None:
            worrying |= {"stale": status.tags_stale, "bad": status.tags_bad, "blind": status.tags_blind}
        for name, label in self.numbers.items():
            role = "strong" if worrying.get(name) else "dim"
            if label.property("role") != role:
                label.setProperty("role", role)
                label.style().unpolish(label)
                label.style().polish(label)


def _count(number: int | None) -> str:
    return "–" if number is None else whole_text(number)
