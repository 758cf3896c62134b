"""The role matrix: one row per command, and the one function that decides for window, command line and sync alike.

A reason is an English text that is translated where it is shown. The rows follow the project's matrix: operator and
shift lead act on alarms and open incidents; working on incidents is open to engineers and service managers too;
whoever opened an incident closes it; asking a node for its birth writes to OT and therefore belongs to the role
that edits the plant model and its mappings, the engineer alone.
"""

from dataclasses import dataclass

from console.domain import alarm_commands as al
from console.domain import audit_commands as a
from console.domain import commands as c
from console.domain import master_commands as ma
from console.domain import merge_commands as m
from console.domain import people_commands as u
from console.domain.history import annotations as an
from console.domain.history import pen_groups as pg
from console.domain.history.export_commands import ExportTrend
from console.domain.people import Grant, Person, Role
from console.domain.signatures import Meaning, Signed

SIGN_ON_FIRST = "Sign on to do this"
DISABLED = "Your account is disabled"
OTHER_AREA = "Your role does not cover this area"
BREAK_GLASS_ONLY = "The control room identity may only acknowledge and silence: sign on with your own name"

_DESK = frozenset({Role.OPERATOR, Role.SHIFT_LEAD})
_WORK = _DESK | {Role.ENGINEER, Role.SERVICE_MANAGER}
_EVERYONE = frozenset(Role)
_SERVICE = frozenset({Role.SHIFT_LEAD, Role.ENGINEER})
_SERVICE_ONLY = "Only shift leads and engineers may take alarms out of service and return them"
_HAVE_ONLY = "Only operators, shift leads, engineers and service managers may work on alarms"
_ENGINEER = frozenset({Role.ENGINEER})
_RATIONALIZE_ONLY = "Only engineers may change the master records of alarms"
_APPROVE_ONLY = "Only engineers and shift leads may approve the master records of alarms"
_ANNOTATE_ONLY = "Only operators, shift leads, engineers and service managers may annotate trends"
_NO_ROLE = "Your account has no role"
_OTHERS_WORDS = "Only its author, shift leads and engineers may change an annotation"
_OTHERS_PENS = "Your role may change only pen groups of your own"
_OWN_PENS = "Only the person who made it, shift leads and engineers may delete a pen group"
_ADMIN = frozenset({Role.ADMINISTRATOR})
_ADMIN_ONLY = "Only administrators may change people, rights and stations"


def _is_about_an_administrator(command: u.GrantRole | u.RevokeRole) -> bool:
    return command.role.strip() == Role.ADMINISTRATOR


def _says_that_it_signs(command: c.AcknowledgeAlarms) -> bool:
    return command.signs


@dataclass(frozen=True, slots=True)
class Permission:
    """One row. `roles` may always, `own` only where the person opened the record; `why_not` is told to the others."""

    command: type[c.Command]
    roles: frozenset[Role] = frozenset()
    own: frozenset[Role] = frozenset()
    why_not: str = ""
    why_not_own: str = ""
    needs_nobody: bool = False
    signed: Signed | None = None  # an electronic signature is demanded
    is_for_break_glass: bool = False  # the identity "control room" may, too


@dataclass(frozen=True, slots=True)
class Subject:
    """What a command is about: its areas ("" is the whole site, no area at all binds nobody), and who opened it."""

    areas: frozenset[str] = frozenset()
    opened_by: str = ""  # user id, empty: nobody
    is_own: bool = False  # about the person himself, whoever that is


_WORK_ONLY = "Only operators, shift leads, engineers and service managers may work on incidents"

