"""A program that is only a horn: reads `priority request` lines, writes what the device says. Run as a child."""

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
    lines = Lines()

    def obey(line: str) -> None:
        if line == "quit":
            horn.close()
            QCoreApplication.quit()
            return
        priority, request = map(int, line.split())
        horn.show(HornSnapshot(HornState.SOUNDING if priority else HornState.SILENCED, priority, request))
        say(f"told {priority} playing {horn.playing}")

    lines.came.connect(obey, Qt.ConnectionType.QueuedConnection)
    threading.Thread(target=lambda: [lines.came.emit(line.strip()) for line in sys.stdin], daemon=True).start()
    horn.open_device()
    say("open")
    return int(app.exec())


if __name__ == "__main__":
    raise SystemExit(main())
