"""The list in sight as a file: every row that the filter leaves, in its order, with full times and who acknowledged."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from console.domain.file_names import path_fault
from console.models.alarm_texts import STATE_WORDS
from console.models.text_rank import one_line
from console.services.reports.row_writers import XlsxWriter
from console.ui.acknowledging import Say
from console.ui.errands import Errands
from console.ui.export import write_csv_in_turns
from console.ui.format import local, whole_text
from console.ui.translation import mark, tr
from console.views.alarms.lists import AlarmLists

_TURN = 250  # rows written before everything else has its turn
MORE = (mark("Priority"), mark("State"), mark("Began, site time"), mark("Acknowledged by"), mark("Path"))


def headers(lists: AlarmLists) -> list[str]:
    """The shown columns, then what a file needs beside them."""
    return [*(text or tr("Symbol") for text in lists.shown[1].headers()[_skips(lists) :]), *map(tr, MORE)]


def rows(lists: AlarmLists, chosen: Sequence[int]) -> Iterator[list[str]]:
    """The texts of these rows (not positions): nothing that arrives while it is written moves one."""
    table, view = lists.shown
    columns = [table.COLUMNS[column].key for column in view.visible_columns()][_skips(lists) :]
    for row in chosen:
        yield [one_line(cell) for cell in (*(table.cell(row, key) for key in columns), *_more(lists, row))]


def all_rows(lists: AlarmLists) -> list[int]:
    """Every alarm of the list through its filter, also those in folded groups; heads of groups are none."""
    table = lists.shown[0]
    if table is lists.table:
        return [int(row) for row in lists.table.every_row()]
    return [int(row) for row in table.shown_rows]


def _skips(lists: AlarmLists) -> int:
    """The symbol is a picture: its priority and state have columns of their own."""
    visible = lists.shown[1].visible_columns()
    return 1 if visible[:1] == [0] else 0


def _more(lists: AlarmLists, row: int) -> tuple[str, ...]:
    alarms = lists.table.alarms
    condition = alarms.condition(row)
    start = int(alarms["start_us"][row])
    return (
        str(int(alarms["priority"][row])),
        tr(STATE_WORDS[int(alarms["state"][row])]),
        local(start).isoformat(" ", "milliseconds") if start else "",
        alarms.acked_by.get(row, ""),
        condition.subject if condition is not None else "",
    )


def export_alarms(lists: AlarmLists, say: Say, errands: Errands) -> QFileDialog:
    """Ask for a file and write it in turns, so that the list goes on meanwhile; `say` tells how it went."""
    view = lists.shown[1]
    title = tr("Export the list as CSV or XLSX")
    dialog = QFileDialog(view, title, f"{view.table_id}.csv", "CSV (*.csv);;XLSX (*.xlsx)")
    dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix("xlsx" if "xlsx" in kind else "csv"))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("csv")
    dialog.setModal(False)
    dialog.fileSelected.connect(lambda name: errands.run(write(lists, name, say)))
    dialog.finished.connect(dialog.deleteLater)
    dialog.finished.connect(lambda _result: view.window().activateWindow())
    dialog.show()
    dialog.activateWindow()
    return dialog


async def _write_xlsx(path: Path, heading: Sequence[str], lines: Iterable[Sequence[str]]) -> int:
    """As the CSV, in turns and whole or not at all; cells are texts, never formulas."""
    part = path.with_name(path.name + ".part")
    writer, waiting, count = XlsxWriter(part, tr("Alarms")), iter(lines), 0
    try:
        writer.begin("Leitstand", heading, ())
        while some := list(islice(waiting, _TURN)):
            for line in some:
                writer.row(line)
            count += len(some)
            await asyncio.sleep(0)
        writer.end(())
        part.replace(path)
    except BaseException:
        with suppress(Exception):
            writer.drop()
        raise
    finally:
        part.unlink(missing_ok=True)
    return count


async def write(lists: AlarmLists, name: str, say: Say) -> None:
    fault = path_fault(name)
    if fault:
        say(tr("Not exported: {why}", why=tr(fault)))
        return
    try:
        writing = _write_xlsx if Path(name).suffix.lower() == ".xlsx" else write_csv_in_turns
        count = await writing(Path(name), headers(lists), rows(lists, all_rows(lists)))
    except OSError as error:
        say(tr("Not exported: {why}", why=error.strerror or str(error)))
    else:
        say(tr("{n} rows exported to {file}", n=whole_text(count), file=Path(name).name))
