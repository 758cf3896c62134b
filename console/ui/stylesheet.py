"""The look of standard widgets: Fusion, a palette and a style sheet made from the tokens."""

from string import Template

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget
from shiboken6 import isValid

from console.ui.fonts import install_font
from console.ui.resources import resource
from console.ui.theme import load_measures, load_tokens, theme


def stylesheet(name: str) -> str:
    """Style sheet of a theme: `resources/theme/look.qss` with its `${token}` places filled."""
    template = Template(resource("theme", "look.qss").read_text(encoding="utf-8"))
    values: dict[str, str] = {key.replace(".", "_"): value for key, value in load_tokens(name).items()}
    values |= {f"m_{key}": f"{pixels}px" for key, pixels in load_measures().items()}
    values["theme"] = name
    values["icons"] = resource("icons").as_posix()
    return template.substitute(values)


def palette(name: str) -> QPalette:
    """Palette for what a style sheet does not reach (item views, rubber bands, links)."""
    token = {key: QColor(value) for key, value in load_tokens(name).items() if value.startswith("#")}
    role = QPalette.ColorRole
    made = QPalette(token["surface.panel"])
    for where, key in {
        role.Window: "surface.panel",
        role.WindowText: "text",
        role.Base: "surface.raised",
        role.AlternateBase: "surface.panel",
        role.Text: "text",
        role.Button: "surface.raised",
        role.ButtonText: "text",
        role.BrightText: "text",
        role.Highlight: "selection",
        role.HighlightedText: "text",
        role.Link: "accent",
        role.LinkVisited: "accent",
        role.ToolTipBase: "surface.raised",
        role.ToolTipText: "text",
        role.PlaceholderText: "text.dim",
        role.Mid: "line.strong",
        role.Midlight: "line.soft",
        role.Dark: "line.strong",
        role.Light: "surface.raised",
    }.items():
        made.setColor(where, token[key])
    for where in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, where, token["text.dim"])
    return made


def apply_look(app: QApplication) -> None:
    """Dress the application and keep it dressed: a theme switch restyles before others repaint."""
    style = QStyleFactory.create("Fusion")
    if style is not None:
        app.setStyle(style)
    install_font(app)
    look = Look(app)
    for step in look.steps:
        step()
    theme().dressing[:] = look.steps


class Look:
    """Changes the dress in steps, each short enough for a turn of the event loop; nothing is painted half dressed.

    The old sheet is taken off before the new one comes: one over another polishes each widget again for everything it
    is in (Qt 6: QStyleSheetStyle::repolish), which stalls a window with several views for a second and more.
    """

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self._worn = ""
        self._held: list[QWidget] = []
        self.steps = (self._undress, self._dress)

    def _undress(self) -> None:
        if self._worn == theme().name:
            return
        self._held = [
            window for window in self._app.topLevelWidgets() if window.isVisible() and window.updatesEnabled()
        ]
        for window in self._held:
            window.setUpdatesEnabled(False)
        self._app.setPalette(palette(theme().name))
        self._app.setStyleSheet("")

    def _dress(self) -> None:
        if self._worn == theme().name:
            return
        self._worn = theme().name
        self._app.setStyleSheet(stylesheet(self._worn))
        for window in self._held:
            if isValid(window):
                window.setUpdatesEnabled(True)
        self._held = []
