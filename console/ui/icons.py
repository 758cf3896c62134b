"""One set of line icons, drawn from path data and coloured by token."""

import tomllib
from collections.abc import Iterator
from functools import cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

from console.ui.resources import resource
from console.ui.theme import theme

GRID = 22
_STROKE = 1.6
_ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "Q": 4, "Z": 0, "O": 3, "R": 5, "D": 3}


@cache
def icon_table() -> dict[str, str]:
    """Icon id -> path data."""
    table = tomllib.loads(resource("icons", "icons.toml").read_text(encoding="utf-8"))
    return {key: value for key, value in table.items() if isinstance(value, str)}


@cache
def icon_paths(icon_id: str) -> tuple[QPainterPath, QPainterPath]:
    """Stroked and filled path on the 22 x 22 grid. KeyError for an unknown icon, ValueError for bad data."""
    lines, dots = QPainterPath(), QPainterPath()
    words = icon_table()[icon_id].split()
    at = 0
    while at < len(words):
        command = words[at]
        count = _ARGUMENTS.get(command)
        if count is None:
            raise ValueError(f"icon {icon_id}: unknown command {command}")
        _draw(command, [float(word) for word in words[at + 1 : at + 1 + count]], lines, dots)
        at += 1 + count
    return lines, dots


def _draw(command: str, v: list[float], lines: QPainterPath, dots: QPainterPath) -> None:
    match command:
        case "M":
            lines.moveTo(v[0], v[1])
        case "L":
            lines.lineTo(v[0], v[1])
        case "H":
            lines.lineTo(v[0], lines.currentPosition().y())
        case "V":
            lines.lineTo(lines.currentPosition().x(), v[0])
        case "C":
            lines.cubicTo(*v)
        case "Q":
            lines.quadTo(*v)
        case "Z":
            lines.closeSubpath()
        case "O":
            lines.addEllipse(QRectF(v[0] - v[2], v[1] - v[2], 2 * v[2], 2 * v[2]))
        case "R":
            lines.addRoundedRect(QRectF(v[0], v[1], v[2], v[3]), v[4], v[4])
        case _:
            dots.addEllipse(QRectF(v[0] - v[2], v[1] - v[2], 2 * v[2], 2 * v[2]))


def paint_icon(painter: QPainter, rect: QRectF, icon_id: str, color: QColor) -> None:
    """Draw the icon centred in `rect`."""
    lines, dots = icon_paths(icon_id)
    side = min(rect.width(), rect.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.center().x() - side / 2, rect.center().y() - side / 2)
    painter.scale(side / GRID, side / GRID)
    pen = QPen(color, _STROKE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(lines, pen)
    painter.fillPath(dots, QBrush(color))
    painter.strokePath(dots, pen)
    painter.restore()


def icon_pixmap(icon_id: str, tint: str = "text", size: int = GRID, scale: float = 1.0, alpha: int = 255) -> QPixmap:
    """The icon as a pixmap of `size` device-independent pixels."""
    return _pixmap(icon_id, theme().color(tint, alpha), size, scale)


def icon(icon_id: str, tint: str = "text") -> QIcon:
    """The icon in the colour of a token, of the theme that is current now; empty for an empty id."""
    if not icon_id:
        return QIcon()
    _asked.setdefault((icon_id, tint))
    return _icon(icon_id, tint, theme().name)


def make_icons(theme_name: str) -> Iterator[None]:
    """Make those asked for so far in a theme that is about to come, one a piece."""
    for icon_id, tint in tuple(_asked):
        _icon(icon_id, tint, theme_name)
        yield


_asked: dict[tuple[str, str], None] = {}


@cache
def _icon(icon_id: str, tint: str, theme_name: str) -> QIcon:
    made = QIcon()
    color, faint = theme().color_in(theme_name, tint), theme().color_in(theme_name, tint, 90)
    for scale in (1.0, 2.0):
        made.addPixmap(_pixmap(icon_id, color, GRID, scale))
        made.addPixmap(_pixmap(icon_id, faint, GRID, scale), QIcon.Mode.Disabled)
    return made


def _pixmap(icon_id: str, color: QColor, size: int, scale: float) -> QPixmap:
    pixmap = QPixmap(round(size * scale), round(size * scale))
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_icon(painter, QRectF(0, 0, size, size), icon_id, color)
    painter.end()
    return pixmap
