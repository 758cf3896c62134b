"""Keeps the tree in ARCHITECTURE.md true: made from the first line of every package and module.

`python -m tests.support.architecture_tree` writes it; a test compares.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "ARCHITECTURE.md"
BEGIN, END = "<!-- tree: begin -->", "<!-- tree: end -->"
_WIDTH = 118
_LEFT_OUT = ("__init__.py", "sparkplug_b_pb2.py")


def first_line(path: Path) -> str:
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return doc.split("\n", 1)[0]


def tree() -> str:
    """A line for each package and below it one for each module."""
    lines = ["```"]
    packages = sorted(path.parent for path in (ROOT / "console").rglob("__init__.py"))
    for package in packages:
        name = package.relative_to(ROOT).as_posix()
        lines.append(_cut(f"{name}/  {first_line(package / '__init__.py')}"))
        modules = [module for module in sorted(package.glob("*.py")) if module.name not in _LEFT_OUT]
        lines += [_cut(f"    {module.stem:24} {first_line(module)}") for module in modules]
    return "\n".join([*lines, "```"])


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else line[: _WIDTH - 3].rstrip() + "..."


def shown() -> str:
    """The tree as the page has it."""
    return PAGE.read_text(encoding="utf-8").split(BEGIN, 1)[1].split(END, 1)[0].strip()


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN, 1)
    PAGE.write_text(head + BEGIN + "\n" + tree() + "\n" + END + rest.split(END, 1)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
