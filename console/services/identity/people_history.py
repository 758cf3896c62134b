"""Who had which rights when: the facts about people as a history, the same whatever the order of their arrival.

The facts are read in (hlc, hash) order. One whose author had no right to it has no effect until it is countersigned,
and then from the countersignature on. A disabling or a revocation stands until a later fact names it as parent, so a
concurrent one wins (P19, P20, INV-5, INV-29).
"""

from bisect import bisect_right, insort
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec.structs import replace

from console.domain import people_facts as p
from console.domain.people import CONTROL_ROOM, NOBODYS, Grant, Role
from console.domain.permissions import PERMISSIONS
from console.domain.unsafe_acts import ACT_RULES, BREAK_GLASS_ETYPES
from console.services.journal.entries import Entry

Place = tuple[int, bytes]  # (hlc, hash): where a fact stands in the order of all
UNAUTHORISED, REVOKED_USER = "unauthorised", "revoked_user"
KINDS = (*p.PEOPLE, p.ActCountersigned)
_FIRST: Place = (-1, b"")
_NEVER: Place = (2**63, b"")
_ROLES = frozenset(role.value for role in Role)


class Rights(msgspec.Struct, frozen=True):
    """What holds for one user id from a place on. `grants` keeps those that no open revocation covers."""

    user_id: str
    added: Place = (0, b"")  # of the earliest adding: the older of two equal logins keeps it unchanged
    disabled_by: frozenset[bytes] = frozenset()  # hashes of disablings that nothing took back
    granted: frozenset[tuple[str, str]] = frozenset()  # (role, area), ever
    revoked_by: tuple[tuple[tuple[str, str], bytes], ...] = ()  # open revocations
    taken_back: frozenset[bytes] = frozenset()  # hashes that an enabling or a grant named
    merged_into: str = ""
    is_known: bool = False  # somebody added him; rights of an unknown id are kept for when that arrives
    is_erased: bool = False

    @property
    def is_disabled(self) -> bool:
        return bool(self.disabled_by) or self.is_erased

    @property
    def grants(self) -> tuple[Grant, ...]:
        """In the order of roles and areas."""
        closed = {key for key, _ in self.revoked_by}
        held = sorted(key for key in self.granted if key not in closed)
        return tuple(Grant(self.user_id, Role(role), area) for role, area in held if role in _ROLES)

    def has_any_of(self, roles: AbstractSet[Role]) -> bool:
        """True when one of these roles is held, in whatever area."""
        if not self.revoked_by:
            return any(role in roles for role, _ in self.granted)
        return any(grant.role in roles for grant in self.grants)

    def revocations(self, role: str, area: str) -> tuple[bytes, ...]:
        """What a new grant of this role has to name as parents."""
        return tuple(sorted(found for key, found in self.revoked_by if key == (role, area)))


@dataclass(slots=True)
class _Timeline:
    """One user's rights over time; `start` is the end of the transaction that first told of him."""

    places: list[Place] = field(default_factory=list)
    rights: list[Rights] = field(default_factory=list)
    first: tuple[Any, int] | None = None  # station and time of that transaction
    start: Place = (0, b"")

    def at(self, place: Place) -> Rights:
        """The rights just after `place`; before the first transaction: what it said."""
        index = bisect_right(self.places, max(place, self.start)) - 1
        return self.rights[max(0, index)]


@dataclass(slots=True)
class Changed:
    """Whose rights the last facts changed, each from a place on; `acts` are those that somebody countersigned, and
    `unknown` is true when what holds for people nobody told of may be another."""

    users: dict[str, Place] = field(default_factory=dict)
    acts: set[bytes] = field(default_factory=set)
    unknown: bool = False

    def note(self, user_id: str, place: Place) -> None:
        self.users[user_id] = min(place, self.users.get(user_id, place))


