"""What whoever sits here may not do, and why: of a session, or while nobody is signed on."""

from collections.abc import Iterable, Mapping

from console.services.records import SessionRecord
from console.ui.translation import mark

SIGN_ON_FIRST = mark("Sign on first (Ctrl+L): nobody is signed on, so this console only shows")


def denied_to(session: SessionRecord | None, commands: Iterable[str]) -> Mapping[str, str]:
    """Name of each of these `commands` that may not be given -> why, marked English; None: nobody is signed on."""
    return session.denied if session is not None else dict.fromkeys(commands, SIGN_ON_FIRST)
