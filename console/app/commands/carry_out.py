"""`leitstand export journal|vector FILE`: the journal as one signed file, to be carried where no network goes."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from console.app.commands.carrying import Bearer, Meter
from console.app.exit_codes import Exit
from console.config.problems import BadConfiguration
from console.domain.refusal import Refused
from console.domain.station_facts import JournalExported
from console.services.journal.keys import FileKey
from console.services.storage.ownership import is_owned
from console.services.sync.carry_export import Exported, Exporter
from console.services.sync.carry_file import BadCarry
from console.services.sync.profile_rows import MAX_PROFILES, ProfileNow, profiles_in

_TRIES = 3


def export(options: argparse.Namespace) -> int:
    """Works beside a running station and on a stopped one's folder; the export is noted in the journal."""
    target, beyond = Path(options.file), Path(options.beyond) if options.beyond else None
    try:
        bearer = Bearer.of(options.config, options.data)
        if not bearer.journal.exists():
            print(f"there is no journal at {bearer.journal}", file=sys.stderr)
            return Exit.WORLD
        exported = asyncio.run(_export(bearer, options, target, beyond))
    except (BadConfiguration, BadCarry) as error:
        print(error, file=sys.stderr)
        return Exit.BAD_INPUT
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return Exit.REFUSED
    except KeyboardInterrupt:
        print("given up; nothing was written", file=sys.stderr)
        return Exit.BAD_INPUT
    if options.what == "vector":
        print(f"{target}: what {bearer.settings.name} has, {len(exported.heads)} ends of streams")
    else:
        print(f"{target}: {exported.events} events, sha256 {exported.sha256}")
    return Exit.DONE


async def _export(bearer: Bearer, options: argparse.Namespace, target: Path, beyond: Path | None) -> Exported:
    exporter = Exporter(
        bearer.journal,
        bearer.place,
        FileKey.load_or_create(bearer.keys),
        bearer.certificate(),
        lambda: time.time_ns() // 1000,
        profiles_in(bearer.folders.data / "station.db"),
    )
    if options.what == "vector":
        return exporter.vector(target)
    meter = Meter("events written")
    try:
        if options.snapshot:
            digests, at_event = await _digests(bearer)
            exported = exporter.snapshot(target, digests, meter, at_event)
        else:
            exported = exporter.journal_beyond(target, beyond, meter)
    finally:
        meter.end()
    await note(bearer, "exported", JournalExported("journal", target.name, exported.events, exported.sha256))
    return exported


async def _digests(bearer: Bearer) -> tuple[dict[str, bytes], int]:
    """Of the projections as they are now, and how far the journal is."""
    if is_owned(bearer.folders.data):
        reply = await bearer.ask({"op": "digests"})
    else:
        from console.app.bootstrap import Work, build
        from console.app.carry_door import digests

        core = await build(bearer.folders, Work.READ)
        try:
            reply = await digests(core, {})
        finally:
            await core.stop()
    return {bucket: bytes.fromhex(told) for bucket, told in reply["digests"].items()}, int(reply["events"])


async def take_profiles(bearer: Bearer, rows: Sequence[ProfileNow]) -> None:
    """Let the station learn what the people of a carried journal are called: through its door while it runs, else
    directly. What it does not believe it leaves out. Raises Refused, ValueError, OSError."""
    from console.app.carry_door import PROFILES_AT_ONCE, profiles, profiles_question

    pieces = [rows[at : at + PROFILES_AT_ONCE] for at in range(0, min(len(rows), MAX_PROFILES), PROFILES_AT_ONCE)]
    if not pieces:
        return
    if is_owned(bearer.folders.data):
        for piece in pieces:
            await bearer.ask(profiles_question(piece))
        return
    from console.app.bootstrap import Work, build

    core = await build(bearer.folders, Work.ACT)
    try:
        for piece in pieces:
            await profiles(core, profiles_question(piece))
    finally:
        await core.stop()


async def note(bearer: Bearer, name: str, fact: JournalExported | Any) -> None:
    """Write the fact down: through the running station's door, else directly. A refusal is told, not raised: the file
    is written all the same."""
    question = {"op": "note", "fact": name, "fields": asdict(fact)}
    try:
        if is_owned(bearer.folders.data):
            await bearer.ask(question)
            return
        from console.app.bootstrap import Work, build
        from console.app.carry_door import note as write

        core = await build(bearer.folders, Work.ACT)
        try:
            await write(core, question)
        finally:
            await core.stop()
    except (Refused, ValueError, OSError) as error:
        print(f"not noted in the journal: {error}", file=sys.stderr)
