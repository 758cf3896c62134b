"""`leitstand restore FILE`: brings a backup back; what is there is set aside; the next start opens a new stream."""

import argparse
import sys
import time
from pathlib import Path

from console.app.exit_codes import Exit
from console.app.folders import resolve
from console.domain.refusal import Refused
from console.services.storage.backup_file import BadBackup
from console.services.storage.ownership import DataFolderInUse
from console.services.storage.restore import restore

_HISTORY = {
    "backup": "the history came from the backup",
    "copy": "the history came from the daily copy beside the backup",
    "": "the backup has no history: history.db is as it was",
}


def command(options: argparse.Namespace) -> int:
    folders = resolve(options.config, options.data)
    file = Path(options.file).expanduser().resolve()
    try:
        restored = restore(file, folders.data, folders.config, time.time_ns() // 1000, force=options.force)
    except DataFolderInUse:
        print(f"{folders.data} is in use: end the station first", file=sys.stderr)
        return Exit.WORLD
    except (FileNotFoundError, IsADirectoryError) as error:
        print(error, file=sys.stderr)
        return Exit.BAD_INPUT
    except BadBackup as error:
        print(error, file=sys.stderr)
        return Exit.VERIFICATION_FAILED
    except Refused as refusal:
        print(f"refused: {refusal}", file=sys.stderr)
        return Exit.REFUSED
    manifest = restored.manifest
    print(f"{file.name}: station {manifest.code}, {manifest.events} events, is back in {folders.data}")
    if restored.set_aside is not None:
        print(f"what was there is kept in {restored.set_aside}")
    print("station.toml and site/ came from the backup" if restored.with_settings else "station.toml and site/ stay")
    print(_HISTORY[restored.history])
    return Exit.DONE