class PeopleHistory:
    """`take` entries as they come, in any order; ask `at(user_id, place)` or `now(user_id)`."""

    def __init__(self) -> None:
        self._facts: list[tuple[Place, Entry]] = []
        self._known: set[bytes] = set()
        self._changed = Changed()
        self._clear()

    @property
    def version(self) -> int:
        """How many facts about people are known: `policy_ver` of the envelope."""
        return len(self._facts)

    @property
    def ids(self) -> tuple[str, ...]:
        """Every user id that was ever told of."""
        return tuple(self._lines)

    @property
    def withheld(self) -> tuple[Entry, ...]:
        """Facts about people that have no effect: their author had no right to them."""
        return tuple(self._withheld.values())

    def take(self, entries: Sequence[Entry]) -> int | None:
        """Read facts about people; gives the lowest hlc from which rights may have changed, None for nothing new."""
        found = {one.hash: one for one in entries if isinstance(one.fact, KINDS)}  # a batch may hold one twice
        fresh = [one for one in found.values() if one.hash not in self._known]
        if not fresh:
            return None
        newest = self._facts[-1][0] if self._facts else (-1, b"")
        pairs = sorted(((one.hlc, one.hash), one) for one in fresh)
        self._known.update(one.hash for one in fresh)
        for pair in pairs:
            insort(self._facts, pair, key=lambda known: known[0])
        self._changed, begin = Changed(), self._begin
        if pairs[0][0] > newest:
            for place, entry in pairs:
                self._read(place, entry)
        else:  # something older arrived late: what followed may have been judged by it
            lines, signed = self._lines, self._signed
            self._clear()
            for place, entry in self._facts:
                self._read(place, entry)
            self._changed = self._compared(lines, signed)
        self._changed.unknown = begin != self._begin
        return pairs[0][0][0]

    def _compared(self, lines: dict[str, _Timeline], signed: dict[bytes, list[tuple[str, Place]]]) -> Changed:
        """What is otherwise now than it was in these."""
        changed = Changed()
        for user_id in lines.keys() | self._lines.keys():
            place = _parting(lines.get(user_id, _Timeline()), self._lines.get(user_id, _Timeline()))
            if place is not None:
                changed.note(user_id, place)
        changed.acts = {act for act in signed.keys() | self._signed.keys() if signed.get(act) != self._signed.get(act)}
        return changed

    def changed(self) -> Changed:
        """What the last `take` that found something changed, with those who were merged into, or countersigned by,
        somebody whose rights it changed."""
        changed = self._changed
        is_growing = True
        while is_growing:
            is_growing = False
            for user_id, line in self._lines.items():
                for rights in line.rights:
                    place = changed.users.get(rights.merged_into)
                    if place is not None and place < changed.users.get(user_id, _NEVER):
                        changed.note(user_id, place)
                        is_growing = True
        for act, signers in self._signed.items():
            if any(user in changed.users for user, _ in signers):
                changed.acts.add(act)
        return changed

    def at(self, user_id: str, place: Place) -> Rights | None:
        """The rights of this id at a place, following merges known then; None for somebody never told of."""
        seen: set[str] = set()
        while user_id not in seen:
            seen.add(user_id)
            line = self._lines.get(user_id)
            if line is None or not line.rights:
                return None
            rights = line.at(place)
            if not rights.merged_into:
                return rights
            user_id = rights.merged_into
        line = self._lines[min(seen)]  # a circle of merges: the smallest id stands for all
        return replace(line.at(place), merged_into="")

    def now(self, user_id: str) -> Rights | None:
        return self.at(user_id, (2**63, b""))

    def own(self, user_id: str) -> Rights | None:
        """The record of exactly this id, merged or not."""
        line = self._lines.get(user_id)
        return line.rights[-1] if line is not None and line.rights else None

    def is_erased(self, user_id: str) -> bool:
        """True when nothing of this person may be kept, by a fact about this id or the one that it was merged into."""
        own, now = self.own(user_id), self.now(user_id)
        return (own is not None and own.is_erased) or (now is not None and now.is_erased)

    def is_profile_withheld(self, user_id: str, version: int) -> bool:
        """True when this version of a profile was set by somebody who had no right to it."""
        return any(
            isinstance(one.fact, p.UserProfileChanged) and (one.fact.user_id, one.fact.version) == (user_id, version)
            for one in self._withheld.values()
        )

    @property
    def erased(self) -> frozenset[str]:
        """Every id of a person who was erased."""
        return frozenset(filter(self.is_erased, self._lines))

    def judge(self, user_id: str, place: Place, command: str) -> str:
        """ "" when this user might have given the command at that place, else why not (a flag's name)."""
        if user_id in NOBODYS:
            return ""
        rights = self.at(user_id, place)
        if rights is None:
            return UNAUTHORISED if self._begin is not None and place >= self._begin else ""
        if rights.is_disabled:
            return REVOKED_USER
        row = PERMISSIONS.get(command)
        if row is None:
            return ""
        return "" if rights.has_any_of(row.roles) or rights.has_any_of(row.own) else UNAUTHORISED

    def judge_entry(self, entry: Entry) -> str:
        """The same for a stored event, by the command that it must have come from."""
        if entry.actor.user_id == CONTROL_ROOM:
            return "" if entry.etype in BREAK_GLASS_ETYPES else UNAUTHORISED
        rule = ACT_RULES.get(entry.etype)
        if rule is None or entry.fact is None:
            return ""
        return self.judge(entry.actor.user_id, (entry.hlc, entry.hash), rule.command_of(entry.fact))

    def countersigned_by(self, act: Entry) -> bytes:
        """Hash of the event by which another person, who might have done it himself, countersigned this one; empty
        for none."""
        rule = ACT_RULES.get(act.etype)
        if rule is None or act.fact is None:
            return b""
        command = rule.command_of(act.fact)
        for user, place in self._signed.get(act.hash, ()):
            if user != act.actor.user_id and not self.judge(user, place, command):
                return place[1]
        return b""

    def _clear(self) -> None:
        self._lines: dict[str, _Timeline] = {}
        self._withheld: dict[bytes, Entry] = {}
        self._signed: dict[bytes, list[tuple[str, Place]]] = {}  # act -> who countersigned it, and where
        self._begin: Place | None = None  # end of the transaction that told of people first
        self._begun_by: tuple[Any, int] | None = None

    def _read(self, place: Place, entry: Entry) -> None:
        self._note_begin(place, entry)
        if self.judge_entry(entry) and not self.countersigned_by(entry):
            self._withheld[entry.hash] = entry
        elif isinstance(entry.fact, p.ActCountersigned):
            self._countersign(place, entry, entry.fact)
        else:
            self._effect(place, entry)

    def _note_begin(self, place: Place, entry: Entry) -> None:
        """Nobody is judged before people were told of at all: old journals know none."""
        transaction = (entry.station, entry.wall_us)
        if self._begun_by is None:
            self._begun_by = transaction
        if self._begun_by == transaction:
            self._begin = place

    def _countersign(self, place: Place, entry: Entry, fact: p.ActCountersigned) -> None:
        try:
            act = bytes.fromhex(fact.act_hash)
        except ValueError:
            return
        self._signed.setdefault(act, []).append((entry.actor.user_id, place))
        self._changed.acts.add(act)
        waiting = self._withheld.get(act)
        if waiting is not None and self.countersigned_by(waiting):
            del self._withheld[act]
            self._effect(place, waiting)

    def _effect(self, place: Place, entry: Entry) -> None:
        fact: Any = entry.fact
        line = self._lines.setdefault(fact.user_id, _Timeline())
        self._changed.note(fact.user_id, place if line.rights else _FIRST)
        before = line.rights[-1] if line.rights else Rights(fact.user_id)
        transaction = (entry.station, entry.wall_us)
        if line.first is None:
            line.first = transaction
        if line.first == transaction:
            line.start = place
            self._changed.note(fact.user_id, _FIRST)
        line.places.append(place)
        line.rights.append(_after(before, fact, place, entry))


