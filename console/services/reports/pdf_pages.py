"""Plain text on A4 pages: wrapped lines, entries under a bold head, title and page number on each page; no markup."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

_SIZE, _HEAD, _LEADING = 7.5, 8.5, 10.5
_MARGIN = 40.0
_MOST = 4000  # characters of one field; the rest is in the other forms and in the journal
_PLAIN, _BOLD = "Leitstand", "Leitstand-Bold"


class PdfPages:
    """Letters that the font lacks are written as their code, so that none is lost or stands for another."""

    def __init__(self, path: Path, fonts: Path) -> None:
        """`fonts`: folder of Inter-Regular.ttf and Inter-SemiBold.ttf."""
        from reportlab.lib.pagesizes import A4
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.ttfonts import TTFont
        from reportlab.pdfgen.canvas import Canvas

        self._fonts: dict[str, Any] = {}
        for name, file in ((_PLAIN, "Inter-Regular.ttf"), (_BOLD, "Inter-SemiBold.ttf")):
            self._fonts[name] = TTFont(name, str(fonts / file))
            pdfmetrics.registerFont(self._fonts[name])
        self._glyphs = frozenset(self._fonts[_PLAIN].face.charToGlyph)
        self._width, self._height = A4
        self._canvas: Any = Canvas(str(path), pagesize=A4)
        self._page = 0
        self._y = 0.0
        self._title = ""

    def begin(self, title: str) -> None:
        self._title = self._shown(title)
        self._canvas.setTitle(self._title)
        self._new_page()

    def line(self, text: str, font: str = _PLAIN, size: float = _SIZE, indent: float = 0.0) -> None:
        """A paragraph, wrapped to the page."""
        for part in text[:_MOST].splitlines() or [""]:
            for wrapped in self._wrapped(self._shown(part), font, size, self._width - 2 * _MARGIN - indent):
                if self._y < _MARGIN + _LEADING:
                    self._new_page()
                self._canvas.setFont(font, size)
                self._canvas.drawString(_MARGIN + indent, self._y, wrapped)
                self._y -= _LEADING
        if len(text) > _MOST:
            self.line("(shortened)", font, size, indent)

    def entry(self, head: str, lines: Sequence[str]) -> None:
        if self._y < _MARGIN + 4 * _LEADING:
            self._new_page()
        self.line(head, _BOLD, _HEAD)
        for text in lines:
            self.line(text, indent=10.0)
        self.gap()

    def gap(self) -> None:
        self._y -= _LEADING / 2

    def close(self) -> None:
        self._canvas.save()

    def _new_page(self) -> None:
        if self._page:
            self._canvas.showPage()
        self._page += 1
        top = self._height - _MARGIN
        self._canvas.setFont(_BOLD, 10)
        self._canvas.drawString(_MARGIN, top, self._title)
        self._canvas.setFont(_PLAIN, _SIZE)
        self._canvas.drawRightString(self._width - _MARGIN, top, str(self._page))
        self._canvas.line(_MARGIN, top - 6, self._width - _MARGIN, top - 6)
        self._y = top - 20

    def _shown(self, text: str) -> str:
        return "".join(
            letter if ord(letter) in self._glyphs and letter.isprintable() else f"\\u{{{ord(letter):x}}}"
            for letter in text.replace("\t", " ")
        )

    def _wrapped(self, text: str, font: str, size: float, room: float) -> Iterator[str]:
        """By words; a word that is wider than the page is cut."""
        from reportlab.pdfbase.pdfmetrics import stringWidth

        line = ""
        for word in text.split(" "):
            trial = f"{line} {word}" if line else word
            if stringWidth(trial, font, size) <= room:
                line = trial
                continue
            if line:
                yield line
            line = word
            while stringWidth(line, font, size) > room:
                fits = max(1, int(len(line) * room / stringWidth(line, font, size)))
                while fits > 1 and stringWidth(line[:fits], font, size) > room:
                    fits -= 1
                yield line[:fits]
                line = line[fits:]
        yield line
