"""A centre that swallows what it is told: seen as lost, and never in the way of closing a station."""

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from console.app.demo.proxy import Cable, Line
from console.config.private_file import write_private
from console.config.settings import CentreSettings
from console.services.sync import central as central_module
from console.services.sync import line as line_module
from tests.support.journals import note
from tests.support.postgres import TestDatabase
from tests.support.synced import asked, enrolled, synced, until


def test_a_centre_that_swallows_is_lost_soon_and_live_again_when_it_answers(
    tmp_path: Path, postgres: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(central_module, "_PRESENCE_S", 0.5)

    async def story() -> None:
        cable = Cable(postgres.settings.port)
        await cable.start()
        try:
            settings = replace(enrolled(tmp_path, "A1", postgres), host="127.0.0.1", port=cable.port)
            async with synced(tmp_path, "A1", settings) as a:
                await until(lambda: a.state == "live", "A is live")
                cable.set(Line.SWALLOWS)
                await until(lambda: a.state == "lost", "silence is a loss")
                assert a.links[-1].detail
                await a.act(note("meanwhile"))
                await until(lambda: a.links[-1].waiting == 1, "the strip counts what waits")
                cable.set(Line.FLOWS)
                await until(lambda: a.state == "live" and a.links[-1].waiting == 0, "A catches up")
        finally:
            await cable.stop()

    asyncio.run(story())


@pytest.mark.parametrize("is_connected", [True, False])
def test_closing_a_station_does_not_wait_for_a_centre_that_swallows(
    tmp_path: Path, postgres: TestDatabase, is_connected: bool
) -> None:
    async def story() -> None:
        cable = Cable(postgres.settings.port)
        await cable.start()
        try:
            settings = replace(enrolled(tmp_path, "A1", postgres), host="127.0.0.1", port=cable.port)
            if not is_connected:
                cable.set(Line.SWALLOWS)
            async with synced(tmp_path, "A1", settings) as a:
                if is_connected:
                    await until(lambda: a.state == "live", "A is live")
                    cable.set(Line.SWALLOWS)
                    await a.act(note("pushed into nothing"))
                await until(lambda: cable.connections > 0, "the thread waits for an answer")
                since_s = time.monotonic()
                await asyncio.to_thread(a.replicator.stop)
                patience_is_unused = time.monotonic() - since_s < 2.0
                assert patience_is_unused and not a.replicator.is_running
        finally:
            await cable.stop()

    asyncio.run(story())


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"\xff\xfe",
        pytest.param(b"others may read it", marks=pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")),
    ],
)
def test_a_password_file_that_cannot_be_read_is_a_refusal_in_words(
    tmp_path: Path, postgres: TestDatabase, content: bytes | None
) -> None:
    file = tmp_path / "centre.password"
    if content is not None:
        write_private(file, content)
    if content == b"others may read it":
        file.chmod(0o644)

    async def story() -> None:
        settings = enrolled(tmp_path, "A1", postgres)
        async with synced(tmp_path, "A1", replace(settings, password_file=file)) as a:
            await until(lambda: a.state == "refused", "it is refused")
            assert str(file) in a.links[-1].detail
            assert ("chmod 600" in a.links[-1].detail) == (content == b"others may read it")

    asyncio.run(story())


def test_a_centre_whose_schema_is_broken_refuses_instead_of_looking_away(
    tmp_path: Path, postgres: TestDatabase
) -> None:
    async def story() -> None:
        async with synced(tmp_path, "A1", postgres) as a:
            await until(lambda: a.state == "live", "A is live")
            asked(postgres.url, "drop function leitstand.tips(uuid, uuid)")
            await until(lambda: a.state == "refused", "the centre is no centre any more")
            assert "tips" in a.links[-1].detail

    asyncio.run(story())


@pytest.mark.proves("SEC-2", "SEC-31")
def test_certificates_and_their_check_reach_the_connection(tmp_path: Path) -> None:
    settings = CentreSettings(
        "centre.plant", 5432, "leitstand", "ls_1", sslmode="verify-full",
        ca_file=tmp_path / "ca.pem", cert_file=tmp_path / "k1.pem", key_file=tmp_path / "k1.key",
    )  # fmt: skip
    told = conninfo_to_dict(line_module._conninfo(settings))
    files = {"sslrootcert": "ca.pem", "sslcert": "k1.pem", "sslkey": "k1.key"}
    assert {key: told[key] for key in files} == {key: str(tmp_path / name) for key, name in files.items()}
    assert told["sslmode"] == "verify-full"


@pytest.mark.proves("SEC-31")
def test_a_server_without_a_certificate_is_not_spoken_to_when_one_is_demanded(
    tmp_path: Path, postgres: TestDatabase
) -> None:
    settings = replace(enrolled(tmp_path, "A1", postgres), sslmode="verify-full", ca_file=tmp_path / "ca.pem")
    with pytest.raises(psycopg.OperationalError):
        line_module.Line(settings).open()