PERMISSIONS: dict[str, Permission] = {
    row.command.name: row
    for row in (
        Permission(c.SignOn, needs_nobody=True),
        Permission(c.SignOff, needs_nobody=True),
        Permission(c.SilenceHorn, needs_nobody=True),
        Permission(
            c.AcknowledgeAlarms,
            _DESK,
            why_not="Only operators and shift leads may acknowledge alarms",
            signed=Signed(Meaning.RESPONSIBLE, _says_that_it_signs),
            is_for_break_glass=True,
        ),
        Permission(
            c.CommentAlarm,
            _WORK,
            why_not="Only operators, shift leads, engineers and service managers may comment alarms",
        ),
        Permission(c.OpenIncident, _DESK, why_not="Only operators and shift leads may open incidents"),
        Permission(
            c.NoteIncident,
            _WORK,
            why_not="Only operators, shift leads, engineers and service managers may write notes",
        ),
        Permission(c.EditIncident, _WORK, why_not=_WORK_ONLY),
        Permission(c.LinkAlarms, _WORK, why_not=_WORK_ONLY),
        Permission(c.AssignIncident, _WORK, why_not=_WORK_ONLY),
        Permission(c.PendIncident, _WORK, why_not=_WORK_ONLY),
        Permission(c.ResumeIncident, _WORK, why_not=_WORK_ONLY),
        Permission(c.ResolveIncident, _WORK, why_not=_WORK_ONLY),
        Permission(c.ReopenIncident, _DESK, why_not="Only operators and shift leads may reopen incidents"),
        Permission(
            c.CloseIncident,
            own=_DESK,
            why_not="Only operators and shift leads may close incidents",
            why_not_own="Only the person who opened the incident may close it",
        ),
        Permission(c.CancelIncident, _WORK, why_not=_WORK_ONLY),
        Permission(
            m.UnacknowledgeAlarms, _DESK, why_not="Only operators and shift leads may take back acknowledgements"
        ),
        Permission(al.ShelveAlarms, _DESK, why_not="Only operators and shift leads may shelve alarms"),
        Permission(al.UnshelveAlarms, _DESK, why_not="Only operators and shift leads may unshelve alarms"),
        Permission(al.TakeOutOfService, _SERVICE, why_not=_SERVICE_ONLY),
        Permission(al.ReturnToService, _SERVICE, why_not=_SERVICE_ONLY),
        Permission(al.ResetAlarms, _DESK, why_not="Only operators and shift leads may reset alarms"),
        Permission(al.ResetFirstOut, _DESK, why_not="Only operators and shift leads may reset alarms"),
        Permission(al.TakeAlarms, _WORK, why_not=_HAVE_ONLY),
        Permission(al.LeaveAlarms, _WORK, why_not=_HAVE_ONLY),
        Permission(ma.SetMasterAlarm, _ENGINEER, why_not=_RATIONALIZE_ONLY),
        Permission(ma.SubmitMasterAlarms, _ENGINEER, why_not=_RATIONALIZE_ONLY),
        Permission(ma.ApproveMasterAlarms, _SERVICE, why_not=_APPROVE_ONLY, signed=Signed(Meaning.APPROVED)),
        Permission(ma.SendBackMasterAlarms, _SERVICE, why_not=_APPROVE_ONLY),
        Permission(ma.RetireMasterAlarms, _ENGINEER, why_not=_RATIONALIZE_ONLY),
        Permission(ma.ImportMasterAlarms, _ENGINEER, why_not=_RATIONALIZE_ONLY),
        Permission(ma.UndoMasterImport, _ENGINEER, why_not=_RATIONALIZE_ONLY),
        Permission(ma.ExportMasterAlarms, _EVERYONE, why_not="Your account has no role"),
        Permission(m.MergeIncidents, _WORK, why_not=_WORK_ONLY),
        Permission(m.AmendNote, _WORK, why_not=_WORK_ONLY),
        Permission(m.ResolveConflict, _WORK, why_not=_WORK_ONLY),
        Permission(u.AddUser, _ADMIN, why_not=_ADMIN_ONLY),
        Permission(u.RenameUser, _ADMIN, why_not=_ADMIN_ONLY),
        Permission(u.DisableUser, _ADMIN, why_not=_ADMIN_ONLY, signed=Signed(Meaning.REVOKED)),
        Permission(u.EnableUser, _ADMIN, why_not=_ADMIN_ONLY),
        Permission(u.ErasePerson, _ADMIN, why_not=_ADMIN_ONLY, signed=Signed(Meaning.RESPONSIBLE)),
        Permission(u.MergeUsers, _ADMIN, why_not=_ADMIN_ONLY),
        Permission(
            u.GrantRole, _ADMIN, why_not=_ADMIN_ONLY, signed=Signed(Meaning.APPROVED, _is_about_an_administrator)
        ),
        Permission(
            u.RevokeRole, _ADMIN, why_not=_ADMIN_ONLY, signed=Signed(Meaning.REVOKED, _is_about_an_administrator)
        ),
        Permission(
            u.SetPassword,
            _ADMIN,
            own=_EVERYONE,
            why_not="Your account has no role",
            why_not_own="Only administrators may set another person's password",
        ),
        Permission(u.SetPin, _EVERYONE, why_not="Your account has no role"),
        Permission(u.Lock, _EVERYONE, why_not="Your account has no role"),
        Permission(u.Unlock, _EVERYONE, why_not="Your account has no role"),
        Permission(u.BreakGlass, needs_nobody=True),
        Permission(
            u.AttributeBreakGlass,
            frozenset({Role.SHIFT_LEAD}),
            own=_EVERYONE,
            why_not="Your account has no role",
            why_not_own="Only shift leads may say that it was somebody else",
        ),
        Permission(
            u.Countersign,
            frozenset({Role.SHIFT_LEAD, Role.ADMINISTRATOR}),
            why_not="Only shift leads and administrators may countersign",
            signed=Signed(Meaning.COUNTERSIGNED),
        ),
        Permission(u.EnrolStation, _ADMIN, why_not=_ADMIN_ONLY),
        Permission(u.RevokeStation, _ADMIN, why_not=_ADMIN_ONLY, signed=Signed(Meaning.REVOKED)),
        Permission(a.ExportAudit, _EVERYONE, why_not="Your account has no role"),  # how much: `reports.audit_acts`
        Permission(a.ExportAlarmKpi, _EVERYONE, why_not="Your account has no role"),
        Permission(an.AddAnnotation, _WORK, why_not=_ANNOTATE_ONLY),
        Permission(an.EditAnnotation, _SERVICE, own=_WORK, why_not=_ANNOTATE_ONLY, why_not_own=_OTHERS_WORDS),
        Permission(an.WithdrawAnnotation, _SERVICE, own=_WORK, why_not=_ANNOTATE_ONLY, why_not_own=_OTHERS_WORDS),
        Permission(pg.SavePenGroup, _WORK, own=_EVERYONE, why_not=_NO_ROLE, why_not_own=_OTHERS_PENS),
        Permission(pg.DeletePenGroup, _SERVICE, own=_EVERYONE, why_not=_NO_ROLE, why_not_own=_OWN_PENS),
        Permission(ExportTrend, _EVERYONE, why_not="Your account has no role"),
        Permission(c.SavePreference, _EVERYONE, why_not="Your account has no role"),
        Permission(c.RequestRebirth, frozenset({Role.ENGINEER}), why_not="Only engineers may ask a node for its birth"),
    )
}


