"""Which right each kind of fact needs, and which facts wait for a countersignature when that right was missing.

Safe-direction facts (acknowledge, comment, open an incident) stand even when their author had no right any more: they
never reduce visibility. Unsafe ones close, hide, or change rules or rights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.domain.incidents import TRANSITIONS
from console.domain.master_alarms import EVENTS

_COMMAND_OF_MOVE = {row.event: row.command.name for row in TRANSITIONS}


def _move(fact: Any) -> str:
    return _COMMAND_OF_MOVE.get(fact.event, "")


def _ends_an_incident(fact: Any) -> bool:
    return fact.to in ("closed", "cancelled")


def _master_step(fact: Any) -> str:
    return f"{fact.event.replace('_', '-')}-master-alarms" if fact.event in EVENTS else ""


def _approves_or_retires(fact: Any) -> bool:
    """What alarm rules are measured by, and what operators are told to do."""
    return fact.to in ("approved", "retired")


def _always(_fact: Any) -> bool:
    return True


def _never(_fact: Any) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class ActRule:
    """One kind of fact: the command whose permission it needs (a name, or told by the fact; empty: whoever was not
    revoked), and when it is unsafe."""

    etype: str
    command: str | Callable[[Any], str]
    is_unsafe: Callable[[Any], bool] = _never

    def command_of(self, fact: Any) -> str:
        return self.command if isinstance(self.command, str) else self.command(fact)


ACT_RULES: dict[str, ActRule] = {
    rule.etype: rule
    for rule in (
        ActRule("alarm.acknowledged", "ack"),
        ActRule("alarm.unacknowledged", "unacknowledge"),
        ActRule("alarm.commented", "comment"),
        ActRule("alarm.shelved", "shelve", _always),
        ActRule("alarm.unshelved", "unshelve"),
        ActRule("alarm.out_of_service", "out-of-service", _always),
        ActRule("alarm.returned_to_service", "return-to-service"),
        ActRule("alarm.reset", "reset-alarms", _always),  # takes it off the list
        ActRule("alarm.first_out_reset", "reset-first-out"),
        ActRule("alarm.taken", "take-alarms"),
        ActRule("alarm.left", "leave-alarms"),
        ActRule("incident.opened", "open-incident"),
        ActRule("incident.noted", "note-incident"),
        ActRule("incident.note_amended", "amend-note"),
        ActRule("incident.alarm_linked", "link-alarms"),
        ActRule("incident.field_set", "edit-incident"),
        ActRule("incident.merged", "merge-incidents", _always),  # takes one off the list
        ActRule("incident.moved", _move, _ends_an_incident),
        ActRule("node.rebirth_requested", "request-rebirth"),
        ActRule("master_alarm.set", "set-master-alarm"),
        ActRule("master_alarm.moved", _master_step, _approves_or_retires),
        ActRule("master_alarm.imported", "import-master-alarms"),
        ActRule("master_alarm.import_undone", "undo-master-import", _always),
        ActRule("annotation.added", "add-annotation"),
        ActRule("annotation.edited", "edit-annotation"),
        ActRule("annotation.withdrawn", "withdraw-annotation", _always),  # takes it off the trend
        ActRule("pen_group.saved", "save-pen-group"),
        ActRule("pen_group.deleted", "remove-pen-group"),
        ActRule("user.added", "add-user", _always),
        ActRule("user.profile_changed", "rename-user", _always),
        ActRule("user.erased", "erase-person", _always),
        ActRule("user.disabled", "disable-user", _always),
        ActRule("user.enabled", "enable-user", _always),
        ActRule("user.merged", "merge-users", _always),
        ActRule("user.role_granted", "grant-role", _always),
        ActRule("user.role_revoked", "revoke-role", _always),
        ActRule("station.enrolled", "enrol-station", _always),
        ActRule("station.revoked", "revoke-station", _always),
        ActRule("act.countersigned", "countersign", _always),
    )
}


def is_unsafe(etype: str, fact: Any) -> bool:
    """True when the fact, done without the right, must not take effect until countersigned."""
    rule = ACT_RULES.get(etype)
    return rule is not None and fact is not None and rule.is_unsafe(fact)


# What the identity "control room" may leave behind (62443: authentication must not impede essential functions).
BREAK_GLASS_ETYPES = frozenset(
    {"alarm.acknowledged", "horn.silenced", "break_glass.used", "user.signed_on", "user.signed_off"}
)
