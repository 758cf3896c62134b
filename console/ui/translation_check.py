"""Whether every text a person sees is marked, translated and still used; `python run.py check` calls it.

Reads the code as syntax trees and never imports it. Standard library only, so that it also runs without Qt.
"""

import ast
import string
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MARKERS = frozenset({"tr", "mark", "Refused"})
# Methods of Qt widgets whose literal argument would reach the screen untranslated.
SHOWING = frozenset(
    {
        "setText",
        "setToolTip",
        "setTitle",
        "setWindowTitle",
        "setPlaceholderText",
        "setAccessibleName",
        "setStatusTip",
        "setWhatsThis",
        "addAction",
        "addTab",
        "QLabel",
        "QPushButton",
        "QCheckBox",
        "QRadioButton",
        "QGroupBox",
        "PlainLabel",
        "set_empty_text",
    }
)
PROPER_NAMES = frozenset({"Leitstand"})
WINDOW_ROOMS = ("views", "models", "widgets", "ui", "app")


@dataclass(slots=True)
class Usage:
    """Marked texts with their first place, and strings that look as if they were shown unmarked.

    `literals` are all texts of the code: rooms below `ui` cannot mark theirs (tables of faults, transitions), so a
    translated text counts as used when it stands anywhere.
    """

    marked: dict[str, str] = field(default_factory=dict)
    unmarked: list[str] = field(default_factory=list)
    literals: set[str] = field(default_factory=set)


def collect(package: Path) -> Usage:
    """Walk all modules of the package."""
    usage = Usage()
    for path in sorted(package.rglob("*.py")):
        if path.name.endswith("_pb2.py"):
            continue
        where = path.relative_to(package.parent).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=where)
        shows = any(room in path.relative_to(package).parts[:1] for room in WINDOW_ROOMS)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                usage.literals.add(node.value)
            elif isinstance(node, ast.Call):
                _look(node, where, usage, shows)
    return usage


def _look(call: ast.Call, where: str, usage: Usage, shows: bool) -> None:
    name = _called(call)
    place = f"{where}:{call.lineno}"
    if name in MARKERS and call.args:
        for text in _literals(call.args[0]):
            usage.marked.setdefault(text, place)
    elif name == "tr_n":
        for argument in call.args[:2]:
            for text in _literals(argument):
                usage.marked.setdefault(text, place)
    elif shows and name in SHOWING:
        for argument in call.args:
            usage.unmarked += [f"{place}: {name}({text!r})" for text in _shown_literals(argument)]


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _literals(node: ast.expr) -> Iterator[str]:
    """Text constants an expression can be: a literal, either side of a condition, the values of a table."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value:
            yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Dict):
        for value in node.value.values:
            yield from _literals(value)


def _shown_literals(node: ast.expr) -> Iterator[str]:
    """Literals with a word of two or more letters; format strings count by their constant parts."""
    parts: list[str] = []
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        parts = [node.value]
    elif isinstance(node, ast.JoinedStr):
        parts = [v.value for v in node.values if isinstance(v, ast.Constant) and isinstance(v.value, str)]
    elif isinstance(node, ast.IfExp):
        yield from _shown_literals(node.body)
        yield from _shown_literals(node.orelse)
    for part in parts:
        if part in PROPER_NAMES:
            continue
        if any(
            len(word.strip(string.punctuation)) > 1 and word.strip(string.punctuation).isalpha()
            for word in part.split()
        ):
            yield part


def _places(text: str) -> frozenset[str]:
    try:
        return frozenset(name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name is not None)
    except ValueError:
        return frozenset({"?"})


def check(package: Path, translations: Path, language: str = "de") -> list[str]:
    """All findings as lines, empty when the language is complete."""
    usage = collect(package)
    findings = [f"not marked for translation: {place}" for place in usage.unmarked]
    known: dict[str, tuple[str, str]] = {}
    for path in sorted((translations / language).glob("*.toml")):
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            findings.append(f"{path.name}: cannot be read: {error}")
            continue
        for text, translated in table.items():
            findings += _entry_findings(path.name, text, translated, usage, known)
            known.setdefault(text, (str(translated), path.name))
    findings += [
        f"no {language} for {text!r} ({place})" for text, place in sorted(usage.marked.items()) if text not in known
    ]
    return findings


def _entry_findings(
    file: str, text: str, translated: object, usage: Usage, known: dict[str, tuple[str, str]]
) -> Iterator[str]:
    if not isinstance(translated, str):
        yield f"{file}: {text!r} is not a text"
        return
    if text not in usage.literals:
        yield f"{file}: {text!r} is not used any more"
    if _places(text) != _places(translated):
        yield f"{file}: {text!r} and its translation have different places in braces"
    if text in known and known[text][0] != translated:
        yield f"{file}: {text!r} is translated otherwise in {known[text][1]}"


def main() -> int:
    package = Path(__file__).resolve().parent.parent
    findings = check(package, package.parent / "resources" / "translations")
    for line in findings:
        sys.stdout.write(line + "\n")
    return 1 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
