"""What a password must be: long enough, not a common one, not the login again (ASVS 6.2, security row 6).

No composition rules: they make passwords that are written on paper. The list of common ones is a file of ours.
"""

from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path
from string import punctuation

import console
from console.config.users_file import MAX_PASSWORD, MIN_PASSWORD, prepared
from console.domain.refusal import Refused

MIN_PIN, MAX_PIN = 6, 11  # shorter than any password: one field takes both
_PACKAGE = Path(console.__file__).resolve().parent
_LIST = "passwords/common.txt"
_LOOK_ALIKES = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_ROWS = ("1234567890", "qwertzuiop", "qwertyuiop", "asdfghjkl", "yxcvbnm", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz")
_WALK = 6  # neighbours in a row that count as one walk over the keyboard
_TOO_SIMPLE = "This password is too easy to guess: take some words that do not belong together"


def check_password(password: str, about: Iterable[str] = ()) -> None:
    """Raises Refused for a password that may not be set. `about` are the login, the name, the site: not in it."""
    if len(password) < MIN_PASSWORD:
        raise Refused("A password has at least {least} characters", least=MIN_PASSWORD)
    if len(password) > MAX_PASSWORD:
        raise Refused("A password has at most {most} characters", most=MAX_PASSWORD)
    plain = prepared(password).casefold()
    read = plain.translate(_LOOK_ALIKES)
    common = _common()
    bare = {plain, read, plain.strip(punctuation), read.strip(punctuation)}
    if bare & common or _is_repeated(plain) or _is_walk(plain):
        raise Refused(_TOO_SIMPLE)
    left = plain
    for word in sorted({part for text in about for part in text.casefold().split() if len(part) >= 4}, key=len):
        left = left.replace(word, "")
    if len(left) < MIN_PASSWORD // 2:
        raise Refused("A password is not made of the login, the name or the site")


def check_pin(pin: str) -> None:
    """Raises Refused unless it is 6 to 11 digits that are neither all alike nor counted up or down."""
    if not looks_like_pin(pin):
        raise Refused("A PIN has {least} to {most} digits", least=MIN_PIN, most=MAX_PIN)
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if len(steps) == 1 and steps <= {0, 1, 9}:
        raise Refused("This PIN is too easy to guess")


def looks_like_pin(secret: str) -> bool:
    """True for what can be a PIN and no password."""
    return secret.isascii() and secret.isdigit() and MIN_PIN <= len(secret) <= MAX_PIN


def _is_repeated(text: str) -> bool:
    """One short piece over and over: "anna1anna1anna1"."""
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, len(text) // 2 + 1))


def _is_walk(text: str) -> bool:
    """Mostly neighbours on a keyboard or in the alphabet, in one direction or the other."""
    covered = 0
    for row in (*_ROWS, *(row[::-1] for row in _ROWS)):
        covered += sum(_WALK for start in range(len(row) - _WALK + 1) if row[start : start + _WALK] in text)
    return covered >= len(text)


@cache
def _common() -> frozenset[str]:
    """The list, in both spellings. A file that is missing is a broken installation: OSError."""
    installed = _PACKAGE / "_resources" / _LIST
    path = installed if installed.is_file() else _PACKAGE.parent / "resources" / _LIST
    lines = [line.strip().casefold() for line in path.read_text(encoding="utf-8").splitlines()]
    words = [line for line in lines if line and not line.startswith("#")]
    return frozenset(words) | {word.translate(_LOOK_ALIKES) for word in words}
