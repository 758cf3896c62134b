"""Every action of the program as data: one id, icon, shortcut, tooltip and permission, shown the same everywhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from console.ui.icons import icon
from console.ui.key_names import key_text
from console.ui.theme import theme
from console.ui.translation import mark, tr


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """`command` names the domain command whose permission governs the action ("" = anyone).

    `in_list_only`: a letter key that acts only while a table row, a tree row or the canvas has focus.
    """

    action_id: str
    text: str
    icon: str = ""
    shortcut: str = ""
    tip: str = ""
    command: str = ""
    in_list_only: bool = False


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("alarm.next", mark("Show next alarm"), "bell", "F2", mark("Go to the most urgent unacknowledged alarm")),
    ActionSpec(
        "alarm.acknowledge",
        mark("Acknowledge"),
        "check",
        "Space",
        mark("Acknowledge the selected alarms"),
        command="ack",
        in_list_only=True,
    ),
    ActionSpec(
        "alarm.acknowledge_page",
        mark("Acknowledge visible page"),
        "check-all",
        "Ctrl+Shift+A",
        mark("Acknowledge the alarms that are visible now"),
        command="ack",
    ),
    ActionSpec(
        "alarm.unacknowledge",
        mark("Take acknowledgement back"),
        "back",
        "Shift+Space",
        mark("Take the acknowledgement of the selected alarms back"),
        command="unacknowledge",
        in_list_only=True,
    ),
    ActionSpec(
        "alarm.shelve",
        mark("Shelve..."),
        "shelve",
        "S",
        mark("Put the selected alarms aside for a time, with a reason"),
        "shelve",
        True,
    ),
    ActionSpec(
        "alarm.unshelve",
        mark("Unshelve"),
        "unshelve",
        "Shift+S",
        mark("Put the selected alarms back into the list as they are"),
        "unshelve",
        True,
    ),
    ActionSpec(
        "alarm.extend",
        mark("Extend"),
        "extend",
        "E",
        mark("Shelve anew from now on, as long as before and for the same reason"),
        "shelve",
        True,
    ),
    ActionSpec(
        "alarm.out_of_service",
        mark("Out of service..."),
        "out-of-service",
        "O",
        mark("Take the selected alarms out for maintenance, until somebody returns them"),
        "out-of-service",
        True,
    ),
    ActionSpec(
        "alarm.return_to_service",
        mark("Return to service..."),
        "in-service",
        "Shift+O",
        mark("Maintenance is over: the selected alarms stand in the list again"),
        "return-to-service",
        True,
    ),
    ActionSpec(
        "alarm.reset",
        mark("Reset"),
        "reset",
        "Ctrl+Shift+R",
        mark("Close latched alarms that have returned and are acknowledged"),
        "reset-alarms",
    ),
    ActionSpec(
        "alarm.reset_first_out",
        mark("Reset first out"),
        "reset",
        "",
        mark("Take the mark of the first alarm off its group; the next activity of the group is marked anew"),
        "reset-first-out",
    ),
    ActionSpec(
        "alarm.take",
        mark("I have it"),
        "hand",
        "H",
        mark("Tell everybody that you work on the selected alarms; acknowledges nothing"),
        "take-alarms",
        True,
    ),
    ActionSpec(
        "alarm.leave",
        mark("Leave it"),
        "hand-off",
        "Shift+H",
        mark("Nobody works on the selected alarms any more"),
        "leave-alarms",
        True,
    ),
    ActionSpec(
        "alarm.attach",
        mark("Attach to incident..."),
        "attach",
        "Shift+I",
        mark("Attach the selected alarms to an incident that is open"),
        "link-alarms",
        True,
    ),
    ActionSpec(
        "alarm.clear_filter", mark("Clear filter"), "filter-off", "Ctrl+Shift+F", mark("Show every alarm of this list")
    ),
    ActionSpec("alarm.group", mark("Group"), "group", "Ctrl+G", mark("Group the list by area, or show it flat again")),
    ActionSpec("horn.silence", mark("Silence horn"), "horn-off", "F3", mark("Silence the horn; acknowledges nothing")),
    ActionSpec("alarm.comment", mark("Comment"), "comment", "C", mark("Comment the selected alarm"), "comment", True),
    ActionSpec(
        "incident.open",
        mark("Open incident"),
        "incident",
        "I",
        mark("Open an incident from the selection, or show the one that is open"),
        "open-incident",
        True,
    ),
    ActionSpec("show.trend", mark("Trend"), "trend", "T", mark("Show the selection as a trend"), "", True),
    ActionSpec("show.topology", mark("On topology"), "topology", "G", mark("Show on the topology"), "", True),
    ActionSpec(
        "alarm.details", mark("Details"), "info", "D", mark("Show or hide all about the current alarm"), "", True
    ),
    ActionSpec("show.procedure", mark("Procedure"), "procedure", "P", mark("Show what to do"), "", True),
    ActionSpec("app.palette", mark("Find anything"), "search", "Ctrl+K", mark("Tags, assets, alarms, views, actions")),
    ActionSpec("app.filter", mark("Filter"), "filter", "Ctrl+F", mark("Go to the filter field of this view")),
    ActionSpec(
        "app.lock", mark("Lock or switch user"), "user", "Ctrl+L", mark("Lock this console, and ask who comes next")
    ),
    ActionSpec(
        "app.lock_now",
        mark("Lock: view only"),
        "lock",
        "Ctrl+Shift+L",
        mark("Alarms, horn and trends stay live; nothing can be changed until somebody unlocks"),
        command="lock",
    ),
    ActionSpec("app.sound", mark("Sound..."), "horn", "", mark("Volume and test of the horn at this workstation")),
    ActionSpec("app.full_screen", mark("Full screen"), "full-screen", "F11"),
    ActionSpec("app.back", mark("Back"), "back", "Esc"),
    ActionSpec("app.theme", mark("Light or dark"), "theme", "Ctrl+Shift+T", mark("Switch between light and dark")),
    ActionSpec("app.language", mark("Deutsch or English"), "language", "", mark("Switch the language")),
    ActionSpec("table.copy", mark("Copy"), "copy", "Ctrl+C", mark("Copy the selected rows as text")),
    ActionSpec("table.export", mark("Export..."), "export", "Ctrl+E", mark("Export the shown rows as CSV")),
)


NOT_HERE = mark("This view has nothing for it")


class ActionTarget(Protocol):
    """A view that can do actions: the handlers by action id. A handler runs when its view is the current one."""

    def action_handlers(self) -> Mapping[str, Callable[[], object]]: ...


class ActionSet(QObject):
    """Owns one QAction per spec and sends a trigger to the current view, else to the frame's own handler.

    A handler may return a coroutine's task or nothing. `set_denied` greys out what this person may not and says why.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._specs = {spec.action_id: spec for spec in ACTIONS}
        self._actions: dict[str, QAction] = {}
        self._global: dict[str, Callable[[], object]] = {}
        self._target: ActionTarget | None = None
        self._denied: dict[str, str] = {}
        self._list_has_focus = False
        for spec in ACTIONS:
            action = QAction(window)
            action.setObjectName(spec.action_id)
            if spec.shortcut:
                action.setShortcut(QKeySequence(spec.shortcut))
                # Torn-off docks are windows of their own: the keys act there as well. Esc belongs to its window: in a
                # dialog it ends the dialog.
                in_all = spec.action_id != "app.back"
                context = Qt.ShortcutContext.ApplicationShortcut if in_all else Qt.ShortcutContext.WindowShortcut
                action.setShortcutContext(context)
            action.triggered.connect(lambda _checked=False, key=spec.action_id: self.trigger(key))
            window.addAction(action)
            self._actions[spec.action_id] = action
        theme().changed.connect(self.retranslate)
        self.retranslate()

    def action(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def spec(self, action_id: str) -> ActionSpec:
        return self._specs[action_id]

    def specs(self) -> tuple[ActionSpec, ...]:
        return ACTIONS

    def why_denied(self, action_id: str) -> str:
        """Reason (marked English) why this person may not, or empty."""
        command = self._specs[action_id].command
        return self._denied.get(command, "") if command else ""

    def register_global(self, action_id: str, handler: Callable[[], object]) -> None:
        self._global[action_id] = handler

    def set_target(self, target: ActionTarget | None) -> None:
        self._target = target
        self._refresh()

    def set_denied(self, denied: Mapping[str, str]) -> None:
        """Command name -> why not, of the person signed on."""
        self._denied = dict(denied)
        self._refresh()

    def set_list_focus(self, has_focus: bool) -> None:
        self._list_has_focus = has_focus
        self._refresh()

    def set_typing(self, is_typing: bool) -> None:
        """While a field has the focus, Esc is the field's own."""
        back = self._actions["app.back"]
        back.setShortcut(QKeySequence("" if is_typing else self._specs["app.back"].shortcut))

    def trigger(self, action_id: str) -> None:
        handler = self._handler(action_id)
        if handler is not None and self._specs[action_id].command not in self._denied:
            handler()

    def retranslate(self) -> None:
        for key, action in self._actions.items():
            action.setText(tr(self._specs[key].text))
            action.setIcon(icon(self._specs[key].icon))
        self._refresh()

    def refresh(self) -> None:
        """Ask the current view again what it can do now."""
        self._refresh()

    def _handler(self, action_id: str) -> Callable[[], object] | None:
        if self._target is not None:
            own = self._target.action_handlers().get(action_id)
            if own is not None:
                return own
        return self._global.get(action_id)

    def _refresh(self) -> None:
        own = self._target.action_handlers() if self._target is not None else {}
        for key, action in self._actions.items():
            spec = self._specs[key]
            why = self._denied.get(spec.command, "") if spec.command else ""
            is_known = key in own or key in self._global
            action.setEnabled(is_known and not why)
            if spec.in_list_only:  # buttons and menus act anywhere, the letter key only in a list
                action.setShortcut(QKeySequence(spec.shortcut if self._list_has_focus else ""))
            tip = tr(why) if why else tr(spec.tip or spec.text)
            if not is_known:
                tip = f"{tip}\n{tr(NOT_HERE)}"
            action.setToolTip(f"{tip} ({key_text(spec.shortcut)})" if spec.shortcut and not why else tip)
