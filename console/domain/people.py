"""Who acts: roles, users and what they were granted, for a site or for an area of it."""

from dataclasses import dataclass
from enum import StrEnum

CONTROL_ROOM = "control-room"  # who acts after breaking the glass: a place, not a person
SYSTEM_ID, SITE_FILE_ID = "system", "site-file"  # Leitstand itself, and what a file of the site says
NOBODYS = frozenset({CONTROL_ROOM, SYSTEM_ID, SITE_FILE_ID})


def erased_name(user_id: str) -> str:
    """What is shown for somebody who was erased; the end of the id tells two of them apart."""
    return f"Erased person {user_id[-4:]}"


class Role(StrEnum):
    """Service desk agent and caller are operators, support agents and change implementors engineers."""

    OPERATOR = "operator"
    SHIFT_LEAD = "shift_lead"
    ENGINEER = "engineer"
    SERVICE_MANAGER = "service_manager"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class User:
    """`user_id` is never used again for another person; `login` is compared without regard to case. `mark` is random
    and stands in every record that is signed and names the person: a hash over a name alone could be guessed."""

    user_id: str
    login: str
    name: str
    is_disabled: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role of a user in one area; an empty area is the whole site."""

    user_id: str
    role: Role
    area: str = ""

    def covers(self, area: str) -> bool:
        """True when this grant holds in the area; what has no area belongs to the whole site."""
        return self.area in ("", area)


@dataclass(frozen=True, slots=True)
class Person:
    """A user with the grants that hold now: what `permissions.may` decides about."""

    user: User
    grants: tuple[Grant, ...] = ()

    @property
    def user_id(self) -> str:
        return self.user.user_id

    @property
    def is_break_glass(self) -> bool:
        return self.user.user_id == CONTROL_ROOM

    @property
    def roles(self) -> tuple[Role, ...]:
        """Each role once, in the order of `Role`."""
        held = {grant.role for grant in self.grants}
        return tuple(role for role in Role if role in held)
