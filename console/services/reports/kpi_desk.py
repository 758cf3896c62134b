"""Answers questions about the alarm system's performance, and writes them to files: read and computed beside the
main thread, one question at a time; whoever stops waiting ends it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from console.domain.alarm_classes import FloodRules
from console.domain.audit_commands import ExportAlarmKpi
from console.domain.command import Command
from console.domain.file_names import checked_path
from console.domain.refusal import Refused
from console.domain.shifts import shift_start_us
from console.domain.station_facts import JournalExported
from console.services.acts import Act, receipt
from console.services.alarms.watch_spans import WatchSpans, read_spans
from console.services.journal.entries import Actor, Journal
from console.services.kpi_records import KpiPosition, KpiReport
from console.services.reports.alarm_kpi import KpiQuestion, alarm_kpi
from console.services.reports.kpi_ahead import read_ahead
from console.services.reports.kpi_export import ENDINGS, Heading, whose, write_report
from console.services.reports.kpi_memory import KpiMemory
from console.services.reports.kpi_rates import DAY_US
from console.services.reports.kpi_read import described, read_areas, read_columns
from console.services.reports.proof import file_sha256
from console.services.station import AlarmAreasQuery, AlarmKpiQuery, AlarmPositionsQuery, Receipt
from console.services.storage.ports import Reader

LONGEST_US = 400 * DAY_US
MOST_POSITIONS = 100


@dataclass(frozen=True, slots=True)
class KpiSource:
    """Where the figures come from. `changed_settings` counts live settings that differ from the master record, None
    while nobody knows; `fonts` is the folder of the program's fonts. `flood` and `shifts_s` (seconds after midnight at
    the site) are the site's, as they are now; `positions` are its operator positions."""

    reader: Reader
    watch: WatchSpans
    zone: tzinfo
    site_name: str
    station_name: str
    fonts: Path
    now_us: Callable[[], int]
    changed_settings: Callable[[], int | None] = lambda: None
    flood: Callable[[], FloodRules] = FloodRules
    shifts_s: Callable[[], tuple[int, ...]] = tuple
    positions: tuple[KpiPosition, ...] = ()


class KpiDesk:
    """Lives in the main thread."""

    def __init__(self, journal: Journal, source: KpiSource) -> None:
        self._journal = journal
        self._source = source
        self._memory = KpiMemory()

    def answers(self) -> dict[type, Callable[[Any], Awaitable[Any]]]:
        return {AlarmKpiQuery: self.report, AlarmAreasQuery: self.areas, AlarmPositionsQuery: self.positions}

    def acts(self) -> Mapping[type[Command], Act]:
        return {ExportAlarmKpi: Act(self._export, is_long=True)}

    async def report(self, query: AlarmKpiQuery) -> KpiReport:
        """Cancel the await to give the question up, even while it is read. Raises Refused."""
        source = self._source
        query = replace(query, to_us=min(query.to_us, source.now_us()))
        if query.since_shift:  # a site without shifts has what was asked for
            query = replace(query, from_us=shift_start_us(query.to_us, source.shifts_s(), source.zone) or query.from_us)
        if not 0 < query.from_us < query.to_us:
            raise Refused("This period has no time in it.")
        if query.to_us - query.from_us > LONGEST_US:
            raise Refused("A period may be 400 days long at most.")
        position = position_of(query, source.positions)
        query = replace(query, areas=_areas_of(query, position))
        asked = KpiQuestion(
            query.from_us,
            query.to_us,
            source.zone,
            1 if position else query.positions or max(1, len(source.positions)),
            query.skips_empty,
            changed_settings=None if query.areas else source.changed_settings(),  # settings are those of the site
            flood=source.flood(),
            position=position,
        )
        present = source.watch.present()
        return await look(source.reader, query, asked, present, self._memory)

    async def areas(self, _query: AlarmAreasQuery) -> tuple[str, ...]:
        return await self._source.reader.read(read_areas)

    async def positions(self, _query: AlarmPositionsQuery) -> tuple[KpiPosition, ...]:
        return self._source.positions

    async def _export(self, command: ExportAlarmKpi, actor: Actor) -> Receipt:
        """The whole file or none, and a fact about it."""
        file, source = checked_path(command.file, ENDINGS), self._source
        if not file.is_absolute():
            raise Refused("{file} is not written: {why}.", file=command.file, why="it is no absolute path")
        if file.exists():
            raise Refused("{file} is there already; nothing was overwritten.", file=str(file))
        report = await self.report(
            AlarmKpiQuery(
                command.from_us,
                command.to_us,
                command.positions,
                command.skips_empty,
                command.areas,
                position=command.position,
            )
        )
        heading = Heading(
            source.site_name, source.station_name, actor.name or actor.user_id, source.now_us(), source.zone
        )
        heading = replace(heading, areas=command.areas, skips_empty=command.skips_empty)
        try:
            rows = await asyncio.to_thread(write_report, file, report, heading, source.fonts)
            digest = await asyncio.to_thread(file_sha256, file)
        except FileExistsError as error:
            raise Refused("{file} is there already; nothing was overwritten.", file=str(file)) from error
        except OSError as error:
            why = error.strerror or str(error)
            raise Refused("{file} is not written: {why}.", file=str(file), why=why) from error
        fact = JournalExported(f"alarm_kpi_{file.suffix.casefold()[1:]}", file.name, rows, digest)
        return receipt(await self._journal.append([fact], actor), str(file), whose(report))


def position_of(query: AlarmKpiQuery, positions: tuple[KpiPosition, ...]) -> KpiPosition | None:
    """Whose figures are asked for; None: the site's. Raises Refused."""
    if not query.position:
        if not 0 <= query.positions <= MOST_POSITIONS:
            raise Refused("There are 1 to {n} operator positions.", n=MOST_POSITIONS)
        return None
    found = next((one for one in positions if one.position_id == query.position), None)
    if found is None:
        known = ", ".join(one.position_id for one in positions) or "-"
        raise Refused(
            "The site has no operator position {position}. It has: {known}.", position=query.position, known=known
        )
    if query.positions not in (0, 1):
        raise Refused("The figures of one operator position are not divided among several.")
    return found


def _areas_of(query: AlarmKpiQuery, position: KpiPosition | None) -> tuple[str, ...]:
    """Areas that are looked at, empty for all. Raises Refused: none of those wanted belongs to the position."""
    if position is None or not position.areas:
        return query.areas
    found = tuple(area for area in position.areas if not query.areas or area in query.areas)
    if not found:
        wanted = ", ".join(query.areas)
        raise Refused("{areas} does not belong to {position}.", areas=wanted, position=position.name)
    return found


async def look(
    reader: Reader, query: AlarmKpiQuery, asked: KpiQuestion, present: list[tuple[int, int]], memory: KpiMemory
) -> KpiReport:
    """What one look at the page costs, beside the main thread."""
    await read_ahead(reader, asked.from_us, asked.to_us, memory)
    return await reader.read(lambda connection: answer(connection, query, asked, present, memory))


def answer(
    connection: Connection,
    query: AlarmKpiQuery,
    asked: KpiQuestion,
    present: list[tuple[int, int]],
    memory: KpiMemory | None = None,
) -> KpiReport:
    """Read and compute on one connection; `present` is the span of a station that runs."""
    watched = [*read_spans(connection, asked.from_us, asked.to_us), *present]
    columns = read_columns(connection, asked.from_us, asked.to_us, query.areas, memory)
    return described(connection, alarm_kpi(columns, watched, asked))
