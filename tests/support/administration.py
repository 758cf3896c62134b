"""Driving the administration view: its questions and signatures, as a person answers them."""

from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPlainTextEdit

from console.ui.dialogs import QuestionDialog
from console.ui.signing import SignatureDialog
from console.views.administration.view import AdministrationView
from tests.support.qt_loop import until
from tests.support.screens import Screen


def view_of(screen: Screen) -> AdministrationView:
    assert isinstance(screen.view, AdministrationView)
    return screen.view


def shown(kind: type) -> list[object]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]


async def question() -> QuestionDialog:
    await until(lambda: shown(QuestionDialog))
    found = shown(QuestionDialog)[0]
    assert isinstance(found, QuestionDialog)
    return found


async def signature() -> SignatureDialog:
    await until(lambda: shown(SignatureDialog))
    found = shown(SignatureDialog)[0]
    assert isinstance(found, SignatureDialog)
    return found


def fill(dialog: QuestionDialog, **texts: str) -> None:
    for key, text in texts.items():
        made = dialog.input(key)
        if isinstance(made, QComboBox):
            made.setCurrentIndex(made.findData(text))
        elif isinstance(made, QPlainTextEdit):
            made.setPlainText(text)
        else:
            assert isinstance(made, QLineEdit)
            made.setText(text)
