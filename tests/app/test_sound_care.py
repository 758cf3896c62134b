"""Whether alarms could be heard is written down: by the program itself, or in the name of who asked."""

import asyncio
from pathlib import Path

import pytest

from console.app.bootstrap import Work, build
from console.app.folders import Folders
from console.app.sound_care import note_check
from console.domain.alarm_classes import AlarmSettings
from console.domain.commands import SignOn
from console.services.station import AlarmSettingsQuery, JournalQuery
from tests.support.story_site import OPERATOR, make_site, make_station


@pytest.mark.proves("ALARM-F63")
def test_checks_of_the_sound_stand_in_the_journal(tmp_path: Path) -> None:
    folder = make_station(make_site(tmp_path), "k1", "K1", ())

    async def story() -> None:
        core = await build(Folders(folder, folder), Work.ACT)
        try:
            await note_check(core, "start", "")
            await note_check(core, "shift", "The horn's sound cannot be played")
            await core.station.submit(SignOn(*OPERATOR))
            await note_check(core, "shift", "")
            await note_check(core, "test", "")
            rows = await core.station.query(JournalQuery(etype="sound.checked"))
            assert [row.user == "Leitstand" for row in rows] == [False, True, True, True], [row.user for row in rows]
            assert '"is_ok":false' in rows[2].summary
            assert "cannot be played" in rows[2].summary
            assert isinstance(await core.station.query(AlarmSettingsQuery()), AlarmSettings)
        finally:
            await core.stop()

    asyncio.run(story())
