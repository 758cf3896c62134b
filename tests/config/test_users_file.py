"""The users file is read whole, its mistakes are named, and what Leitstand writes it can read."""

import os
import stat

import pytest
from argon2 import PasswordHasher
from argon2 import Type as Argon2Type
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.config.problems import BadConfiguration
from console.config.users_file import (
    PLANT_COST,
    TEST_COST,
    PasswordCost,
    UserEntry,
    hash_password,
    hasher,
    load_users,
    read_users,
    write_users,
)
from console.domain.people import Role
from console.domain.people_names import checked_name
from console.domain.refusal import Refused

GOOD = hash_password("correct horse battery", TEST_COST)


def entry(n: int = 1, **changes) -> UserEntry:
    known = {"user_id": f"u{n}", "login": f"login{n}", "name": f"Name {n}", "roles": (Role.OPERATOR,)}
    return UserEntry(**{**known, "password_hash": GOOD, **changes})


def test_what_is_written_is_read_back(tmp_path):
    users = (
        entry(1, name='Jürgen "Jo" \\ O\'Neill & Söhne'),
        entry(2, roles=(Role.ENGINEER, Role.ADMINISTRATOR), areas=("Press shop", "Größe"), is_disabled=True),
        entry(3, password_hash=""),
    )
    write_users(tmp_path, users)
    assert load_users(tmp_path, TEST_COST) == users
    write_users(tmp_path, users[:1])
    assert load_users(tmp_path, TEST_COST) == users[:1]
    assert [path.name for path in tmp_path.iterdir()] == ["users.toml"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_name_survives_the_file(tmp_path, name):
    write_users(tmp_path, [entry(1, name="x" + name)])
    try:
        is_one = checked_name("x" + name) == "x" + name
    except Refused:
        is_one = False
    users, problems = read_users(tmp_path, TEST_COST)
    assert users[0].name == "x" + name
    assert bool(problems) is not is_one, "a name that nobody may have is told and applied nowhere"


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps such rights in access lists of the folder")
def test_the_file_belongs_to_its_owner_alone(tmp_path):
    assert stat.S_IMODE(write_users(tmp_path, [entry()]).stat().st_mode) == 0o600


def test_without_a_file_there_is_nobody(tmp_path):
    assert read_users(tmp_path) == ((), [])


def test_all_mistakes_come_at_once_with_their_place_and_remedy(tmp_path):
    argon2i = PasswordHasher(1, 8, 1, type=Argon2Type.I).hash("correct horse battery")
    (tmp_path / "users.toml").write_text(
        f"""
[[user]]
id = "u1"
login = "Anna"
name = "Anna"
roles = ["operator", "boss"]
password_hash = "plain text"
[[user]]
id = "u1"
login = "ANNA"
name = " "
roles = []
password_hash = "{argon2i}"
colour = "red"
[[user]]
id = "system"
login = "x"
roles = ["auditor"]
password_hash = "{GOOD}"
disabled = "no"
"""
    )
    problems = read_users(tmp_path, TEST_COST)[1]
    assert sorted(problem.key for problem in problems) == [
        "user[0].password_hash",
        "user[0].roles",
        "user[1].colour",
        "user[1].id",
        "user[1].login",
        "user[1].name",
        "user[1].password_hash",
        "user[1].roles",
        "user[2].disabled",
        "user[2].id",
        "user[2].name",
    ]
    assert all(problem.file == "users.toml" and problem.remedy for problem in problems)
    with pytest.raises(BadConfiguration):
        load_users(tmp_path, TEST_COST)


def test_a_file_that_is_no_toml_is_a_problem_and_no_crash(tmp_path):
    (tmp_path / "users.toml").write_bytes(b"\xff\xfe[[user")
    assert len(read_users(tmp_path)[1]) == 1


def test_a_hash_weaker_than_the_plants_is_not_taken(tmp_path):
    write_users(tmp_path, [entry()])
    assert [problem.key for problem in read_users(tmp_path)[1]] == ["user[0].password_hash"]


def test_passwords_are_hashed_with_argon2id_at_the_agreed_cost():
    assert PasswordCost(3, 65536, 4) == PLANT_COST
    encoded = hash_password("correct horse battery")
    assert encoded.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert hasher(TEST_COST).verify(encoded, "correct horse battery")
    assert hash_password("correct horse battery", TEST_COST) != GOOD  # salted


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1025])
def test_too_short_and_absurdly_long_passwords_are_refused(password):
    with pytest.raises(Refused):
        hash_password(password, TEST_COST)


def test_a_hash_is_not_shown_with_its_user():
    assert "argon2" not in repr(entry())
