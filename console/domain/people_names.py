"""Logins and names of people as they may be kept: one visible line without markup."""

import unicodedata

from console.domain.plain_text import line, required
from console.domain.refusal import Refused

SEPARATOR = "~"  # tells equal logins apart: "olga~2"; no keyboard puts it into a login by accident
MAX_LOGIN = 60
_MARKUP = frozenset("<>")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # what turns, hides or breaks a line


def checked_login(text: str) -> str:
    """The login, trimmed; raises Refused."""
    login = required(line(text), "A login is not empty")
    if SEPARATOR in login or len(login) > MAX_LOGIN:
        raise Refused("A login has at most {most} characters and no {sign}", most=MAX_LOGIN, sign=SEPARATOR)
    return _plain(login)


def checked_name(text: str) -> str:
    """The full name, trimmed; raises Refused."""
    return _plain(required(line(text), "A person has a name"))


def _plain(text: str) -> str:
    if any(one in _MARKUP or unicodedata.category(one) in _UNSEEN for one in text):
        raise Refused("A login or a name holds no < or > and nothing that cannot be seen")
    return text
