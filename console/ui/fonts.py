"""The one typeface: Inter as shipped, the system's sans where it cannot be loaded; numbers always tabular."""

from functools import cache

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication

from console.ui.resources import resource
from console.ui.theme import theme

FONT_FILES = ("Inter-Regular.ttf", "Inter-SemiBold.ttf")
NORMAL = QFont.Weight.Normal
BOLD = QFont.Weight.DemiBold  # 600: what is unacknowledged or decisive


@cache
def family() -> str:
    """Family name of the shipped font, or of the platform's sans serif when it does not load."""
    found = ""
    for file in FONT_FILES:
        path = resource("fonts", file)
        number = QFontDatabase.addApplicationFont(str(path)) if path.is_file() else -1
        names = QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
        found = found or (names[0] if names else "")
    if found:
        return found
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()


def font(size: str = "font", *, bold: bool = False, italic: bool = False) -> QFont:
    """Your own font of a measure (font, font_heading, font_count, font_small), tabular numbers switched on."""
    return QFont(_made(size, bold, italic))


@cache
def _made(size: str, bold: bool, italic: bool) -> QFont:
    made = QFont(family())
    made.setPixelSize(theme().measure(size))
    made.setWeight(BOLD if bold else NORMAL)
    made.setItalic(italic)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def install_font(app: QApplication) -> None:
    """Make it the application's font."""
    app.setFont(font())