def may(person: Person | None, command: type[c.Command], subject: Subject | None = None) -> str | None:
    """None when the person may, else the reason why not. Without a subject: whether there is any that allows it."""
    row = PERMISSIONS[command.name]
    if row.needs_nobody:
        return None
    if person is None:
        return SIGN_ON_FIRST
    if person.is_break_glass:
        return None if row.is_for_break_glass else BREAK_GLASS_ONLY
    if person.user.is_disabled:
        return DISABLED
    granted = [grant for grant in person.grants if grant.role in row.roles | row.own]
    if not granted:
        return row.why_not
    return None if subject is None else _why_not_here(row, person, granted, subject)


def _why_not_here(row: Permission, person: Person, granted: list[Grant], subject: Subject) -> str | None:
    owns = subject.is_own or (bool(subject.opened_by) and subject.opened_by == person.user_id)
    for here in _per_area(granted, subject.areas):
        if not here:
            return OTHER_AREA
        if not owns and not any(grant.role in row.roles for grant in here):
            return row.why_not_own
    return None


def denials(person: Person | None) -> dict[str, str]:
    """Command name -> reason, for every command that this person may not give whatever it is about."""
    reasons = ((name, may(person, row.command)) for name, row in PERMISSIONS.items())
    return {name: reason for name, reason in reasons if reason is not None}


def _per_area(granted: list[Grant], areas: frozenset[str]) -> list[list[Grant]]:
    """The grants that hold in each area; all of them where the subject lies in none."""
    if not areas:
        return [granted]
    return [[grant for grant in granted if grant.covers(area)] for area in sorted(areas)]