def _parting(one: _Timeline, other: _Timeline) -> Place | None:
    """From where on two timelines of a person say something else; None: nowhere.

    What stands before `start` is judged by what stands there: a difference up to it is one from the very first.
    """
    if one.start != other.start:
        return _FIRST
    count = min(len(one.places), len(other.places))
    pairs = (zip(line.places, line.rights, strict=True) for line in (one, other))
    same = next((n for n, (mine, others) in enumerate(zip(*pairs, strict=False)) if mine != others), count)
    parted = min((line.places[same] for line in (one, other) if same < len(line.places)), default=None)
    return _FIRST if parted is not None and parted <= one.start else parted


def _after(rights: Rights, fact: Any, place: Place, entry: Entry) -> Rights:
    """The rights behind one effective fact."""
    parents, grant = frozenset(entry.parents), (getattr(fact, "role", ""), getattr(fact, "area", ""))
    changes: dict[str, Any] = {}
    match fact:
        case p.UserAdded() if not rights.is_known:
            changes = {"added": place, "is_known": True}
        case p.UserErased():
            changes = {"is_erased": True}
        case p.UserDisabled() if entry.hash not in rights.taken_back:
            changes = {"disabled_by": rights.disabled_by | {entry.hash}}
        case p.UserEnabled():
            changes = {"disabled_by": rights.disabled_by - parents, "taken_back": rights.taken_back | parents}
        case p.UserMerged() if fact.into != fact.user_id:
            changes = {"merged_into": fact.into}
        case p.RoleGranted():
            open_ones = tuple(pair for pair in rights.revoked_by if pair[1] not in parents)
            changes = {"granted": rights.granted | {grant}, "revoked_by": open_ones}
            changes["taken_back"] = rights.taken_back | parents
        case p.RoleRevoked() if entry.hash not in rights.taken_back:
            changes = {"revoked_by": (*rights.revoked_by, (grant, entry.hash))}
    return replace(rights, **changes)
