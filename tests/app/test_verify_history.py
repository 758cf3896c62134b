"""`leitstand verify` beside a history: what is known to be lost of it is told and breaks nothing of the proof."""

import asyncio
from pathlib import Path

import pytest

from console.app.bootstrap import Work, build
from console.app.cli import main
from console.app.folders import Folders
from console.services.historian.store import open_history_db
from console.services.storage.direct import direct
from tests.support.story_site import make_site, make_station

LOST = "INSERT INTO damage (key, level, from_us, to_us, samples, reason) VALUES (1, -1, 0, 1, 77, 'torn')"


def test_what_is_lost_of_the_history_is_told_and_the_proof_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_station(make_site(tmp_path), "k1", "K1", ())

    async def start() -> None:
        await (await build(Folders(folder, folder), Work.ACT)).stop()

    async def damage() -> None:
        store = open_history_db(folder / "history.db")
        await store.database.writer.write(lambda connection: direct(connection, LOST).close())
        store.close()

    def said(language: str = "en") -> str:
        words = ["verify", "--data", str(folder), "--config", str(folder), "--language", language]
        assert main(words) == 0
        return capsys.readouterr().err

    asyncio.run(start())
    assert "history" not in said()
    open_history_db(folder / "history.db").close()
    assert "note: history.db is not signed; no loss in it is known" in said()
    asyncio.run(damage())
    assert "note: 77 samples of history.db are lost by damage to the file" in said()
    assert "77 Messwerte von history.db" in said("de")
    (folder / "history.db").write_bytes(b"no database " * 1_000)
    assert "history.db cannot be read" in said()
