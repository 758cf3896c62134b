"""A program that is only a horn: reads lines, writes what the device says. Run as a child.

`priority request [pattern [first]]` is a snapshot, `test names` plays these once, `volume n` sets it, `burst n` brings
so many critical alarms, each with a request of its own, `quit` ends.
"""

import sys
import threading

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from console.app.frame.horn import Horn
from console.services.records import HornSnapshot, HornState


class Lines(QObject):
    came = Signal(str)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    app = QApplication([])
    horn = Horn()
    horn.failed.connect(lambda text: say(f"failed {text}"))
    horn.recovered.connect(lambda: say("recovered"))
    horn.tested.connect(lambda text: say(f"tested {text} rounds {horn.rounds}"))
    lines = Lines()

    def obey(line: str) -> None:
        if line == "quit":
            horn.close()
            QCoreApplication.quit()
            return
        first, *rest = line.split()
        if first == "test":
            say(f"testing {horn.test(rest)}")
        elif first == "volume":
            horn.set_volume(int(rest[0]), 20)
        elif first == "burst":
            for request in range(int(rest[0])):
                show(1, 1000 + request)
            say("burst told")
        else:
            show(int(first), *map(int, rest[:1]), *rest[1:])
            say(f"told {first} playing {horn.playing}")

    def show(priority: int, request: int, pattern: str = "", heard_first: str = "") -> None:
        state = HornState.SOUNDING if priority else HornState.SILENCED
        horn.show(HornSnapshot(state, priority, request, "", pattern, first=heard_first))

    lines.came.connect(obey, Qt.ConnectionType.QueuedConnection)
    threading.Thread(target=lambda: [lines.came.emit(line.strip()) for line in sys.stdin], daemon=True).start()
    horn.open_device()
    say("open")
    return int(app.exec())


if __name__ == "__main__":
    raise SystemExit(main())
