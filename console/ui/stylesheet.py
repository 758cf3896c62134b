"""The look of standard widgets: Fusion, a palette and a style sheet made from the tokens."""

from string import Template

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

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
    """Dress the application and keep it dressed: a theme switch restyles before others repaint (first connection)."""
    style = QStyleFactory.create("Fusion")
    if style is not None:
        app.setStyle(style)
    install_font(app)
    _dress(app)
    theme().changed.connect(lambda: _dress(app))


def _dress(app: QApplication) -> None:
    name = theme().name
    if app.property("leitstand.theme") == name:
        return
    app.setProperty("leitstand.theme", name)
    app.setPalette(palette(name))
    app.setStyleSheet(stylesheet(name))
