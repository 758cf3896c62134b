"""Logs: JSON lines in a rotated file and short lines on stderr; control characters escaped, secrets never logged."""

import json
import logging
import logging.handlers
import sys
from datetime import UTC, datetime
from pathlib import Path


class JsonLines(logging.Formatter):
    """One JSON object a line; hostile text cannot start a new line or move the cursor."""

    def format(self, record: logging.LogRecord) -> str:
        row = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "where": record.name,
            "thread": record.threadName,
            "text": record.getMessage(),
        }
        if record.exc_info:
            row["traceback"] = self.formatException(record.exc_info)
        return json.dumps(row, ensure_ascii=True)


class PlainLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return "".join(c if c == "\n" or c.isprintable() else repr(c)[1:-1] for c in text)


def set_up_logs(data: Path | None, *, to_stderr: bool = True) -> None:
    """Log to `data/logs/leitstand.log` (5 files of 5 MB) and, warnings only, to stderr. Replaces earlier handlers."""
    root = logging.getLogger()
    for handler in tuple(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(logging.INFO)
    if data is not None:
        folder = data / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        file = logging.handlers.RotatingFileHandler(
            folder / "leitstand.log", maxBytes=5_000_000, backupCount=5, encoding="utf-8", delay=True
        )
        file.setFormatter(JsonLines())
        root.addHandler(file)
    if to_stderr:
        screen = logging.StreamHandler(sys.stderr)
        screen.setLevel(logging.WARNING)
        screen.setFormatter(PlainLines("%(levelname)s %(name)s: %(message)s"))
        root.addHandler(screen)
