"""The simulated plant as its own process: `python -m console.app.demo.simulator DIR`; it ends with the demo."""

import json
import signal
import socket
import sys
import time
from pathlib import Path

from console.app.demo.edge_link import PlantLinks
from console.app.demo.plant_model import load_plant
from console.app.demo.simulation import Simulation

_TICK_S = 0.1
_REPORT_S = 1.0


def now_us() -> int:
    return time.time_ns() // 1000


class ControlLine:
    """The line to the demo: JSON lines both ways. Its end is the end of the plant."""

    def __init__(self, port: int, token: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._rest = b""
        self.send({"token": token, "do": "plant"})

    def send(self, table: dict[str, object]) -> None:
        self.socket.sendall(json.dumps(table).encode() + b"\n")

    def read(self) -> list[dict[str, object]] | None:
        """Commands that have arrived, None when the demo has gone."""
        try:
            got = self.socket.recv(65_536)
        except OSError:
            return None
        if not got:
            return None
        *lines, self._rest = (self._rest + got).split(b"\n")
        return [json.loads(line) for line in lines if line]


def run(folder: Path, plant_file: Path) -> None:
    """Live until the control line ends. `folder` is the demo's, with its `demo.json`."""
    settings = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    simulation = Simulation(load_plant(plant_file), now_us())
    links = PlantLinks(simulation, settings["broker_port"], now_us)
    control = ControlLine(settings["control_port"], settings["token"])
    next_tick_s = time.monotonic()
    next_report_s = next_tick_s
    try:
        while True:
            if links.turn(next_tick_s - time.monotonic(), control.socket):
                commands = control.read()
                if commands is None:
                    return
                for command in commands:
                    for action in simulation.set_fault(str(command["fault"]), bool(command["on"]), now_us()):
                        links.do(action)
            now_s = time.monotonic()
            if now_s >= next_tick_s:
                next_tick_s = max(next_tick_s + _TICK_S, now_s)
                for publish in simulation.tick(now_us()):
                    links.do(publish)
            if now_s >= next_report_s:
                next_report_s = now_s + _REPORT_S
                faults = sorted(simulation.active)
                control.send({"live": links.live, "total": links.total, "sent": links.sent, "faults": faults})
    except OSError:
        return  # the demo went while we reported
    finally:
        links.close()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the demo's; the plant ends with its control line
    folder = Path(sys.argv[1])
    run(folder, Path(sys.argv[2]))


if __name__ == "__main__":
    main()
