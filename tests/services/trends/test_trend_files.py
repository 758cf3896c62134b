"""Values of a trend in a file: every sample once, in the site's time and in UTC, whole or not at all."""

import asyncio
import csv
import zipfile
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from console.domain.history.export_commands import ExportTrend
from console.domain.quality import Quality
from console.domain.refusal import Refused
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.services.history_records import RawColumns
from console.services.records import TrendColumns
from console.services.trends import trend_files
from console.services.trends.trend_files import TrendFiles, Values
from console.services.trends.value_files import CsvValues, XlsxValues

S = 1_000_000
BERLIN = ZoneInfo("Europe/Berlin")
AUTUMN = round(datetime(2026, 10, 25, 1, 59, 58, tzinfo=BERLIN).timestamp()) * S  # the hour after it comes twice
TAG, TEXT = UUID(int=7), UUID(int=8)
TAGS = {
    TAG: Tag(0, TAG, UUID(int=1), TagSource("plant", "P", "N", "", "=oil"), ValueType.DOUBLE, "bar"),
    TEXT: Tag(1, TEXT, UUID(int=1), TagSource("plant", "P", "N", "", "mode"), ValueType.STRING),
}


class History:
    """Holds samples; answers at most `limit` of them, the last stamp perhaps in part, as the real one does."""

    def __init__(self, rows):
        self.rows = rows
        self.asked = 0
        self.wait = None

    async def raw(self, tag_id, from_us, to_us, limit):
        self.asked += 1
        if self.wait is not None:
            await self.wait.wait()
        rows = [row for row in self.rows if from_us <= row[0] < to_us]
        part = rows[:limit]
        texts = dict.fromkeys(range(len(part)), "auto") if tag_id == TEXT else {}
        return RawColumns(
            tag_id,
            np.array([row[0] for row in part], np.int64),
            np.array([row[1] for row in part], float),
            np.array([row[2] for row in part], np.uint8),
            len(part) == len(rows),
            {},
            texts,
        )

    async def buckets(self, tag_id, from_us, to_us, count):
        at = np.array([from_us], np.int64)
        return TrendColumns(tag_id, at, np.array([-1.5]), np.array([2.0]), np.array([1.0]), np.array([False]), False)


def files_of(history):
    return TrendFiles(Values(TAGS.get, history.raw, history.buckets), BERLIN)


def written(history, path, tags=(TAG,), to_us=AUTUMN + 10_000 * S, buckets=0):
    return asyncio.run(files_of(history).write(ExportTrend(str(path), tags, AUTUMN, to_us, buckets)))


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sheets_of(path):
    """The XML of each sheet, in their order."""
    with zipfile.ZipFile(path) as book:
        names = sorted(name for name in book.namelist() if name.startswith("xl/worksheets/sheet"))
        return [book.read(name).decode() for name in names]


def samples(n, step=S):
    return [(AUTUMN + k * step, k - 2.5, Quality.GOOD) for k in range(n)]


def test_every_sample_stands_in_the_file_once_with_site_time_and_utc(tmp_path):
    history = History([*samples(4), (AUTUMN + 3602 * S, float("nan"), Quality.STALE)])
    name, count, digest = written(history, tmp_path / "t.csv")
    rows = rows_of(tmp_path / "t.csv")
    assert (name, count, len(rows), len(digest)) == ("t.csv", 5, 5, 64)
    assert rows[0]["site time"] == "2026-10-25T01:59:58.000000+02:00"
    assert rows[0]["time UTC"] == "2026-10-24T23:59:58.000000Z"
    assert (rows[0]["value"], rows[0]["unit"], rows[0]["quality"]) == ("-2.5", "bar", "good")
    assert rows[2]["site time"] == "2026-10-25T02:00:00.000000+02:00"
    assert rows[4]["site time"] == "2026-10-25T02:00:00.000000+01:00"
    assert (rows[4]["value"], rows[4]["quality"]) == ("", "stale")


