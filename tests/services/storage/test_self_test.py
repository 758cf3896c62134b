"""The functions that security rests on are tried at every start; one that stopped working is named."""

from pathlib import Path

import pytest

from console.config.private_file import write_private
from console.services.storage import self_test as module
from console.services.storage.database import LIBRARY, reader_engine
from console.services.storage.schema import open_journal_db
from console.services.storage.self_test import append_only, self_test


@pytest.mark.proves("SEC-24")
def test_everything_works_here(tmp_path: Path) -> None:
    write_private(tmp_path / "station.pem", "key")
    assert self_test(tmp_path) == ()
    assert self_test(tmp_path / "nowhere") == ()


def signs_anything(_key: bytes, _signature: bytes, _data: bytes) -> bool:
    return True


def refuses_everything(_key: bytes, _signature: bytes, _data: bytes) -> bool:
    return False


def other_hash(_prev: bytes, _body: bytes) -> bytes:
    return bytes(32)


def plain_text(password: str, _cost: object) -> str:
    return password


@pytest.mark.proves("SEC-24")
@pytest.mark.parametrize(
    ("function", "broken", "name"),
    [
        ("is_signed_by", signs_anything, "signatures"),
        ("is_signed_by", refuses_everything, "signatures"),
        ("hash_of", other_hash, "hashes"),
        ("hash_password", plain_text, "passwords"),
    ],
)
def test_a_function_that_stopped_working_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, broken: object, name: str
) -> None:
    monkeypatch.setattr(module, function, broken)
    assert self_test(tmp_path) == (name,)


def test_keys_that_others_may_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "station.pem").write_text("key")
    (tmp_path / "station.pem").chmod(0o644)
    assert self_test(tmp_path) == ("rights of the keys",)


@pytest.mark.proves("SEC-24")
def test_a_journal_that_lost_its_guards_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_journal_db(path).close()
    assert asked(path)
    connection = LIBRARY.connect(str(path))
    connection.execute("DROP TRIGGER receipt_no_update")
    connection.close()
    assert not asked(path)


def asked(path: Path) -> bool:
    engine = reader_engine(path)
    try:
        with engine.connect() as connection, connection.begin():
            return append_only(connection)
    finally:
        engine.dispose()
