"""`leitstand archive`: seals old parts of the journal into files, takes out what is finished, shows what files hold."""

import argparse
import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from console.app.commands.archive_show import show
from console.app.commands.carrying import Bearer, Meter
from console.app.exit_codes import Exit
from console.config.problems import BadConfiguration
from console.domain.refusal import Refused
from console.services.journal.archive_file import check_segment, read_sealed
from console.services.journal.archive_sealing import Part, Plan, Sealer, Written
from console.services.journal.archive_table import Segment, segments
from console.services.journal.event_table import Tip
from console.services.journal.keys import FileKey
from console.services.storage.database import reader_engine
from console.services.storage.ownership import is_owned

DAY_US = 86_400_000_000
LEAST_DAYS = 31  # alarms and sessions of the last month are still at work
_AGE = re.compile(r"(\d{1,5})d")
Ask = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def command(options: argparse.Namespace) -> int:
    """Beside a running station or on a stopped one's files; cut off at any moment it is asked again."""
    if options.show:
        return show(Path(options.show), options.entity, as_json=options.json)
    try:
        bearer = Bearer.of(options.config, options.data)
        if options.bring_back:
            return asyncio.run(_bring_back(bearer, Path(options.bring_back)))
        if not options.older_than or not options.to:
            raise ValueError("name the age and the folder: --older-than 365d --to FOLDER")
        folder = Path(options.to).expanduser().resolve()
        return asyncio.run(_archive(bearer, folder, _before_us(options.older_than), options))
    except KeyboardInterrupt:
        print("given up; what was sealed stays, the same command goes on from there", file=sys.stderr)
        return Exit.REFUSED
    except (ValueError, BadConfiguration) as error:
        print(error, file=sys.stderr)
        return Exit.BAD_INPUT


def _before_us(age: str) -> int:
    found = _AGE.fullmatch(age)
    days = int(found[1]) if found else 0
    if days < LEAST_DAYS:
        raise ValueError(f"--older-than is a number of days from {LEAST_DAYS}d on, like 365d")
    return time.time_ns() // 1000 - days * DAY_US


