"""File names that lead elsewhere are refused before anything is written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.file_names import below, checked_path, name_fault, path_fault
from console.domain.refusal import Refused

TRAPS = (
    "../a.csv",
    "x/../../a.csv",
    "..\\a.csv",
    "C:\\x\\..\\a.csv",
    "\\\\server\\share\\a.csv",
    "//server/share/a.csv",
    "\\\\?\\C:\\a.csv",
    "\\\\.\\pipe\\x",
    "C:a.csv",
    "c:..\\a.csv",
    "a.csv:hidden",
    "a:ads",
    "C:\\a.csv:ads",
    "CON",
    "con.csv",
    "C:\\x\\NUL",
    "nul.csv",
    "aux .csv",
    "COM1.csv",
    "LPT9",
    "com¹.csv",
    "CONIN$",
    "a.csv.",
    "a.csv ",
    "a\x00.csv",
    "a\n.csv",
    "a<b.csv",
    "a|b.csv",
    "a*.csv",
    "a?.csv",
    'a".csv',
    "",
    "   ",
    "folder/",
    "x" * 256,
    "PRN.tar.csv",
)
GOOD = (
    "audit.csv",
    "/home/op/audit 2026-11.csv",
    "C:\\Users\\op\\audit.csv",
    "D:/audit.csv",
    "contact.csv",
    "null.csv",
    "ä.csv",
)


@pytest.mark.proves("SEC-62")
@pytest.mark.parametrize("path", TRAPS)
def test_a_trap_is_refused(path: str) -> None:
    assert path_fault(path)
    with pytest.raises(Refused):
        checked_path(path, (".csv", ""))
    with pytest.raises(Refused):
        below(Path("/srv/exports"), path)


@pytest.mark.proves("SEC-62")
@pytest.mark.parametrize("path", GOOD)
def test_an_ordinary_path_is_taken(path: str) -> None:
    assert path_fault(path) == ""
    assert checked_path(path, (".csv",)) == Path(path)


@pytest.mark.proves("SEC-62")
@pytest.mark.parametrize("path", ["/etc/passwd", "C:\\a.csv", "D:/a.csv"])
def test_a_foreign_name_stays_below_its_folder(path: str) -> None:
    with pytest.raises(Refused):
        below(Path("/srv/exports"), path)


def test_another_ending_is_refused_by_name() -> None:
    with pytest.raises(Refused, match=r"\.csv, \.pdf"):
        checked_path("audit.exe", (".csv", ".pdf"))


@given(st.text(max_size=30))
def test_what_is_taken_lies_below_its_folder(name: str) -> None:
    folder = Path("/srv/exports")
    try:
        found = below(folder, name)
    except Refused:
        return
    assert found.resolve().is_relative_to(folder)
    assert not name_fault(found.name)
