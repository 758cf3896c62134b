"""Electronic signatures: who signs, what it means, the record as it is; the password again at each signing.

Sources: 21 CFR 11.50 (name, time with zone, meaning on screen), 11.70 (bound to the record, P31), 11.200.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import isValid

from console.domain.command import Command
from console.domain.permissions import PERMISSIONS
from console.domain.refusal import Refused
from console.domain.signatures import SignatureProof
from console.services.people_records import SignatureSheet
from console.services.station import Receipt, SignatureQuery, Station
from console.ui.dialogs import ReturningDialog, fit_height
from console.ui.errands import DEFECT_TEXT
from console.ui.format import date_text, local
from console.ui.plain_label import PlainLabel
from console.ui.secret_field import SecretField
from console.ui.translation import mark, tr, tr_refusal
from console.ui.wall_clock import now_us

MEANING_WORDS = {
    "approved": mark("approved"),
    "reviewed": mark("reviewed"),
    "responsible": mark("responsible for it"),
    "countersigned": mark("countersigned"),
    "revoked": mark("rights withdrawn"),
    "resolved_conflict": mark("conflict decided"),
    "handed_over": mark("shift handed over"),
}
ShowValue = Callable[[str, str], str]  # (label, value) of a record's line -> how it reads
_LINES_HIGH = 300
_EDGES = 60


def needs_signature(command: Command) -> bool:
    signed = PERMISSIONS[command.name].signed
    return signed is not None and signed.when(command)


def as_it_is(_label: str, value: str) -> str:
    return value


class SignatureDialog(ReturningDialog):
    """Shows a sheet until it is signed or turned away; `show_sheet` replaces what is shown."""

    def __init__(
        self,
        sheet: SignatureSheet,
        parent: QWidget | None = None,
        *,
        shown: ShowValue = as_it_is,
        clock: Callable[[], int] = now_us,
    ) -> None:
        super().__init__(parent)
        self.setModal(False)
        self.setWindowTitle(tr("Electronic signature"))
        self.setMinimumWidth(560)
        self._shown, self._clock = shown, clock
        self._future: asyncio.Future[str | None] | None = None
        self.heading = PlainLabel(tr("Electronic signature"))
        self.heading.setProperty("role", "heading")
        self.sentence = PlainLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setProperty("role", "strong")
        self.name, self.time, self.meaning = PlainLabel(), PlainLabel(), PlainLabel()
        self.secret = SecretField(label=tr("Your password or PIN"))
        self.notice = PlainLabel()
        self.notice.setWordWrap(True)
        self.notice.setProperty("role", "refused")
        self.notice.hide()
        self.sign_button, self.cancel_button = QPushButton(tr("Sign")), QPushButton(tr("Cancel"))
        self._lines = QVBoxLayout()
        self._lay_out()
        self.secret.textChanged.connect(self._check)
        self.sign_button.clicked.connect(self._signed)
        self.cancel_button.clicked.connect(self.reject)
        self._timer = QTimer(self, interval=1000)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self.show_sheet(sheet)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addWidget(self.heading)
        self.room = _scrolled(self._lines)
        column.addWidget(self.room)
        column.addWidget(self.sentence)
        form = _form()
        for label, value in ((tr("Name"), self.name), (tr("Time"), self.time), (tr("Meaning"), self.meaning)):
            form.addRow(_dim(label), value)
        form.addRow(_dim(tr("Your password or PIN")), self.secret)
        column.addLayout(form)
        column.addWidget(self.notice)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        self.cancel_button.setAutoDefault(False)
        self.sign_button.setProperty("primary", True)
        self.sign_button.setDefault(True)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.sign_button)
        column.addLayout(buttons)

    def show_sheet(self, sheet: SignatureSheet) -> None:
        """The record as it is now; what was typed before is gone, so that nobody signs the new one unread."""
        self.sheet = sheet
        while self._lines.count():
            item = self._lines.takeAt(0)
            old = item.widget() if item is not None else None
            if old is not None:
                old.hide()
                old.deleteLater()
        card = _record_of(sheet, self._shown)
        self._lines.addWidget(card)
        high = card.heightForWidth(max(self.width(), self.minimumWidth()) - _EDGES)
        self.room.setFixedHeight(min(_LINES_HIGH, high + 2))
        self.sentence.setText(tr(sheet.sentence, name=sheet.name))
        self.name.setText(sheet.name)
        meaning = MEANING_WORDS.get(sheet.meaning, "")
        self.meaning.setText(tr(meaning) if meaning else sheet.meaning)
        self.secret.clear()
        self._tick()
        self._check()
        fit_height(self)

    def say(self, text: str) -> None:
        self.notice.setText(text)
        self.notice.setVisible(bool(text))
        fit_height(self)

    def set_busy(self, is_busy: bool) -> None:
        self.secret.setEnabled(not is_busy)
        self._check()
        if not is_busy:
            self.secret.clear()
            self.secret.setFocus()

    async def answer(self) -> str | None:
        """The secret with the next press of Sign, None when the person turned away."""
        self._future = asyncio.get_running_loop().create_future()
        if not self.isVisible():
            self.show()
        self.raise_()
        self.activateWindow()
        self.secret.setFocus()
        try:
            return await self._future
        finally:
            self._future = None

    def done(self, result: int) -> None:
        super().done(result)
        self._end(None)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self._end(None)

    def _signed(self) -> None:
        if self.secret.text():
            self._end(self.secret.text())

    def _end(self, secret: str | None) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(secret)

    def _check(self) -> None:
        self.sign_button.setEnabled(bool(self.secret.text()) and self.secret.isEnabled())

    def _tick(self) -> None:
        moment = local(self._clock())
        self.time.setText(f"{date_text(moment)} {moment:%H:%M:%S} {moment.tzname() or ''} ({moment:%z})")


async def sign(
    station: Station,
    command: Any,
    parent: QWidget | None = None,
    *,
    shown: ShowValue = as_it_is,
    sheet: SignatureSheet | None = None,
) -> Receipt | None:
    """Show what `command` demands to be signed and submit it with its proof; None when it was turned away.

    Raises Refused when there is nothing to sign. A record that changed meanwhile is refused by the station and shown
    anew (P31).
    """
    if sheet is None:
        sheet = await station.query(SignatureQuery(command))
    dialog = SignatureDialog(sheet, parent, shown=shown)
    try:
        while (secret := await dialog.answer()) is not None:
            dialog.set_busy(True)
            try:
                proof = SignatureProof(secret, dialog.sheet.meaning, dialog.sheet.sha256)
                return await station.submit(replace(command, proof=proof))
            except Refused as refused:
                dialog.say(tr_refusal(refused))
                await _look_again(station, command, dialog)
            except Exception:
                dialog.say(tr(DEFECT_TEXT))
                raise
            finally:
                dialog.set_busy(False)
        return None
    finally:
        if isValid(dialog):  # it may have gone with its window
            dialog.close()
            dialog.deleteLater()


async def do(
    station: Station, command: Command, parent: QWidget | None = None, *, shown: ShowValue = as_it_is
) -> Receipt | None:
    """Submit, asking for a signature where the permission row demands one. Raises Refused; None: turned away."""
    if needs_signature(command):
        return await sign(station, command, parent, shown=shown)
    return await station.submit(command)


async def _look_again(station: Station, command: Command, dialog: SignatureDialog) -> None:
    try:
        fresh = await station.query(SignatureQuery(command))
    except Refused as refused:
        dialog.say(tr_refusal(refused))
        return
    if fresh.sha256 != dialog.sheet.sha256:
        dialog.show_sheet(fresh)
        dialog.say(tr("The record changed meanwhile. This is how it is now: read it, then sign."))


def _record_of(sheet: SignatureSheet, shown: ShowValue) -> QFrame:
    card = QFrame()
    card.setProperty("role", "card")
    form = QFormLayout(card)
    form.setContentsMargins(12, 10, 12, 10)
    form.setHorizontalSpacing(16)
    for label, value in sheet.lines:
        if not value:
            continue
        text = PlainLabel(shown(label, value))
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        form.addRow(_dim(tr(label)), text)
    return card


def _scrolled(content: QVBoxLayout) -> QScrollArea:
    inner = QWidget()
    content.setContentsMargins(0, 0, 0, 0)
    inner.setLayout(content)
    room = QScrollArea()
    room.setWidgetResizable(True)
    room.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    room.setWidget(inner)
    room.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return room


def _form() -> QFormLayout:
    form = QFormLayout()
    form.setHorizontalSpacing(16)
    form.setVerticalSpacing(8)
    return form


def _dim(text: str) -> PlainLabel:
    label = PlainLabel(text)
    label.setProperty("role", "dim")
    return label
