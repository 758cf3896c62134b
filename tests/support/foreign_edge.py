"""A plant of somebody else: an edge node by the public library pysparkplug, run by the interpreter of `.venv-edge`.

Usage: foreign_edge.py PORT. Lines on stdin: `set NAME VALUE` (device metric), `node NAME VALUE`, `die` (vanishes
without a word), `quit`. It imports nothing of Leitstand.
"""

import os
import sys

from pysparkplug import DataType, Device, EdgeNode, Metric, get_current_timestamp

GROUP, NODE, DEVICE = "Werk 7", "Gateway-A", "Robot-1"
TYPES = {
    "Axis 1/Torque": (DataType.DOUBLE, 12.5),
    "Axis 1/Position": (DataType.FLOAT, 3.25),
    "Cycles": (DataType.UINT64, 2**53 + 1),
    "Offset": (DataType.INT32, -7),
    "Running": (DataType.BOOLEAN, True),
    "Program": (DataType.STRING, "schweißen <b>4</b>"),
}
NODE_TYPES = {"Uptime": (DataType.INT64, 1000), "Firmware": (DataType.STRING, "1.2.3")}


def metric(name: str, datatype: DataType, value: object) -> Metric:
    return Metric(timestamp=get_current_timestamp(), name=name, datatype=datatype, value=value)


def parsed(datatype: DataType, text: str) -> object:
    if datatype == DataType.BOOLEAN:
        return text == "true"
    if datatype == DataType.STRING:
        return text
    return float(text) if datatype in (DataType.DOUBLE, DataType.FLOAT) else int(text)


def main() -> None:
    node = EdgeNode(GROUP, NODE, [metric(name, *what) for name, what in NODE_TYPES.items()])
    node.register(Device(DEVICE, [metric(name, *what) for name, what in TYPES.items()]))
    node.connect("127.0.0.1", port=int(sys.argv[1]), keepalive=5)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        name, _, text = rest.rpartition(" ")
        if word == "set":
            node.update_device(DEVICE, [metric(name, TYPES[name][0], parsed(TYPES[name][0], text))])
        elif word == "node":
            node.update([metric(name, NODE_TYPES[name][0], parsed(NODE_TYPES[name][0], text))])
        elif word == "die":
            os._exit(1)
        elif word == "quit":
            break
    node.disconnect()


if __name__ == "__main__":
    main()
