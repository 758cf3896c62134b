"""Facts about people: who they are, what they were granted, what they signed, and acts without a name.

Every fact names a user id and none a login or a name: those are the profile, which can be erased (P29).
Whoever takes something back (enables, grants again) names the events that he takes back as parents, so that a
concurrent revocation wins.
"""

from dataclasses import dataclass
from typing import ClassVar

from console.domain.fact import Fact


@dataclass(frozen=True, slots=True)
class UserAdded(Fact):
    """`user_id` is new for ever; two people who were given one login on two islands are both kept."""

    etype: ClassVar[str] = "user.added"
    entity_type: ClassVar[str] = "user"
    user_id: str


@dataclass(frozen=True, slots=True)
class UserProfileChanged(Fact):
    """Login or name: which version of the profile was set, never what it says."""

    etype: ClassVar[str] = "user.profile_changed"
    entity_type: ClassVar[str] = "user"
    user_id: str
    version: int


@dataclass(frozen=True, slots=True)
class UserErased(Fact):
    """Wins over every profile and credential of the person, of whatever version and whenever it comes. For ever."""

    etype: ClassVar[str] = "user.erased"
    entity_type: ClassVar[str] = "user"
    user_id: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class UserDisabled(Fact):
    etype: ClassVar[str] = "user.disabled"
    entity_type: ClassVar[str] = "user"
    user_id: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class UserEnabled(Fact):
    """Its parents are the disablings that it takes back; one that it does not name stands."""

    etype: ClassVar[str] = "user.enabled"
    entity_type: ClassVar[str] = "user"
    user_id: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class UserMerged(Fact):
    """Two records are one person: what `user_id` did was done by `into`; its own grants end."""

    etype: ClassVar[str] = "user.merged"
    entity_type: ClassVar[str] = "user"
    user_id: str
    into: str


@dataclass(frozen=True, slots=True)
class RoleGranted(Fact):
    """An empty area is the whole site. Its parents are the revocations of the same grant that it takes back."""

    etype: ClassVar[str] = "user.role_granted"
    entity_type: ClassVar[str] = "user"
    user_id: str
    role: str
    area: str = ""


@dataclass(frozen=True, slots=True)
class RoleRevoked(Fact):
    etype: ClassVar[str] = "user.role_revoked"
    entity_type: ClassVar[str] = "user"
    user_id: str
    role: str
    area: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class CredentialSet(Fact):
    """A password or PIN was set or taken away: which version, never what it is."""

    etype: ClassVar[str] = "user.credential_set"
    entity_type: ClassVar[str] = "user"
    user_id: str
    kind: str  # password, pin
    version: int
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class SessionLocked(Fact):
    etype: ClassVar[str] = "user.session_locked"
    entity_type: ClassVar[str] = "user"
    user_id: str
    why: str = ""  # empty: asked for; "idle"


@dataclass(frozen=True, slots=True)
class SessionUnlocked(Fact):
    etype: ClassVar[str] = "user.session_unlocked"
    entity_type: ClassVar[str] = "user"
    user_id: str
    method: str


@dataclass(frozen=True, slots=True)
class UnlockFailed(Fact):
    etype: ClassVar[str] = "user.unlock_failed"
    entity_type: ClassVar[str] = "user"
    user_id: str
    why: str  # password, pin, too_many


@dataclass(frozen=True, slots=True)
class RecordSigned(Fact):
    """An electronic signature over a record as it was shown (21 CFR 11.50, 11.70): the envelope holds who and when.

    `sha256` is of the record's canonical form; `auth_us` is when the signer proved himself; `verified_offline` says
    that the centre could not be asked.
    """

    etype: ClassVar[str] = "record.signed"
    entity_type: ClassVar[str] = "record"
    record_id: str
    record_type: str
    sha256: str
    meaning: str
    sentence_ver: int
    auth_us: int
    verified_offline: bool = True


@dataclass(frozen=True, slots=True)
class BreakGlassUsed(Fact):
    """Somebody acts as "control room", without a name; `use_id` is the session."""

    etype: ClassVar[str] = "break_glass.used"
    entity_type: ClassVar[str] = "break_glass"
    use_id: str
    why: str


@dataclass(frozen=True, slots=True)
class BreakGlassAttributed(Fact):
    """Who it was: signed by the person himself, or by a shift lead who names him."""

    etype: ClassVar[str] = "break_glass.attributed"
    entity_type: ClassVar[str] = "break_glass"
    use_id: str
    user_id: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ActCountersigned(Fact):
    """A flagged act takes effect from now on; `act_hash` is the event's hash as hex."""

    etype: ClassVar[str] = "act.countersigned"
    entity_type: ClassVar[str] = "event"
    act_hash: str
    note: str = ""


PEOPLE: tuple[type[Fact], ...] = (
    UserAdded,
    UserProfileChanged,
    UserErased,
    UserDisabled,
    UserEnabled,
    UserMerged,
    RoleGranted,
    RoleRevoked,
)
ALL: tuple[type[Fact], ...] = (
    *PEOPLE,
    CredentialSet,
    SessionLocked,
    SessionUnlocked,
    UnlockFailed,
    RecordSigned,
    BreakGlassUsed,
    BreakGlassAttributed,
    ActCountersigned,
)
# By their stamps it is decided what an act was allowed to do (pitfall P19).
RIGHTS_ETYPES = frozenset({ActCountersigned.etype, *(fact.etype for fact in PEOPLE)})
