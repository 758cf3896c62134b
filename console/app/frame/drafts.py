"""Open forms belong to whoever began them: put aside when another person takes over, back when he returns."""

from PySide6.QtWidgets import QApplication, QDialog, QWidget
from shiboken6 import isValid

from console.app.frame.sign_on_dialog import SignOnDialog
from console.ui.dialogs import ReturningDialog


class Drafts:
    """Forms over `window`; what is put aside is hidden with everything that was typed."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._aside: dict[str, list[QDialog]] = {}

    def put_aside(self, user_id: str) -> None:
        """The forms that are open now are this person's."""
        mine = [form for form in _open_forms() if form is not self._window]
        for form in mine:
            form.hide()
        if mine:
            self._aside[user_id] = [*self._aside.get(user_id, ()), *mine]

    def bring_back(self, user_id: str) -> None:
        for form in self._aside.pop(user_id, ()):
            if isValid(form):
                form.show()


def _open_forms() -> list[ReturningDialog]:
    forms = [one for one in QApplication.topLevelWidgets() if isinstance(one, ReturningDialog) and one.isVisible()]
    return [form for form in forms if not isinstance(form, SignOnDialog)]
