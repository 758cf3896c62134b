"""What a site may plug in: the company's directory, a second proof, badges, time stamps; and that nothing is needed."""

import asyncio

import pytest

from console.config.users_file import TEST_COST
from console.domain.facts import SignOnFailed
from console.domain.people import Role
from console.domain.refusal import Refused
from console.services.identity.password_worker import PasswordWorker
from console.services.identity.ports import FileKeyStore, FileTimeStamps, NoBadges
from console.services.identity.sign_on import WRONG, SignOnDesk
from console.services.identity.users import Users
from console.services.journal.keys import is_signed_by
from tests.support.clock import FakeClock
from tests.support.desk import PASSWORD, PEOPLE
from tests.support.memory_log import MemoryLog


class Company:
    """Knows olga by another password, nobody else, and can be away."""

    is_away = False

    async def is_right(self, login: str, password: str) -> bool | None:
        return None if self.is_away or login != "olga" else password == "the company's own"


class Token:
    """Administrators need one; `is_here` says whether they hold it."""

    is_here = False

    def is_needed(self, user_id: str, roles: tuple[str, ...]) -> bool:
        return Role.ADMINISTRATOR in roles

    async def is_proved(self, user_id: str) -> bool:
        return self.is_here


def told(story, **ports):
    clock = FakeClock()
    log, worker = MemoryLog(clock), PasswordWorker(TEST_COST)
    try:
        asyncio.run(story(SignOnDesk(Users(PEOPLE), log, worker, clock, **ports), log))
    finally:
        worker.close()


@pytest.mark.proves("SEC-44")
def test_the_companys_directory_decides_where_it_knows_somebody_and_the_kept_hash_where_it_is_away():
    company = Company()

    async def story(desk: SignOnDesk, _log):
        await desk.sign_on("olga", "the company's own")
        with pytest.raises(Refused, match=WRONG):
            await desk.sign_on("olga", PASSWORD)
        await desk.sign_on("otto", PASSWORD)
        company.is_away = True
        await desk.sign_on("olga", PASSWORD)

    told(story, directory_check=company)


def test_who_needs_a_second_proof_is_not_in_without_it():
    token = Token()

    async def story(desk: SignOnDesk, log: MemoryLog):
        with pytest.raises(Refused, match="second proof"):
            await desk.sign_on("adam", PASSWORD)
        assert log.facts(SignOnFailed) == [SignOnFailed("id-adam", "second factor")]
        await desk.sign_on("olga", PASSWORD)
        token.is_here = True
        await desk.sign_on("adam", PASSWORD)

    told(story, second_factor=token)


def test_the_defaults_are_files_and_nothing(tmp_path):
    key = FileKeyStore(tmp_path / "keys").station_key()
    assert FileKeyStore(tmp_path / "keys").station_key().public_key == key.public_key
    stamps = FileTimeStamps(key, tmp_path / "stamps" / "times.txt")
    stamp = asyncio.run(stamps.stamp(b"root", 5))
    line = (tmp_path / "stamps" / "times.txt").read_text(encoding="ascii").split()
    assert line == ["5", stamp.sha256, stamp.token.hex()] and not stamp.is_external
    assert is_signed_by(key.public_key, stamp.token, b"leitstand-time1" + f"5 {stamp.sha256}".encode())

    async def wait() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(NoBadges().next_login(), 0.01)

    asyncio.run(wait())
