"""`leitstand import --snapshot FILE`: a console that begins empty takes the whole journal at once."""

import asyncio
import os
import sys
import time

from console.app.commands.carry_out import note, take_profiles
from console.app.commands.carrying import Bearer, Meter
from console.app.exit_codes import Exit
from console.domain.refusal import Refused
from console.domain.station_facts import JournalImported
from console.services.journal.hlc import HybridClock
from console.services.journal.keys import FileKey
from console.services.journal.own_stream import OwnStream
from console.services.projection_digest import differing
from console.services.storage.ownership import Ownership, is_owned
from console.services.sync.carry import Checked, enrolled_by
from console.services.sync.carry_snapshot import Loaded, load_snapshot


def take_snapshot(bearer: Bearer, checked: Checked, *, is_trial: bool) -> Exit:
    """Fill the journal, then compare what the projections show with what the exporting station showed.

    Raises BadCarry, Refused, OSError.
    """
    if checked.header.what != "snapshot":
        raise Refused("{file} is no snapshot: import it without --snapshot.", file=checked.path.name)
    if is_owned(bearer.folders.data):
        raise Refused("Stop this station first: a snapshot fills its journal at once.")
    if is_trial:
        print(f"{checked.path}: a whole snapshot of station {checked.header.code}, {checked.events} events")
        return Exit.DONE
    began = time.monotonic()
    loaded = _load(bearer, checked)
    seconds = time.monotonic() - began
    print(
        f"{checked.path}: snapshot of station {checked.header.code}: {loaded.stored} events stored, "
        f"{loaded.known} known, in {seconds:.1f} s; hashes and chains hold, signatures are proven while the station "
        "runs (`leitstand verify` does it at once)"
    )
    different = asyncio.run(_settle(bearer, checked, loaded))
    if different:
        print(f"the projections differ from the exporting station's in {', '.join(different)}", file=sys.stderr)
        return Exit.VERIFICATION_FAILED
    return Exit.DONE


def _load(bearer: Bearer, checked: Checked) -> Loaded:
    ownership = Ownership(bearer.folders.data)
    meter = Meter("events taken in")

    def now_us() -> int:
        return time.time_ns() // 1000

    try:
        own = OwnStream(bearer.place, FileKey.load_or_create(bearer.keys), HybridClock(now_us), os.urandom)
        return load_snapshot(
            checked,
            bearer.journal,
            bearer.place,
            enrolled=enrolled_by(bearer.site.site_id, bearer.site.authority),
            own_end=own.on_foreign_end,
            now_us=now_us(),
            progress=meter,
        )
    finally:
        meter.end()
        ownership.release()


async def _settle(bearer: Bearer, checked: Checked, loaded: Loaded) -> tuple[str, ...]:
    """Write down what came, and give the buckets that differ; nothing when the snapshot tells no digests."""
    header = checked.header
    different: tuple[str, ...] = ()
    if header.digests:
        from console.app.bootstrap import Work, build
        from console.app.carry_door import digests

        core = await build(bearer.folders, Work.READ)
        try:
            told = (await digests(core, {}))["digests"]
        finally:
            await core.stop()
        different = differing({bucket: bytes.fromhex(one) for bucket, one in told.items()}, dict(header.digests))
    await take_profiles(bearer, header.profiles)
    await note(bearer, "imported", JournalImported(checked.path.name, header.code, loaded.stored, loaded.known, 0))
    return different
