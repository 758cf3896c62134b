"""The rights that the administrator's guide gives to users of the broker are enough, and no more than enough."""

import asyncio
import re
import subprocess
from pathlib import Path
from uuid import uuid5

import pytest

from tests.support.broker import mosquitto_passwd_path, running_broker
from tests.support.journals import SITE, note
from tests.support.neighbourhood import neighbour
from tests.support.synced import until, until_equal

GUIDE = Path(__file__).parents[3] / "docs" / "ADMIN.md"
CODES = ("A1", "B2")


def rights(folder: Path) -> tuple[str, ...]:
    """Mosquitto's lines for the guide's example; the users are our stations."""
    (example,) = re.findall(r"^# acl: .*?\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    (folder / "acl").write_text(example, encoding="utf-8")
    (folder / "acl").chmod(0o600)
    passwords = folder / "passwords"
    passwords.touch()
    for code in (*CODES, "C3"):
        user = uuid5(SITE, code).hex
        subprocess.run([mosquitto_passwd_path(), "-b", str(passwords), user, "secret"], check=True, capture_output=True)
    return f"password_file {passwords}", f"acl_file {folder / 'acl'}"


@pytest.mark.proves("SEC-2")
def test_stations_with_the_rights_of_the_guide_exchange_and_cannot_speak_for_each_other(tmp_path: Path) -> None:
    async def story() -> None:
        with running_broker(rights(tmp_path), anonymous=False) as broker:

            def user(code: str) -> dict[str, object]:
                (tmp_path / "secret").write_text("secret\n", encoding="utf-8")
                (tmp_path / "secret").chmod(0o600)
                return {"user": uuid5(SITE, code).hex, "password": tmp_path / "secret"}

            async with (
                neighbour(tmp_path, "A1", broker, **user("A1")) as a,
                neighbour(tmp_path, "B2", broker, **user("B2")) as b,
                neighbour(tmp_path / "thief", "A1", broker, **user("C3")) as thief,
            ):
                await until(lambda: a.heard.state("B2") == "live" and b.heard.state("A1") == "live", "they meet")
                await a.act(note("x"))
                await until_equal(a, b, at_least=3)
                await thief.act(note("under a foreign name"))
                await b.act(note("y"))
                await until_equal(a, b, at_least=4)
                assert a.heard.twins == 0  # the broker lets nobody speak under another's name
                assert len(await b.hashes()) == 4

    asyncio.run(story())
