"""The arrangement of the window: kept for whoever sits here, brought back when he signs on at a free desk.

A quick switch leaves it as it is: the desk goes on, and neither person's own arrangement is overwritten by the other.
"""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray

from console.app.frame.faceplate import WIDTH as FACEPLATE_WIDTH

if TYPE_CHECKING:
    from console.app.frame.main_window import MainWindow


class WindowLayout:
    """Whose arrangement is on screen, and its keeping in the person's preferences."""

    def __init__(self, window: "MainWindow") -> None:
        self._window = window
        self._owner = ""  # user of the preferences that the arrangement came from

    def keep(self, *, carry: bool) -> None:
        """Write it at this workstation; `carry` also makes it a fact of the person."""
        window = self._window
        preferences = window.person.preferences
        if window.docks is None or (self._owner and self._owner != preferences.user):
            return
        layout: dict[str, object] = {
            **window.docks.save(),
            "geometry": bytes(window.saveGeometry().toBase64().data()).decode("ascii"),
            "splitter": window.splitter.sizes(),
        }
        preferences.set("layout", layout, carry=carry)

    def restore(self) -> None:
        """What this person had here, else the arrangement that every console begins with."""
        window = self._window
        assert window.docks is not None
        self._owner = window.person.preferences.user
        kept = window.person.preferences.get("layout")
        layout: dict[str, Any] = kept if isinstance(kept, dict) else {}
        geometry = layout.get("geometry")
        if isinstance(geometry, str) and not window.isFullScreen():
            window.restoreGeometry(QByteArray.fromBase64(geometry.encode("ascii", "ignore")))
        sizes = layout.get("splitter")
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(size, int) for size in sizes):
            window.splitter.setSizes(sizes)
        else:
            side = FACEPLATE_WIDTH if window.width() >= 1500 else 312
            window.splitter.setSizes([max(400, window.width() - window.rail.width() - side), side])
        if not window.docks.restore(layout) or not window.docks.current:
            window.go(window.docks.current or window.first_view)
