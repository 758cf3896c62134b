"""The look of standard widgets: Fusion, a palette and a style sheet made from the tokens."""

from collections.abc import Iterator
from functools import cache
from operator import itemgetter
from string import Template

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget
from shiboken6 import isValid

from console.ui.fonts import install_font
from console.ui.icons import make_icons
from console.ui.resources import resource
from console.ui.theme import load_measures, load_tokens, theme

_POLISHED = Qt.WidgetAttribute.WA_WState_Polished
_OWN_STYLE = Qt.WidgetAttribute.WA_SetStyle


@cache
def stylesheet(name: str) -> str:
    """Style sheet of a theme: `resources/theme/look.qss` with its `${token}` places filled."""
    template = Template(resource("theme", "look.qss").read_text(encoding="utf-8"))
    values: dict[str, str] = {key.replace(".", "_"): value for key, value in load_tokens(name).items()}
    values |= {f"m_{key}": f"{pixels}px" for key, pixels in load_measures().items()}
    values["theme"] = name
    values["icons"] = resource("icons").as_posix()
    return template.substitute(values)


@cache
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
    theme().dress = Look(app)


class Look:
    """The sheet on the application (`Dress`), changed without Qt's way of doing so: Qt dresses every widget anew in
    one go, also those of views that nobody sees, and tells each that its measures may be others (a second and more).

    Here what is not in sight is undressed in pieces beforehand (`QStyle.unpolish`) and left so until it is shown
    (`_Wardrobe`: Qt itself dresses a widget once). Only what is in sight is dressed at once, while no window paints.
    Themes differ in colours alone, so that no measure has to be taken anew.
    """

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self._worn = theme().name
        self._held: list[QWidget] = []
        self._deaf: list[QWidget] = []
        self._seen: list[QWidget] = []
        self._wardrobe = _Wardrobe(app)
        app.setPalette(palette(self._worn))
        app.setStyleSheet(stylesheet(self._worn))

    def prepare(self, name: str) -> Iterator[None]:
        if name == self._worn:
            return
        yield from make_icons(name)
        palette(name), stylesheet(name)
        yield
        seen = []
        for widget in self._app.allWidgets():
            if not isValid(widget) or not self._is_ours(widget):
                continue
            if not widget.testAttribute(_OWN_STYLE):
                widget.setAttribute(_OWN_STYLE)  # who has a style of his own is told nothing when another sheet comes
                self._deaf.append(widget)
            if widget.isVisible():
                seen.append((_depth(widget), widget))
            elif widget.testAttribute(_POLISHED):
                _undress(widget)
            if widget.isHidden():
                self._wardrobe.keep(widget)
            yield
        self._seen = [widget for _depth, widget in sorted(seen, key=itemgetter(0))]  # palettes and fonts go down

    def hold(self) -> None:
        self._held += [one for one in self._app.topLevelWidgets() if one.isVisible() and one.updatesEnabled()]
        for window in self._held:
            window.setUpdatesEnabled(False)

    def put_on(self, name: str) -> None:
        if name == self._worn:
            return
        self._worn = name
        seen = [one for one in self._seen if isValid(one) and one.testAttribute(_POLISHED) and self._is_ours(one)]
        self._seen = []
        for widget in seen:
            _undress(widget)
        self._app.setPalette(palette(name))
        self._app.setStyleSheet("")  # over another one, every widget would be dressed again for each of its parts
        self._app.setStyleSheet(stylesheet(name))  # dresses what came to be in sight meanwhile, too
        for widget in seen:
            if not widget.testAttribute(_POLISHED):
                widget.setAttribute(_POLISHED)
                widget.style().polish(widget)
            widget.update()

    def release(self) -> None:
        held, self._held = self._held, []
        for window in held:
            if isValid(window):
                window.setUpdatesEnabled(True)

    def tidy(self) -> Iterator[None]:
        while self._deaf:
            widget = self._deaf.pop()
            if isValid(widget):
                widget.setAttribute(_OWN_STYLE, False)
            yield

    def _is_ours(self, widget: QWidget) -> bool:
        """Not under a sheet of its own: those few are left to Qt."""
        return widget.style() is self._app.style()


class _Wardrobe(QObject):
    """Dresses what was undressed out of sight, with all that comes into sight together with it."""

    def keep(self, widget: QWidget) -> None:
        """A widget that was hidden by itself, not only by what it is in."""
        widget.removeEventFilter(self)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget):
            watched.removeEventFilter(self)
            for widget in (watched, *watched.findChildren(QWidget)):
                if not widget.testAttribute(_POLISHED) and (widget is watched or widget.isVisible()):
                    widget.setAttribute(_POLISHED)
                    widget.style().polish(widget)
                    widget.update()
        return False


def _undress(widget: QWidget) -> None:
    widget.style().unpolish(widget)
    widget.setAttribute(_POLISHED, False)


def _depth(widget: QWidget) -> int:
    """How many widgets it is in."""
    parent = widget.parentWidget()
    return 0 if parent is None else 1 + _depth(parent)
