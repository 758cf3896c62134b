"""The file of a trend's values: asked for in pages, written beside the window, with progress; whole or not at all."""

import asyncio
import hashlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from console.domain.file_names import checked_path
from console.domain.history.export_commands import ExportTrend
from console.domain.history.pen_groups import MOST_PENS
from console.domain.quality import Quality
from console.domain.refusal import Refused
from console.domain.tags import Tag
from console.services.history_records import RawColumns
from console.services.publications import Latest
from console.services.records import ExportRecord, TrendColumns
from console.services.trends.value_files import ENDINGS, Cell, ValueFile, open_values

PAGE = 50_000  # samples that are asked for at once
MOST_BUCKETS = 100_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RAW_HEADERS = ("tag", "site time", "time UTC", "value", "unit", "quality", "text")
_BUCKET_HEADERS = ("tag", "site time", "time UTC", "lowest", "highest", "last", "unit", "quality")
Row = tuple[Cell, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Values:
    """Where values come from. `raw`: samples of [from, to), at most so many; `buckets`: lowest, highest and last."""

    tag: Callable[[UUID], Tag | None]
    raw: Callable[[UUID, int, int, int], Awaitable[RawColumns]]
    buckets: Callable[[UUID, int, int, int], Awaitable[TrendColumns]]


class TrendFiles:
    """Lives in the main thread; one file at a time. `record` tells how far it is, in thousandths of the time asked
    for. Cancel by cancelling the asking task: nothing is left behind."""

    def __init__(self, values: Values, zone: tzinfo) -> None:
        self._values = values
        self._zone = zone
        self.record: Latest[ExportRecord] = Latest(ExportRecord())

    async def write(self, command: ExportTrend) -> tuple[str, int, str]:
        """Name, rows and SHA-256 of the file. Raises Refused with the reason."""
        path, tags = self._checked(command)
        headers = _BUCKET_HEADERS if command.buckets else _RAW_HEADERS
        part = path.with_suffix(f".part{path.suffix}")  # the ending tells the form
        self.record.set(ExportRecord(path.name, 0, 1000, True))
        try:
            if path.exists():
                raise FileExistsError(path)
            rows = await self._in(part, headers, tags, command)
            digest = await _beside(lambda: _finished(part, path))
        except FileExistsError as error:
            raise Refused("{file} is there already; nothing was overwritten.", file=str(path)) from error
        except OSError as error:
            why = error.strerror or str(error)
            raise Refused("{file} is not written: {why}.", file=str(path), why=why) from error
        finally:
            part.unlink(missing_ok=True)
            done = self.record.value
            self.record.set(ExportRecord(done.file, done.done, done.total, False))
        return path.name, rows, digest

    def _checked(self, command: ExportTrend) -> tuple[Path, list[Tag]]:
        if self.record.value.is_running:
            raise Refused("Another export is running; wait for it or cancel it")
        path = checked_path(command.file, ENDINGS)
        if not path.is_absolute():
            raise Refused("{file} is not written: {why}.", file=command.file, why="it is no absolute path")
        if not 0 < len(command.tag_ids) <= MOST_PENS:
            raise Refused("Name 1 to {limit} tags", limit=MOST_PENS)
        if not command.from_us < command.to_us or not 0 <= command.buckets <= MOST_BUCKETS:
            raise Refused("Name a span of time, and at most {limit} parts of it", limit=MOST_BUCKETS)
        tags = [self._values.tag(one) for one in dict.fromkeys(command.tag_ids)]
        if None in tags:
            raise Refused("A tag of this trend is not known here")
        return path, [tag for tag in tags if tag is not None]

    async def _in(self, part: Path, headers: Sequence[str], tags: list[Tag], command: ExportTrend) -> int:
        """How many rows were written into `part`."""
        file = await _beside(lambda: _opened(part, headers))
        count = 0
        try:
            for at, tag in enumerate(tags):
                async for rows, share in self._pages(tag, command):
                    count += await _beside(lambda rows=rows: _write(file, rows))  # type: ignore[misc]
                    done = round((at + share) / len(tags) * 1000)
                    self.record.set(ExportRecord(self.record.value.file, done, 1000, True))
            about = self._about(tags, command, count)
            await _beside(lambda: file.end(about))
        except BaseException:
            await asyncio.shield(asyncio.to_thread(file.drop))
            raise
        return count

    async def _pages(self, tag: Tag, command: ExportTrend) -> AsyncIterator[tuple[Iterator[Row], float]]:
        """Rows, and how much of the tag's time is done with them."""
        if command.buckets:
            columns = await self._values.buckets(tag.tag_id, command.from_us, command.to_us, command.buckets)
            yield self._bucket_rows(tag, columns), 1.0
            return
        from_us = command.from_us
        while from_us < command.to_us:
            raw = await self._values.raw(tag.tag_id, from_us, command.to_us, PAGE)
            whole = raw.is_whole or not raw.time_us.size
            keep = int(raw.time_us.size)
            if not whole:  # samples of the last stamp may go on behind the limit
                last = int(raw.time_us[-1])
                keep = int((raw.time_us < last).sum()) or keep
                from_us = last if keep < raw.time_us.size else last + 1
            share = 1.0 if whole else (from_us - command.from_us) / (command.to_us - command.from_us)
            yield self._raw_rows(tag, raw, keep), share
            if whole:
                return

    def _raw_rows(self, tag: Tag, raw: RawColumns, keep: int) -> Iterator[Row]:
        name, named = tag.source.path(), dict(tag.enum)
        times, values, qualities = raw.time_us.tolist(), raw.value.tolist(), raw.quality.tolist()
        for row in range(keep):
            value = values[row]
            text = raw.texts.get(row, "") or (named.get(int(value), "") if named and math.isfinite(value) else "")
            number: Cell = raw.exact.get(row, value) if math.isfinite(value) and row not in raw.texts else None
            if isinstance(number, int) and abs(number) > 1 << 53:
                number, text = None, text or str(number)  # a spreadsheet would round it
            yield (name, *self._times(times[row]), number, tag.unit, _word(qualities[row]), text)

    def _bucket_rows(self, tag: Tag, columns: TrendColumns) -> Iterator[Row]:
        name = tag.source.path()
        rows = zip(
            columns.time_us.tolist(),
            columns.low.tolist(),
            columns.high.tolist(),
            columns.last.tolist(),
            columns.good.tolist(),
            strict=True,
        )
        for at, low, high, last, good in rows:
            numbers = [value if math.isfinite(value) else None for value in (low, high, last)]
            yield (name, *self._times(at), *numbers, tag.unit, "good" if good else "not all good")

    def _times(self, at_us: int) -> tuple[str, str]:
        """With the offset of the site's clock, and in UTC: an hour that its clocks show twice stays two."""
        moment = _EPOCH + timedelta(microseconds=at_us)
        utc = moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return moment.astimezone(self._zone).isoformat(timespec="microseconds"), utc

    def _about(self, tags: list[Tag], command: ExportTrend, rows: int) -> list[str]:
        kind = f"{command.buckets} parts" if command.buckets else "every sample that is kept"
        begin, end = self._times(command.from_us)[0], self._times(command.to_us)[0]
        return [f"{begin} to {end}", kind, f"{rows} rows", *(tag.source.path() for tag in tags)]


async def _beside(work: Callable[[], T]) -> T:
    """In a thread, one piece after the other; when whoever asked stops waiting, the piece that runs ends first."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        running.exception()
        raise


def _write(file: ValueFile, rows: Iterator[Row]) -> int:
    count = 0

    def counted() -> Iterator[Row]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    file.rows(counted())
    return count


def _opened(part: Path, headers: Sequence[str]) -> ValueFile:
    part.unlink(missing_ok=True)  # of a program that was ended in the middle
    return open_values(part, headers)


def _finished(part: Path, path: Path) -> str:
    digest = hashlib.sha256(part.read_bytes()).hexdigest()
    if path.exists():
        raise FileExistsError(path)
    part.replace(path)
    return digest


def _word(quality: int) -> str:
    return Quality(quality).name.casefold() if quality in set(Quality) else "unknown"
