"""The button beside the filter field: priority, state, area and class to choose, and filters kept by name."""

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from console.models.alarm_filter import STATES, AlarmFilter
from console.models.alarm_texts import class_word
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.widgets.priority_count import LETTERS

_MOST = 60  # areas or classes offered


class StayingMenu(QMenu):
    """Stays open while boxes are ticked, so that several can be chosen in one go."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self.activeAction()
        if action is not None and action.isCheckable() and action.isEnabled():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self.activeAction()
        if event.key() == Qt.Key.Key_Space and action is not None and action.isCheckable():
            action.trigger()
        else:
            super().keyPressEvent(event)


class FilterMenu(QPushButton):
    """`chosen(AlarmFilter)` with each box; `save_asked`, `drop_asked(name)` for the filters kept by name."""

    chosen = Signal(object)
    save_asked = Signal()
    drop_asked = Signal(str)

    def __init__(
        self,
        wanted: Callable[[], AlarmFilter],
        areas: Callable[[], Iterable[str]],
        classes: Callable[[], Mapping[str, str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._wanted, self._areas, self._classes = wanted, areas, classes
        self.kept: Mapping[str, AlarmFilter] = {}
        self.setAutoDefault(False)
        self._menu = StayingMenu(self)
        self._menu.aboutToShow.connect(self.fill)
        self.setMenu(self._menu)
        theme().changed.connect(self.retell)
        self.retell()

    def retell(self) -> None:
        self.setText(tr("Filter"))
        self.setToolTip(tr("Priority, state, area, class, and filters kept by name"))

    def fill(self) -> None:
        """The choices as they are now."""
        menu, now = self._menu, self._wanted()
        menu.clear()
        self._heading(mark("Priority"))
        for priority, word in LETTERS.items():
            self._box(menu, f"{priority} {tr(word)}", "priorities", priority, priority in now.priorities)
        self._heading(mark("State"))
        for key, (words, _states) in STATES.items():
            self._box(menu, tr(words), "states", key, key in now.states)
        menu.addSeparator()
        areas = {name: name or tr("no area") for name in {*self._areas(), *now.areas}}
        self._choices(tr("Area"), "areas", areas, now.areas)
        names = dict.fromkeys(now.classes, "") | dict(self._classes())
        classes = {one: class_word(one, name) or tr("no class") for one, name in names.items()}
        self._choices(tr("Class"), "classes", classes, now.classes)
        menu.addSeparator()
        keep = menu.addAction(tr("Keep this filter..."), self.save_asked)
        keep.setEnabled(not now.is_empty)
        for name in sorted(self.kept, key=str.casefold):
            action = menu.addAction(_plain(name))
            action.triggered.connect(lambda _on=False, one=name: self.chosen.emit(self.kept[one]))
        if self.kept:
            drop = menu.addMenu(tr("Forget a kept filter"))
            for name in sorted(self.kept, key=str.casefold):
                drop.addAction(_plain(name)).triggered.connect(lambda _on=False, one=name: self.drop_asked.emit(one))

    def _heading(self, words: str) -> None:
        heading = self._menu.addAction(tr(words))
        heading.setEnabled(False)

    def _choices(self, title: str, part: str, words: Mapping[str, str], chosen: frozenset[str]) -> None:
        """`words`: what is chosen -> what stands there."""
        if len(words) < 2 and not chosen:
            return
        menu = StayingMenu(title, self._menu)
        for name in sorted(words, key=lambda one: words[one].casefold())[:_MOST]:
            self._box(menu, words[name], part, name, name in chosen)
        self._menu.addMenu(menu)

    def _box(self, menu: QMenu, text: str, part: str, value: object, is_on: bool) -> QAction:
        action = menu.addAction(_plain(text))
        action.setCheckable(True)
        action.setChecked(is_on)
        action.triggered.connect(lambda _on=False: self.chosen.emit(self._wanted().toggled(part, value)))
        return action


def _plain(text: str) -> str:
    """A name from outside as menu text: an ampersand is no key."""
    return text.replace("&", "&&").replace("\n", " ")[:80]
