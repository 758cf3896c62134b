"""The trend as a picture: with its time and the legend of its pens, as PNG or PDF, on the clipboard, or on paper."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMarginsF, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPageLayout, QPageSize, QPaintDevice, QPainter, QPdfWriter
from PySide6.QtWidgets import QFileDialog, QMenu

from console.domain.file_names import path_fault
from console.models.annotation_words import span_text
from console.models.trend_table import PenRow
from console.ui.fonts import font
from console.ui.format import DASH, date_text, local, number_text
from console.ui.theme import theme
from console.ui.translation import tr
from console.views.trends.extras import TrendParts

HEAD, LINE, PAD = 34, 20, 12
FORMS = (("PNG", "png"), ("PDF", "pdf"))


class Picture:
    """What the menu offers; it says how it went. `note` stands in the heading: what the pens are compared with."""

    def __init__(self, parts: TrendParts) -> None:
        self._parts = parts
        self.note: Callable[[], str] = str
        self._say = partial(parts.context.refused, parts.owner)

    def add_to(self, menu: QMenu) -> None:
        """Its entries, made anew each time the menu opens."""
        entries: tuple[tuple[str, Callable[[], object]], ...] = (
            (tr("Copy picture"), self.copy),
            (tr("Save picture…"), self.ask_file),
            (tr("Print…"), self.print_out),
        )
        for text, act in entries:
            made = menu.addAction(text)
            made.setEnabled(bool(self._parts.pens.rows) or self._parts.picture.isVisible())
            made.triggered.connect(lambda _on=False, do=act: do())

    def image(self) -> QImage:
        """As it is on the screen now, with its time above and its pens below."""
        shown = self._parts.picture.grab()
        ratio = shown.devicePixelRatio()
        rows = [row for row in self._parts.pens.rows if not row.look.is_hidden]
        width = shown.width() / ratio
        height = HEAD + shown.height() / ratio + PAD + LINE * (len(rows) + 1)
        made = QImage(QSize(round(width * ratio), round(height * ratio)), QImage.Format.Format_RGB32)
        made.setDevicePixelRatio(ratio)
        made.fill(theme().color("surface.panel"))
        painter = QPainter(made)
        self._paint_head(painter, QRectF(PAD, 0, width - 2 * PAD, HEAD))
        painter.drawPixmap(0, HEAD, shown)
        self._paint_legend(painter, QRectF(PAD, HEAD + shown.height() / ratio + PAD / 2, width - 2 * PAD, LINE), rows)
        painter.end()
        return made

    def copy(self) -> None:
        QGuiApplication.clipboard().setImage(self.image())
        self._say(tr("The picture is on the clipboard"))

    def ask_file(self) -> QFileDialog:
        """Ask for a file and write it; not modal."""
        owner = self._parts.owner
        forms = ";;".join(f"{name} (*.{ending})" for name, ending in FORMS)
        dialog = QFileDialog(owner, tr("Save the picture of the trend"), "trend.png", forms)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("png")
        dialog.setModal(False)
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix("pdf" if "pdf" in chosen else "png"))
        image = self.image()  # as it was when it was asked for
        dialog.fileSelected.connect(lambda name: self.save(Path(name), image))
        dialog.finished.connect(dialog.deleteLater)
        dialog.finished.connect(lambda _result: owner.window().activateWindow())
        dialog.show()
        dialog.activateWindow()
        return dialog

    def save(self, path: Path, image: QImage | None = None) -> bool:
        """By the ending of the name; says how it went."""
        fault = path_fault(str(path))
        if fault:
            self._say(tr("Not exported: {why}", why=tr(fault)))
            return False
        image = image or self.image()
        is_done = _write_pdf(path, image) if path.suffix.casefold() == ".pdf" else image.save(str(path))
        text = tr("The picture is saved as {file}") if is_done else tr("The picture could not be saved as {file}")
        self._say(text.format(file=path.name))
        return is_done

    def print_out(self) -> None:
        """Ask for a printer. Its library is loaded when somebody prints, not before."""
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        image = self.image()
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setPageOrientation(QPageLayout.Orientation.Landscape)
        dialog = QPrintDialog(printer, self._parts.owner)
        dialog.setModal(False)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._on_paper(printer, image))
        dialog.show()

    def _on_paper(self, printer: Any, image: QImage) -> None:
        if not draw_on_page(printer, image):
            self._say(tr("The printer does not take the picture"))

    def _paint_head(self, painter: QPainter, place: QRectF) -> None:
        window = self._parts.plot.shown
        from_us, to_us = (window.from_us, window.to_us) if window is not None else self._parts.plot.window_us
        painter.setFont(font("font_heading", bold=True))
        painter.setPen(theme().color("text"))
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), tr("Trends"))
        painter.setFont(font("font_small"))
        painter.setPen(theme().color("text.dim"))
        moment = local(from_us)
        zone = f"{moment:%Z} {moment:%z}"
        words = (self.note(), date_text(moment), span_text(from_us, to_us, from_us), zone)
        told = " · ".join(word for word in words if word)
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), told)

    def _paint_legend(self, painter: QPainter, place: QRectF, rows: list[PenRow]) -> None:
        columns = ((tr("Min"), 3), (tr("Max"), 2), (tr("Average"), 1))
        painter.setFont(font("font_small"))
        painter.setPen(theme().color("text.dim"))
        for name, back in columns:
            painter.drawText(_cell(place, back), int(Qt.AlignmentFlag.AlignRight), name)
        for number, row in enumerate(rows, 1):
            line = place.translated(0, number * LINE)
            statistics = row.statistics
            painter.setPen(theme().pen(row.colour))
            painter.drawText(line, "━")
            painter.setPen(theme().color("text"))
            name = f"{row.tag.name} [{row.tag.unit}]" if row.tag.unit else row.tag.name
            room = line.adjusted(24, 0, -340, 0)
            shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, int(room.width()))
            painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft), shown)
            for (_name, back), value in zip(
                columns, (statistics.low, statistics.high, statistics.average), strict=True
            ):
                text = number_text(value) if value == value else DASH  # noqa: PLR0124 not a number
                painter.drawText(_cell(line, back), int(Qt.AlignmentFlag.AlignRight), text)


def _cell(line: QRectF, back: int) -> QRectF:
    return QRectF(line.right() - back * 110, line.top(), 110, line.height())


def _write_pdf(path: Path, image: QImage) -> bool:
    """One landscape page A4."""
    writer = QPdfWriter(str(path))
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageOrientation(QPageLayout.Orientation.Landscape)
    writer.setPageMargins(QMarginsF(12, 12, 12, 12), QPageLayout.Unit.Millimeter)
    writer.setTitle(tr("Trends"))
    return draw_on_page(writer, image)


def draw_on_page(device: QPaintDevice, image: QImage) -> bool:
    """As large as it fits, at the top; False when the device does not take it."""
    painter = QPainter()
    if not painter.begin(device):
        return False
    page = painter.viewport()
    size = image.size().scaled(page.size(), Qt.AspectRatioMode.KeepAspectRatio)
    plain = QImage(image)
    plain.setDevicePixelRatio(1.0)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF((page.width() - size.width()) / 2, 0, size.width(), size.height()), plain)
    return painter.end()
