"""The form of a profile: what a person is called, as it is signed, kept and carried about."""

from functools import lru_cache

import msgspec

from console.domain.people_names import checked_login, checked_name
from console.domain.refusal import Refused

MAX_BYTES = 2048
_MAX_MARK = 64


class Profile(msgspec.Struct, frozen=True):
    """`mark` is random, so that no hash over a record with the name can be guessed; `file_login` and `file_name` are
    what users.toml said last, empty when it never spoke of the person."""

    login: str
    name: str
    mark: str = ""
    file_login: str = ""
    file_name: str = ""


def encoded(profile: Profile) -> str:
    """The JSON text that is signed and kept."""
    return msgspec.json.encode(profile).decode()


@lru_cache(4096)
def read_profile(text: str) -> Profile | None:
    """None for what is none: not JSON, too large, or a login or name that nobody may have."""
    try:
        if len(text.encode()) > MAX_BYTES:
            return None
        found = msgspec.json.decode(text, type=Profile)
        is_right = (checked_login(found.login), checked_name(found.name)) == (found.login, found.name)
        rest = (found.file_login, found.file_name)
        is_right = is_right and all(not one or checked_name(one) == one for one in rest)
    except (msgspec.DecodeError, ValueError, RecursionError, Refused):
        return None
    return found if is_right and len(found.mark) <= _MAX_MARK else None


def forget_read() -> None:
    """Keep nothing of what was read before: somebody was erased."""
    read_profile.cache_clear()
