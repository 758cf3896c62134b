"""What is wrong with a configuration file: every error at once, each with its place and its remedy."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """`key` is a path such as `broker[0].port`; text and remedy are English templates, translated when shown."""

    file: str
    key: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.file}: {self.key}: " if self.key else f"{self.file}: "
        return place + self.text + (f" ({self.remedy})" if self.remedy else "")


class BadConfiguration(Exception):
    """A file cannot be used; carries all its problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(slots=True)
class TableReader:
    """Reads typed keys of one TOML table and collects what is wrong instead of stopping at the first."""

    file: str
    table: dict[str, Any]
    prefix: str = ""
    problems: list[Problem] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def problem(self, key: str, text: str, remedy: str = "") -> None:
        self.problems.append(Problem(self.file, f"{self.prefix}{key}", text, remedy))

    def text(self, key: str, default: str | None = None) -> str:
        """A string; `default=None` makes it required."""
        value = self._get(key, str, "a text in quotes", default)
        return value if isinstance(value, str) else ""

    def number(self, key: str, default: float | None = None, *, low: float = float("-inf")) -> float:
        value = self._get(key, (int, float), "a number", default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return 0.0
        if value < low:
            self.problem(key, f"must be at least {low:g}", "raise it")
        return float(value)

    def integer(self, key: str, default: int | None = None, *, low: int = -(2**62), high: int = 2**62) -> int:
        value = self._get(key, int, "a whole number", default)
        if isinstance(value, bool) or not isinstance(value, int):
            return 0
        if not low <= value <= high:
            self.problem(key, f"must lie between {low} and {high}", "correct the number")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        value = self._get(key, bool, "true or false", default)
        return value if isinstance(value, bool) else default

    def choice(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(key, default)
        if value and value not in allowed:
            self.problem(key, f"'{value}' is not known", "one of: " + ", ".join(allowed))
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._get(key, list, "a list of texts", [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            if isinstance(value, list):
                self.problem(key, "must be a list of texts", 'for example ["a", "b"]')
            return ()
        return tuple(value)

    def path(self, key: str, base: Path) -> Path | None:
        """A file path, relative to the folder of the configuration file."""
        value = self.text(key, "")
        return (base / value).resolve() if value else None

    def tables(self, key: str) -> list["TableReader"]:
        """The `[[key]]` tables; their problems are collected here."""
        value = self._get(key, list, f"tables written as [[{key}]]", [])
        rows = value if isinstance(value, list) else []
        good = [(i, row) for i, row in enumerate(rows) if isinstance(row, dict)]
        if len(good) < len(rows):
            self.problem(key, "must be tables", f"write [[{key}]]")
        return [TableReader(self.file, row, f"{self.prefix}{key}[{i}].", self.problems) for i, row in good]

    def section(self, key: str) -> "TableReader":
        value = self._get(key, dict, f"a table written as [{key}]", {})
        return TableReader(self.file, value if isinstance(value, dict) else {}, f"{self.prefix}{key}.", self.problems)

    def unknown_keys(self) -> None:
        """Name what was not asked for: mostly a misspelling."""
        for key in self.table:
            if key not in self._seen:
                self.problem(key, "is not known", "remove it or correct its spelling")

    def _get(self, key: str, kind: type | tuple[type, ...], what: str, default: object) -> object:
        self._seen.add(key)
        if key not in self.table:
            if default is None:
                self.problem(key, "is missing", f"add {key} = {what}")
            return default
        value = self.table[key]
        if not isinstance(value, kind):
            self.problem(key, f"must be {what}", "correct the value")
            return default
        return value


def read_toml(path: Path) -> TableReader:
    """The whole file as a reader. A file that is missing or no TOML gives an empty table and one problem."""
    reader = TableReader(path.name, {})
    try:
        reader.table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        reader.problem("", f"there is no file {path}", "`leitstand init` writes one")
    except OSError as error:
        reader.problem("", f"cannot be read: {error}", "check the rights of the file")
    except UnicodeDecodeError:
        reader.problem("", "is not UTF-8 text", "save it as UTF-8")
    except tomllib.TOMLDecodeError as error:
        reader.problem("", f"is no valid TOML: {error}", "correct the line")
    return reader
