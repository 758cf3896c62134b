"""What leaves the program cannot run in a spreadsheet and comes back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.ui.export import csv_text, escape_formula, tabbed_text, write_csv
from tests.support.hostile import FORMULAS

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|'/C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "  =1", "|x", "%1"])
def test_formulas_become_text(cell):
    assert escape_formula(cell) == f"'{cell}"


@pytest.mark.proves("SEC-60")
@pytest.mark.parametrize("cell", FORMULAS)
def test_no_formula_of_the_corpus_survives_in_an_exported_table(cell):
    rows = list(csv.reader(io.StringIO(csv_text(["a"], [[cell]]), newline="")))
    assert rows[1][0].startswith("'")


@pytest.mark.parametrize("cell", ["-12.5", "+3", "1e5", "-1,5", "pump", ""])
def test_numbers_and_words_stay(cell):
    assert escape_formula(cell) == cell


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=5))
def test_csv_can_be_read_back_cell_by_cell(rows):
    read = list(csv.reader(io.StringIO(csv_text(["a", "b"], rows), newline="")))
    assert read[1:] == [[escape_formula(cell) for cell in row] for row in rows]


@given(TEXT)
def test_no_cell_starts_a_formula(cell):
    shown = escape_formula(cell)
    try:
        float(shown.replace(",", "."))
    except ValueError:
        assert not shown.lstrip().startswith(("=", "+", "-", "@"))


def test_a_failed_export_leaves_the_old_file(tmp_path):
    path = tmp_path / "alarms.csv"
    write_csv(path, ["a"], [["1"]])

    def rows():
        yield ["2"]
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_csv(path, ["a"], rows())
    assert path.read_text(encoding="utf-8-sig").split() == ['"a"', '"1"']
    assert [entry.name for entry in tmp_path.iterdir()] == ["alarms.csv"]


def test_copied_text_has_one_line_per_row():
    assert tabbed_text(["a", "b"], [["x\ny", "=1"]]) == "a\tb\nx y\t'=1"
