"""Ask until the station takes the answer: a refusal is shown inside the dialog and nothing that was typed is lost."""

from collections.abc import Awaitable, Callable, Mapping

from PySide6.QtWidgets import QWidget

from console.domain.refusal import Refused
from console.ui.dialogs import Question, QuestionDialog
from console.ui.translation import tr_refusal


async def ask_until_done(
    question: Question, act: Callable[[Mapping[str, str]], Awaitable[object]], parent: QWidget | None = None
) -> bool:
    """Show the question; `act(answers)` may raise Refused, then it can be answered again. False: turned away."""
    dialog = QuestionDialog(question, parent)
    try:
        while (answers := await dialog.answer()) is not None:
            dialog.set_busy(True)
            try:
                await act(answers)
            except Refused as refused:
                dialog.say(tr_refusal(refused))
            else:
                return True
        return False
    finally:
        dialog.close()
        dialog.deleteLater()
