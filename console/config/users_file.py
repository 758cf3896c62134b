"""`site/users.toml`: who may sign on, with which roles and where; and the making of its password hashes.

A hash is argon2id (RFC 9106) with its parameters inside, so that files with older parameters stay readable.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError

from console.config.private_file import write_private
from console.config.problems import BadConfiguration, Problem, TableReader, read_toml
from console.domain.people import Role
from console.domain.people_names import checked_login, checked_name
from console.domain.refusal import Refused

VERSION = 1
MIN_PASSWORD = 12
MAX_PASSWORD = 1024  # characters; nobody makes the station hash a megabyte
FILE = "users.toml"
_HEADER = "# People and their roles. Made by Leitstand; hashes are argon2id, passwords are nowhere.\nversion = 1\n"


TEMPLATE = """\
# People of this site and their roles. Without anybody the console watches and nobody may act.
# The first one:  leitstand init DIR --admin LOGIN   (asks for a password and writes its hash here)
#
# [[user]]
# id = "k7f3q9"                # never given to another person; stands in the journal for ever, so no name
# login = "olga"
# name = "Olga Operator"
# roles = ["operator"]         # operator, shift_lead, engineer, service_manager, administrator, auditor
# areas = []                   # empty: the whole site
# password_hash = "$argon2id$..."   # `leitstand init --hash` asks for a password and prints one
# disabled = false
version = 1
"""


class PasswordCost(NamedTuple):
    """What one argon2id hash costs: passes, memory in KiB, lanes."""

    time: int
    memory_kib: int
    lanes: int


PLANT_COST = PasswordCost(3, 64 * 1024, 4)  # 91 ms on two cores
TEST_COST = PasswordCost(1, 8, 1)  # for tests alone: no protection


@dataclass(frozen=True, slots=True)
class UserEntry:
    """One `[[user]]`. Without `areas` the roles hold for the whole site."""

    user_id: str
    login: str
    name: str
    roles: tuple[Role, ...]
    areas: tuple[str, ...] = ()
    password_hash: str = field(default="", repr=False)
    is_disabled: bool = False


def hasher(cost: PasswordCost = PLANT_COST) -> PasswordHasher:
    return PasswordHasher(cost.time, cost.memory_kib, cost.lanes, type=Type.ID)


def hash_password(password: str, cost: PasswordCost = PLANT_COST) -> str:
    """The encoded argon2id hash, about 91 ms of work at plant cost. Refused when it is shorter than 12 characters."""
    if len(password) < MIN_PASSWORD:
        raise Refused("A password has at least {least} characters", least=MIN_PASSWORD)
    if len(password) > MAX_PASSWORD:
        raise Refused("A password has at most {most} characters", most=MAX_PASSWORD)
    return hasher(cost).hash(prepared(password))


def prepared(password: str) -> str:
    """The same password typed on any keyboard: one Unicode form for one character."""
    return unicodedata.normalize("NFC", password)


def read_users(folder: Path, least: PasswordCost = PLANT_COST) -> tuple[tuple[UserEntry, ...], list[Problem]]:
    """The users of `folder/users.toml` and everything wrong with it; a missing file means nobody (view-only).

    `least` is the weakest hash that is taken.
    """
    path = folder / FILE
    if not path.exists():
        return (), []
    reader = read_toml(path)
    if reader.integer("version", 1) > VERSION:
        reader.problem("version", "is newer than this program knows", "install the newer Leitstand")
    tables = reader.tables("user")
    users = tuple(_user(table, least) for table in tables)
    _refuse_twins(tables, users)
    reader.unknown_keys()
    return users, reader.problems


def load_users(folder: Path, least: PasswordCost = PLANT_COST) -> tuple[UserEntry, ...]:
    """Like `read_users`, raising `BadConfiguration` with all problems."""
    users, problems = read_users(folder, least)
    if problems:
        raise BadConfiguration(tuple(problems))
    return users


def write_users(folder: Path, users: Iterable[UserEntry]) -> Path:
    """Writes `folder/users.toml` as a whole, readable by its owner alone where the system knows such rights."""
    path = folder / FILE
    write_private(path, _HEADER + "".join(map(_as_toml, users)))
    return path


def write_first_user(folder: Path, user: UserEntry | None) -> Path:
    """Writes `folder/users.toml` with one user, or with nobody when None. A file that names nobody keeps its comments.

    Raises FileExistsError when the file names people already, or cannot be read as people.
    """
    path = folder / FILE
    users, problems = read_users(folder)
    if users or problems:
        raise FileExistsError(f"{path} names people already and was left as it is")
    text = path.read_text(encoding="utf-8") if path.exists() else TEMPLATE
    write_private(path, text + (_as_toml(user) if user is not None else ""))
    return path


def _user(table: TableReader, least: PasswordCost) -> UserEntry:
    user = UserEntry(
        user_id=table.text("id"),
        login=table.text("login"),
        name=table.text("name"),
        roles=_roles(table),
        areas=table.texts("areas"),
        password_hash=table.text("password_hash"),
        is_disabled=table.flag("disabled"),
    )
    for key in ("id", "login", "name"):
        if key in table.table and isinstance(table.table[key], str) and not table.table[key].strip():
            table.problem(key, "is empty", f"write the {key}")
    for key, check in (("login", checked_login), ("name", checked_name)):
        text = getattr(user, key)
        try:
            if text.strip() and check(text) != text:
                table.problem(key, "has blanks at its ends or in a row", f"write the {key} without them")
        except Refused as refusal:
            table.problem(key, str(refusal), f"write another {key}")
    if user.user_id in ("system", "site-file"):
        table.problem("id", f"'{user.user_id}' is the system's own", "choose another id")
    if user.password_hash:
        _check_hash(table, user.password_hash, least)
    table.unknown_keys()
    return user


def _roles(table: TableReader) -> tuple[Role, ...]:
    names = table.texts("roles")
    known = {role.value for role in Role}
    for name in names:
        if name not in known:
            table.problem("roles", f"'{name}' is not known", "one of: " + ", ".join(Role))
    if not names:
        table.problem("roles", "names no role", 'for example roles = ["operator"]')
    return tuple(Role(name) for name in names if name in known)


def _check_hash(table: TableReader, encoded: str, least: PasswordCost) -> None:
    remedy = "write the password again with Leitstand"
    try:
        found = extract_parameters(encoded)
    except InvalidHashError:
        table.problem("password_hash", "is no argon2 hash", remedy)
        return
    if found.type is not Type.ID:
        table.problem("password_hash", "is not argon2id", remedy)
    elif found.time_cost < least.time or found.memory_cost < least.memory_kib:
        table.problem("password_hash", "is weaker than this site allows", remedy)


def _refuse_twins(tables: list[TableReader], users: tuple[UserEntry, ...]) -> None:
    """Ids and logins name one person for ever; logins differ in more than their case."""
    ids: set[str] = set()
    logins: set[str] = set()
    for table, user in zip(tables, users, strict=True):
        if user.user_id and user.user_id in ids:
            table.problem("id", f"'{user.user_id}' is another user's already", "give every user an id of his own")
        if user.login and user.login.casefold() in logins:
            table.problem("login", f"'{user.login}' is another user's already", "choose another login")
        ids.add(user.user_id)
        logins.add(user.login.casefold())


def _as_toml(user: UserEntry) -> str:
    rows = [
        ("id", _text(user.user_id)),
        ("login", _text(user.login)),
        ("name", _text(user.name)),
        ("roles", _texts(user.roles)),
        ("areas", _texts(user.areas)),
        ("password_hash", _text(user.password_hash)),
        ("disabled", "true" if user.is_disabled else "false"),
    ]
    return "\n[[user]]\n" + "".join(f"{key} = {value}\n" for key, value in rows)


def _text(text: str) -> str:
    """A basic TOML string: quotes, backslashes and control characters escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'


def _texts(texts: Iterable[str]) -> str:
    return "[" + ", ".join(map(_text, texts)) + "]"