async def _archive(bearer: Bearer, folder: Path, before_us: int, options: argparse.Namespace) -> int:
    if not bearer.journal.exists():
        raise FileNotFoundError(f"there is no journal at {bearer.journal}")
    key = FileKey.load_or_create(bearer.keys)
    with Sealer(bearer.journal, folder, bearer.place, key, lambda: time.time_ns() // 1000) as sealer:
        plan = sealer.plan(before_us)
        for name in plan.forked:
            print(f"left alone, because it was continued at two places: stream {name}", file=sys.stderr)
        if options.dry_run:
            _tell_plan(plan, folder)
            return Exit.DONE
        async with _door(bearer) as ask:
            await _seal(sealer, plan, ask)
            return await _prune(bearer, ask, before_us) if options.prune else Exit.DONE


def _tell_plan(plan: Plan, folder: Path) -> None:
    for part in plan.parts:
        print(f"stream {part.code} {part.stream}: seq {part.from_seq} to {part.to_seq}, {part.events} entries")
    print(f"{plan.events} entries in {len(plan.parts)} files would be sealed in {folder}; nothing was done")


async def _seal(sealer: Sealer, plan: Plan, ask: Ask) -> None:
    meter, done = Meter("entries sealed"), 0

    def progress(count: int) -> bool:
        nonlocal done
        done += count
        return meter(done, plan.events)

    written: list[Written] = []
    try:
        for part in plan.parts:
            written += await _seal_part(sealer, part, progress, ask)
    finally:
        meter.end()
    for one in written:
        told = one.sealed.manifest
        print(f"{one.path}: stream {told.stream_code} seq {told.from_seq} to {told.to_seq}: sealed and proven")
    print(f"{sum(one.sealed.manifest.count for one in written)} entries sealed in {len(written)} files")


async def _seal_part(sealer: Sealer, part: Part, progress: Callable[[int], bool], ask: Ask) -> list[Written]:
    one = sealer.seal(part, progress)
    sealed = one.sealed
    question = {"op": "archive-note", "manifest": sealed.raw.hex(), "sig": sealed.sig.hex(), "uri": one.path.as_uri()}
    await ask(question)
    return [one]


async def _prune(bearer: Bearer, ask: Ask, before_us: int) -> int:
    """Every listed file is proven once more, the centre is asked what it holds, then finished entries leave."""
    listed = await asyncio.to_thread(_listed, bearer)
    if not listed:
        print("nothing is sealed, so nothing is taken out")
        return Exit.DONE
    for segment in listed:
        if why := await asyncio.to_thread(_why_not_sound, segment):
            print(f"nothing was taken out: {segment.uri}: {why}", file=sys.stderr)
            return Exit.VERIFICATION_FAILED
    held: list[Tip] | None = None
    if bearer.settings.centre.host:
        held = await asyncio.to_thread(_held_by_centre, bearer)
        if held is None:
            print("nothing was taken out: the centre does not say now what it holds", file=sys.stderr)
            return Exit.WORLD
    alive = await asyncio.to_thread(_alive, bearer)
    total = await _steps(ask, before_us, held, alive)
    held_by = "the centre" if held is not None else "other stations"
    if total:
        await ask({"op": "archive-told", "before_us": before_us, "events": total, "held_by": held_by})
    print(f"{total} finished entries are in the archive alone now; {held_by} hold them too")
    return Exit.DONE


async def _steps(ask: Ask, before_us: int, held: Sequence[Tip] | None, alive: Sequence[UUID] | None) -> int:
    question = {
        "op": "archive-prune",
        "before_us": before_us,
        "held": None if held is None else [[str(tip.stream), tip.seq, tip.hash.hex()] for tip in held],
        "alive": None if alive is None else [str(one) for one in alive],
    }
    meter, total, after = Meter("entries looked at"), 0, 0
    try:
        while True:
            step = await ask(question | {"after": after})
            total, after = total + int(step["events"]), int(step["next"])
            meter(after, int(step["of"]))
            if not after:
                return total
    finally:
        meter.end()


def _listed(bearer: Bearer) -> tuple[Segment, ...]:
    engine = reader_engine(bearer.journal)
    try:
        with engine.connect() as connection, connection.begin():
            return segments(connection)
    finally:
        engine.dispose()


def _why_not_sound(segment: Segment) -> str:
    """The file stands where it was written and proves itself; else why not."""
    path = _path_of(segment.uri)
    try:
        if read_sealed(path).raw != segment.sealed.raw:
            return "it is another file than the one that was sealed"
        report = check_segment(path)
    except (OSError, Refused) as error:
        return str(error)
    return f"seq {report.faults[0].seq}: {report.faults[0].reason}" if report.faults else ""


def _path_of(uri: str) -> Path:
    from urllib.parse import urlparse
    from urllib.request import url2pathname

    return Path(url2pathname(urlparse(uri).path))


def _held_by_centre(bearer: Bearer) -> list[Tip] | None:
    """Where every stream ends at the centre at this moment; None when it does not answer."""
    import psycopg

    from console.services.sync.central import Central

    try:
        central = Central(bearer.settings.centre, bearer.place)
    except (psycopg.Error, OSError, Refused) as error:
        print(str(error).strip().splitlines()[0], file=sys.stderr)
        return None
    try:
        return list(central.tips())
    except psycopg.Error as error:
        print(str(error).strip().splitlines()[0], file=sys.stderr)
        return None
    finally:
        central.close()


def _alive(bearer: Bearer) -> list[UUID] | None:
    """Conditions with an alarm that is not over, by the station's own log; None when there is none to ask."""
    from console.services.alarms.alarm_log import load_open

    path = bearer.folders.data / "station.db"
    if not path.exists():
        return None
    engine = reader_engine(path)
    try:
        with engine.connect() as connection, connection.begin():
            return sorted({one.condition_id for one in load_open(connection)})
    finally:
        engine.dispose()


async def _bring_back(bearer: Bearer, file: Path) -> int:
    """What left the journal for a file stands in it again: before a centre that lost everything is filled anew."""
    from console.app.archive_door import archiving_of
    from console.app.bootstrap import Work, build
    from console.services.archiving import proven_events

    if is_owned(bearer.folders.data):
        raise Refused("Stop this station first: entries are brought back into its files.")
    events = proven_events(file)
    core = await build(bearer.folders, Work.ACT)
    try:
        count = await archiving_of(core).bring_back(file, events, time.time_ns() // 1000)
    finally:
        await core.stop()
    print(f"{file}: {count} of {len(events)} entries were brought back into the journal")
    return Exit.DONE


@asynccontextmanager
async def _door(bearer: Bearer) -> AsyncIterator[Ask]:
    """The running station's, or that of a station that is opened for this."""
    if is_owned(bearer.folders.data):
        yield bearer.ask
        return
    from console.app.archive_door import OPS
    from console.app.bootstrap import Work, build

    core = await build(bearer.folders, Work.ACT)
    try:

        async def ask(question: dict[str, Any]) -> dict[str, Any]:
            return await OPS[question["op"]](core, question)

        yield ask
    finally:
        await core.stop()
