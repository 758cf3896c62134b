"""Commands about people, sessions and signatures. A `proof` is needed where the permission row says `signed`."""

from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from console.domain.command import Command
from console.domain.signatures import SignatureProof


@dataclass(frozen=True, slots=True)
class AddUser(Command):
    """Makes a person with an id of his own; the receipt names it. Without a password he cannot sign on yet."""

    name: ClassVar[str] = "add-user"
    login: str
    full_name: str
    role: str = ""
    area: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class RenameUser(Command):
    name: ClassVar[str] = "rename-user"
    user: str  # id, login or full name, here and below
    login: str
    full_name: str


@dataclass(frozen=True, slots=True)
class DisableUser(Command):
    """Signed. His sessions end at once, everywhere the fact arrives."""

    name: ClassVar[str] = "disable-user"
    user: str
    why: str
    proof: SignatureProof | None = None


@dataclass(frozen=True, slots=True)
class EnableUser(Command):
    name: ClassVar[str] = "enable-user"
    user: str
    why: str


@dataclass(frozen=True, slots=True)
class ErasePerson(Command):
    """Signed. Login, name, password and PIN of a disabled person are forgotten everywhere; what he did stays under
    his id. Cannot be undone."""

    name: ClassVar[str] = "erase-person"
    user: str
    why: str
    proof: SignatureProof | None = None


@dataclass(frozen=True, slots=True)
class MergeUsers(Command):
    """`user` and `into` are one person who was made twice; `into` stays."""

    name: ClassVar[str] = "merge-users"
    user: str
    into: str


@dataclass(frozen=True, slots=True)
class GrantRole(Command):
    """Signed when the role is administrator."""

    name: ClassVar[str] = "grant-role"
    user: str
    role: str
    area: str = ""
    proof: SignatureProof | None = None


@dataclass(frozen=True, slots=True)
class RevokeRole(Command):
    """Signed when the role is administrator."""

    name: ClassVar[str] = "revoke-role"
    user: str
    role: str
    area: str = ""
    why: str = ""
    proof: SignatureProof | None = None


@dataclass(frozen=True, slots=True)
class SetPassword(Command):
    """One's own (an empty `user`; `current` proves it) or, by an administrator, another person's."""

    name: ClassVar[str] = "set-password"
    password: str = field(repr=False)
    user: str = ""
    current: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SetPin(Command):
    """One's own PIN of at least 6 digits; `current` is the password. An empty PIN takes it away."""

    name: ClassVar[str] = "set-pin"
    pin: str = field(repr=False)
    current: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lock(Command):
    """View only until the same person unlocks or another signs on; `why` "idle" when nobody was there."""

    name: ClassVar[str] = "lock"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Unlock(Command):
    """By the person whose session is locked: password, or PIN within the shift that he began with his password."""

    name: ClassVar[str] = "unlock"
    secret: str = field(repr=False)
    is_pin: bool = False


@dataclass(frozen=True, slots=True)
class BreakGlass(Command):
    """Signs the identity "control room" on: it may acknowledge and silence, nothing else, and wants a name later."""

    name: ClassVar[str] = "break-glass"
    why: str


@dataclass(frozen=True, slots=True)
class AttributeBreakGlass(Command):
    """Says who acted as "control room": oneself (empty `user`), or another, named by a shift lead."""

    name: ClassVar[str] = "attribute-break-glass"
    use_id: str
    user: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Countersign(Command):
    """Signed: lets a flagged act take effect. `act_hash` is the event's hash as hex."""

    name: ClassVar[str] = "countersign"
    act_hash: str
    note: str = ""
    proof: SignatureProof | None = None


@dataclass(frozen=True, slots=True)
class EnrolStation(Command):
    """Lets a station in whose pairing code the administrator read off its screen."""

    name: ClassVar[str] = "enrol-station"
    station_id: UUID
    pairing_code: str


@dataclass(frozen=True, slots=True)
class RevokeStation(Command):
    """Signed. `trusted` is "known": what is here of it now stays trusted; "none": nothing of it is."""

    name: ClassVar[str] = "revoke-station"
    station_id: UUID
    why: str
    trusted: str = "known"
    proof: SignatureProof | None = None


ALL: tuple[type[Command], ...] = (
    AddUser,
    RenameUser,
    DisableUser,
    EnableUser,
    ErasePerson,
    MergeUsers,
    GrantRole,
    RevokeRole,
    SetPassword,
    SetPin,
    Lock,
    Unlock,
    BreakGlass,
    AttributeBreakGlass,
    Countersign,
    EnrolStation,
    RevokeStation,
)