@pytest.mark.parametrize("page", [1, 2, 3, 7])
def test_pages_neither_lose_nor_double_a_sample_also_where_stamps_are_equal(tmp_path, monkeypatch, page):
    monkeypatch.setattr(trend_files, "PAGE", page)
    same = [(AUTUMN + (k // 2) * S, float(k), Quality.GOOD) for k in range(9)] if page > 1 else samples(9)
    written(History(same), tmp_path / "t.csv")
    assert [float(row["value"]) for row in rows_of(tmp_path / "t.csv")] == [row[1] for row in same]


def test_names_and_texts_are_never_run_as_formulas_and_numbers_stay_numbers(tmp_path):
    written(History(samples(2)), tmp_path / "t.csv", (TAG, TEXT))
    rows = rows_of(tmp_path / "t.csv")
    assert rows[2]["text"] == "auto"
    assert all(not row["tag"].startswith("=") for row in rows)
    written(History(samples(2)), tmp_path / "t.xlsx", (TAG, TEXT))
    (sheet, *_about) = sheets_of(tmp_path / "t.xlsx")
    assert '<c r="D2"><v>-2.5</v></c>' in sheet
    assert 'r="D4"' not in sheet
    assert "<f>" not in sheet


def test_buckets_are_written_as_lowest_highest_and_last(tmp_path):
    written(History([]), tmp_path / "t.csv", buckets=100)
    (row,) = rows_of(tmp_path / "t.csv")
    assert (row["lowest"], row["highest"], row["last"], row["quality"]) == ("-1.5", "2.0", "1.0", "not all good")


def test_a_sheet_that_is_full_is_followed_by_another(tmp_path, monkeypatch):
    monkeypatch.setattr("console.services.trends.value_files.SHEET_ROWS", 3)
    written(History(samples(7)), tmp_path / "t.xlsx")
    assert [sheet.count("<row ") for sheet in sheets_of(tmp_path / "t.xlsx")][:3] == [4, 4, 2]


def test_a_file_that_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "t.csv").write_text("mine")
    with pytest.raises(Refused, match="there already"):
        written(History(samples(2)), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["t.csv"]


def test_a_cancelled_export_leaves_nothing_behind(tmp_path):
    async def story():
        history = History(samples(3))
        files = files_of(history)
        history.wait = asyncio.Event()
        task = asyncio.ensure_future(files.write(ExportTrend(str(tmp_path / "t.csv"), (TAG,), AUTUMN, AUTUMN + S)))
        while not history.asked:
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)
        assert files.record.value.is_running
        with pytest.raises(Refused, match="Another export"):
            await files.write(ExportTrend(str(tmp_path / "u.csv"), (TAG,), AUTUMN, AUTUMN + S))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not files.record.value.is_running
        assert list(tmp_path.iterdir()) == []

    asyncio.run(story())


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (ExportTrend("t.csv", (TAG,), AUTUMN, AUTUMN + S), "no absolute path"),
        (ExportTrend("/tmp/t.txt", (TAG,), AUTUMN, AUTUMN + S), "must end with"),
        (ExportTrend("/tmp/t.csv", (), AUTUMN, AUTUMN + S), "Name 1 to 32"),
        (ExportTrend("/tmp/t.csv", (TAG,), AUTUMN, AUTUMN), "span of time"),
        (ExportTrend("/tmp/t.csv", (UUID(int=99),), AUTUMN, AUTUMN + S), "not known"),
    ],
)
def test_what_makes_no_sense_is_refused(command, why):
    with pytest.raises(Refused, match=why):
        asyncio.run(files_of(History([])).write(command))


@pytest.mark.parametrize("kind", [CsvValues, XlsxValues])
def test_a_writer_does_not_open_what_is_there(tmp_path, kind):
    (tmp_path / "t.x").write_text("mine")
    with pytest.raises(FileExistsError):
        kind(tmp_path / "t.x", ("a",))
