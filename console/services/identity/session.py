"""One person's stay at a console, and the rules that bound it."""

import secrets
from dataclasses import dataclass

from console.domain.people import Person
from console.services.journal.entries import Actor

SESSION_BYTES = 16  # 128 bits (security row 29)
LOCKED = "This console is locked: unlock it or sign on"
PASSWORD, PIN, BREAK_GLASS = "password", "pin", "break_glass"  # how somebody proved himself
# What a locked console still does: nothing that changes a record.
ALLOWED_LOCKED = frozenset({"sign-on", "sign-off", "silence", "lock", "unlock", "break-glass"})


@dataclass(frozen=True, slots=True)
class Session:
    """One person's stay at this console or in one call of the command line."""

    session_id: str
    person: Person
    method: str
    signed_on_us: int

    @property
    def actor(self) -> Actor:
        """Who makes the facts of this session, with the rights at its beginning."""
        return actor_of(self, self.person, 0)


@dataclass(frozen=True, slots=True)
class SessionRules:
    """`most` sessions of one person at a time; a PIN re-opens for `shift_us` what a password began."""

    most: int = 3
    shift_us: int = 8 * 3600 * 1_000_000
    pin_tries: int = 5


def new_session_id() -> str:
    return secrets.token_hex(SESSION_BYTES)


def actor_of(session: Session, person: Person, policy_ver: int) -> Actor:
    """Who acts in a session, with the rights of now."""
    user = person.user
    roles = tuple(role.value for role in person.roles)
    return Actor(session.person.user_id, user.login, user.name, roles, session.session_id, session.method, policy_ver)
