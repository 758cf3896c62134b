"""`leitstand import FILE... [--dry-run] [--snapshot]`: takes in what was carried here from another station."""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.app.carry_door import take, take_question
from console.app.commands.carry_out import note, take_profiles
from console.app.commands.carrying import Bearer, Meter
from console.app.exit_codes import Exit
from console.config.problems import BadConfiguration
from console.domain.refusal import Refused
from console.domain.station_facts import JournalImported
from console.services.journal.envelope import RawEvent
from console.services.storage.database import reader_engine
from console.services.storage.ownership import is_owned
from console.services.sync.carry import Checked, Taker, Told, Trial, check_carry, enrolled_by, take_in
from console.services.sync.carry_file import BadCarry

if TYPE_CHECKING:
    from console.app.door import Core


def command(options: argparse.Namespace) -> int:
    """Each file by itself: one that is damaged does not keep the others out."""
    try:
        bearer = Bearer.of(options.config, options.data)
    except BadConfiguration as error:
        print(error, file=sys.stderr)
        return Exit.BAD_INPUT
    worst = Exit.DONE
    for name in options.files:
        worst = max(worst, _one(bearer, Path(name), options))
    return worst


def _one(bearer: Bearer, path: Path, options: argparse.Namespace) -> Exit:
    try:
        return _take(bearer, path, options)
    except (BadCarry, ValueError) as error:
        print(error, file=sys.stderr)
        return Exit.BAD_INPUT
    except Refused as refusal:
        print(f"refused: {refusal}", file=sys.stderr)
        return Exit.REFUSED
    except OSError as error:
        print(error, file=sys.stderr)
        return Exit.WORLD
    except KeyboardInterrupt:
        print(f"{path}: given up; what was taken stays, import the file again for the rest", file=sys.stderr)
        return Exit.BAD_INPUT


def _take(bearer: Bearer, path: Path, options: argparse.Namespace) -> Exit:
    checked = _checked(bearer, path)
    if checked.header.what == "vector":
        print(f"{path}: says what station {checked.header.code} has; use it with `export journal --beyond`")
        return Exit.DONE
    if options.snapshot:
        from console.app.commands.snapshot_in import take_snapshot

        return take_snapshot(bearer, checked, is_trial=options.dry_run)
    told = asyncio.run(_taken(bearer, checked, options.dry_run))
    return _tell(path, checked, told, options.dry_run)


def _checked(bearer: Bearer, path: Path) -> Checked:
    meter = Meter("events looked through")
    try:
        return check_carry(path, bearer.place, bearer.site.authority, meter)
    finally:
        meter.end()


async def _taken(bearer: Bearer, checked: Checked, is_trial: bool) -> Told:
    meter = Meter("events taken in")
    try:
        async with _taker(bearer, is_trial) as taker:
            told = await take_in(checked, taker, meter)
    finally:
        meter.end()
    if not is_trial:
        await take_profiles(bearer, checked.header.profiles)
    if not is_trial and (told.stored or told.rejected):
        fact = JournalImported(checked.path.name, checked.header.code, told.stored, told.known, told.rejected)
        await note(bearer, "imported", fact)
    return told


@asynccontextmanager
async def _taker(bearer: Bearer, is_trial: bool) -> AsyncIterator[Taker]:
    if is_trial:
        if not bearer.journal.exists():
            raise FileNotFoundError(f"there is no journal at {bearer.journal}")
        engine = reader_engine(bearer.journal)
        try:
            with engine.connect() as connection:
                yield Trial(connection, bearer.place, enrolled_by(bearer.site.site_id, bearer.site.authority))
        finally:
            engine.dispose()
    elif is_owned(bearer.folders.data):
        yield _DoorTaker(bearer)
    else:
        from console.app.bootstrap import Work, build

        core = await build(bearer.folders, Work.ACT)
        try:
            yield _CoreTaker(core)
        finally:
            await core.stop()


class _DoorTaker:
    """Hands pieces to the running station."""

    def __init__(self, bearer: Bearer) -> None:
        self._bearer = bearer

    async def __call__(self, raws: Sequence[RawEvent], peer: str) -> Told:
        return _told(await self._bearer.ask(take_question(list(raws), peer)))


class _CoreTaker:
    """Hands pieces to a station that was built for this alone."""

    def __init__(self, core: "Core") -> None:
        self._core = core

    async def __call__(self, raws: Sequence[RawEvent], peer: str) -> Told:
        return _told(await take(self._core, take_question(list(raws), peer)))


def _told(reply: dict[str, Any]) -> Told:
    stored, known, held, rejected = (int(reply[name]) for name in ("stored", "known", "held", "rejected"))
    return Told(stored, known, held, rejected, Counter(reply["reasons"]))


def _tell(path: Path, checked: Checked, told: Told, is_trial: bool) -> Exit:
    stored = "would be stored" if is_trial else "stored"
    print(
        f"{path}: {checked.events} events from station {checked.header.code}: {told.stored} {stored}, "
        f"{told.known} known, {told.held} waiting for events that are not here, {told.rejected} rejected"
    )
    for reason, count in told.reasons.most_common():
        print(f"  {count} rejected: {reason}", file=sys.stderr)
    if told.held:
        print("  export this station's vector and ask for the journal beyond it", file=sys.stderr)
    return Exit.VERIFICATION_FAILED if told.rejected else Exit.DONE
