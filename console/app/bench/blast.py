"""A Sparkplug publisher as fast as Python can be: templates with patched time stamps over a bare socket.

A peer process of the benchmarks (`python -m console.app.bench.blast PORT ...`), never part of the console.
"""

import argparse
import json
import socket
import struct
import sys
import threading
import time

from console.services.telemetry.sparkplug_b_pb2 import Payload

_DOUBLE = 10


def varint(n: int) -> bytes:
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


_PLACEHOLDER = varint(1_700_000_000_001)


def packet(topic: str, payload: bytes) -> bytes:
    """One MQTT 3.1.1 PUBLISH at QoS 0."""
    name = topic.encode()
    body = struct.pack(">H", len(name)) + name + payload
    return b"\x30" + varint(len(body)) + body


def connect(port: int, client_id: str) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    name = client_id.encode()
    body = b"\x00\x04MQTT\x04\x02" + struct.pack(">H", 0) + struct.pack(">H", len(name)) + name
    sock.sendall(b"\x10" + varint(len(body)) + body)
    if sock.recv(4)[:1] != b"\x20":
        raise ConnectionError("the broker refused")
    return sock


def birth(metrics: int, now_ms: int) -> bytes:
    """NBIRTH with seq 0: `metrics` doubles with aliases 1..n and the bdSeq."""
    payload = Payload(timestamp=now_ms, seq=0)
    session = payload.metrics.add(name="bdSeq", datatype=4, timestamp=now_ms)
    session.long_value = 0
    for i in range(metrics):
        metric = payload.metrics.add(name=f"load/value {i:04d}", alias=i + 1, datatype=_DOUBLE, timestamp=now_ms)
        metric.double_value = 50.0
    return bytes(payload.SerializeToString())


def data_templates(metrics: int, per_message: int) -> list[bytes]:
    """NDATA bodies without seq that cover all aliases in turn; time stamps are placeholders."""
    templates = []
    for first in range(0, metrics, per_message):
        body = bytearray(b"\x08" + _PLACEHOLDER)
        for i in range(first, min(first + per_message, metrics)):
            value = 50.0 + 10.0 * ((i * 37) % 100) / 100.0
            metric = b"\x10" + varint(i + 1) + b"\x18" + _PLACEHOLDER + b"\x69" + struct.pack("<d", value)
            body += b"\x12" + varint(len(metric)) + metric
        templates.append(bytes(body))
    return templates


def blast(port: int, *, per_message: int, rate: float, seconds: float, nodes: int, metrics: int) -> dict[str, float]:
    """Publish `rate` messages a second, open loop. Returns what was sent and how late the sender fell."""
    sock = connect(port, f"blast-{time.time_ns()}")
    drain = threading.Thread(target=_drain, args=(sock,), daemon=True)
    drain.start()
    for node in range(nodes):
        sock.sendall(packet(f"spBv1.0/load/NBIRTH/n{node}", birth(metrics, time.time_ns() // 1_000_000)))
    threading.Event().wait(1.0)
    templates = data_templates(metrics, per_message)
    topics = [f"spBv1.0/load/NDATA/n{node}" for node in range(nodes)]
    seqs = [b"\x18" + varint(i) for i in range(256)]
    sent, worst, start = 0, 0.0, time.perf_counter()
    total = int(rate * seconds)
    counts = [0] * nodes
    pause = threading.Event()
    while sent < total:
        due = min(total, int((time.perf_counter() - start) * rate))
        if due <= sent:
            pause.wait(0.004)
            continue
        worst = max(worst, (due - sent) / rate)
        stamp = varint(time.time_ns() // 1_000_000)
        parts = []
        for _ in range(sent, due):
            node = sent % nodes
            counts[node] += 1
            body = templates[(sent // nodes) % len(templates)].replace(_PLACEHOLDER, stamp)
            parts.append(packet(topics[node], body + seqs[counts[node] % 256]))
            sent += 1
        sock.sendall(b"".join(parts))
    took = time.perf_counter() - start
    pause.wait(0.5)
    sock.sendall(b"\xe0\x00")
    sock.close()
    return {"messages": sent, "metrics": sent * per_message, "seconds": took, "worst_late_s": worst}


def _drain(sock: socket.socket) -> None:
    try:
        while sock.recv(65536):
            pass
    except OSError:
        return


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--per", type=int, default=20)
    parser.add_argument("--rate", type=float, default=5000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--nodes", type=int, default=10)
    parser.add_argument("--metrics", type=int, default=500)
    o = parser.parse_args()
    result = blast(o.port, per_message=o.per, rate=o.rate, seconds=o.seconds, nodes=o.nodes, metrics=o.metrics)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
