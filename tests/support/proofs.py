"""Keeps docs/PROOFS.md and docs/ALARMS.md true: `python -m tests.support.proofs` writes both from `proves` marks.

Marks are read from the source, so no test is imported: decorators of functions and classes, and `pytestmark`.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.support.alarm_rows import FEATURES, OPEN, TRAPS
from tests.support.proof_rows import ALL, EXCEPTIONS, INVARIANTS, LATER, PITFALLS, SECURITY, rows

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "PROOFS.md"
ALARM_PAGE = ROOT / "docs" / "ALARMS.md"
_HEAD = """# What is proven, and by which tests

Written by `python -m tests.support.proofs` from the marks of the tests (`@pytest.mark.proves(...)`); a test holds this
page against them. Files below `tests/`.
"""
_TABLES = (
    ("Pitfalls of stations that exchange their journals", PITFALLS),
    ("Invariants", INVARIANTS),
    ("Security", SECURITY),
)


_ALARM_HEAD = """# Alarm management: what it does, and by which tests it is shown

Written by `python -m tests.support.proofs` from the marks of the tests (`@pytest.mark.proves(...)`); a test holds this
page against them. Files below `tests/`. The pictures of the screens are in README.md and docs/pictures.
"""
_ALARM_TABLES = (("Features", FEATURES), ("Traps", TRAPS))
ALARMS = {**rows(FEATURES), **rows(TRAPS)}


def proven() -> dict[str, list[str]]:
    """Number -> the tests that carry it, `folder/test_file.py::test_name`, sorted. Unknown numbers are kept."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, number in _marks(tree):
            found[number].add(f"{path.relative_to(ROOT / 'tests').as_posix()}{name}")
    return {number: sorted(tests) for number, tests in found.items()}


def _marks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(::test, number) of one module; a mark of the whole file names no test."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id  # `pytestmark = ...`, or `test_it = pytest.mark.proves(...)(Machine.TestCase)`
            yield from (("" if name == "pytestmark" else f"::{name}", number) for number in _numbers(node.value))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                yield from ((f"::{node.name}", number) for number in _numbers(decorator))
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    for decorator in inner.decorator_list:
                        yield from ((f"::{node.name}::{inner.name}", number) for number in _numbers(decorator))


def _numbers(node: ast.expr) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "proves":
            numbers = ast.Expression(ast.List(call.args, ast.Load()))  # may be made by a loop over a range
            code = compile(ast.fix_missing_locations(numbers), "proves", "eval")
            yield from eval(code, {"__builtins__": {"range": range, "str": str}})  # our own source


def unproven(found: dict[str, list[str]]) -> list[str]:
    """Rows of this step without a test and without a reason."""
    open_rows = LATER | EXCEPTIONS.keys() | OPEN.keys()
    return [number for number in ALL | ALARMS if number not in found and number not in open_rows]


def page(found: dict[str, list[str]]) -> str:
    return _page(_HEAD, _TABLES, found)


def alarm_page(found: dict[str, list[str]]) -> str:
    return _page(_ALARM_HEAD, _ALARM_TABLES, found)


def _page(head: str, tables: tuple[tuple[str, str], ...], found: dict[str, list[str]]) -> str:
    lines = [head]
    for title, text in tables:
        lines += [f"## {title}", "", "| # | statement | tests |", "|---|---|---|"]
        lines += [f"| {number} | {said} | {_tests(number, found)} |" for number, said in rows(text).items()]
        lines.append("")
    return "\n".join(lines)


def _tests(number: str, found: dict[str, list[str]]) -> str:
    if tests := found.get(number):
        return "<br>".join(f"`{test}`" for test in tests)
    if number in OPEN:
        return OPEN[number]
    if number in LATER:
        return "later: not part of this step"
    return f"**no test**: {EXCEPTIONS[number]}" if number in EXCEPTIONS else "**no test**"


def main() -> int:
    found = proven()
    PAGE.write_text(page(found), encoding="utf-8")
    ALARM_PAGE.write_text(alarm_page(found), encoding="utf-8")
    for number in unproven(found):
        sys.stderr.write(f"no test: {number} {(ALL | ALARMS)[number]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
