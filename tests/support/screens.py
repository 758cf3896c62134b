"""One screen in a window with its actions, as the frame hosts it; keeps where it went and what it said."""

from collections.abc import Callable
from types import TracebackType

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget
from shiboken6 import isValid

from console.ui.actions import ActionSet
from console.ui.view import Selection, View, ViewContext
from tests.support.fake_station import FakeStation
from tests.support.qt_loop import until


class Screen:
    """`async with Screen(AlarmsView, station) as screen:` shows the view and closes it again."""

    def __init__(self, make: Callable[[ViewContext], View], station: FakeStation) -> None:
        self.went: list[tuple[str, Selection | None]] = []
        self.said: list[str] = []
        self.selected: list[Selection] = []
        self.window = QMainWindow()
        self.actions = ActionSet(self.window)
        context = ViewContext(station, self.actions, self._go, self._say)
        self.view = make(context)
        self.view.selected.connect(self.selected.append)

    def _go(self, view_id: str, selection: Selection | None) -> None:
        self.went.append((view_id, selection))

    def _say(self, _beside: QWidget, text: str) -> None:
        self.said.append(text)

    async def __aenter__(self) -> "Screen":
        self.window.setCentralWidget(self.view)
        self.window.resize(1300, 800)
        self.actions.set_target(self.view)
        self.actions.set_list_focus(True)
        self.window.show()
        self.window.activateWindow()
        await until(lambda: QApplication.activeWindow() is self.window)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.view.close_view()
        errands = getattr(self.view, "errands", ())
        await until(lambda: not len(errands))  # dialogs that wait for an answer end here
        self.window.close()
        self.window.deleteLater()
        await until(lambda: not isValid(self.window))

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key as the person presses it, to whatever has the focus."""
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)
        if QApplication.keyboardModifiers() != Qt.KeyboardModifier.NoModifier:
            # the application would believe for ever, beyond this test, that the finger is still on the key
            QTest.keyClick(self.window, Qt.Key.Key_unknown, Qt.KeyboardModifier.NoModifier)
