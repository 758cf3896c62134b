"""`leitstand bench topology`: 20,000 cards and 40,000 links opened and panned beside QGraphicsScene items."""

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.app.bench.rows import BenchRow

NODES, LINKS, BANDS = 20_000, 40_000, 7
WIDTH, HEIGHT = 1600, 900
Ints = NDArray[np.int64]


def run(quick: bool) -> Iterator[BenchRow]:
    """Milliseconds to open, and per panned frame at reading size and with everything in view."""
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([])
    frames = 30 if quick else 120
    band, links = _plant()
    opened, canvas = _open(app, band, links)
    canvas.centre_on(NODES // 2)
    near = _frames(lambda k: _pan(canvas, k), frames)
    canvas.fit()
    far = _frames(lambda k: _pan(canvas, k), frames)
    redrawn = _frames(lambda _k: (canvas.redraw(), canvas.repaint()), 5)
    part = NODES // 4 if quick else NODES  # the peer needs half a minute for the whole plant
    peer_opened, view = _open_items(app, canvas.scene.place[:part], links[(links < part).all(axis=1)])
    peer_near = _frames(lambda k: _pan_view(view, k), 10 if quick else 30)
    canvas.close()
    view.close()
    size = f"{NODES:,} nodes, {LINKS:,} links"
    items = "QGraphicsScene items" + (f" ({part:,} nodes only)" if quick else "")
    goal = "<= 500 ms"
    yield BenchRow(
        "topology",
        f"{size}: opened (layout, build, first paint)",
        opened,
        "ms",
        items,
        peer_opened,
        opened / peer_opened,
        goal,
        opened <= 500,
    )
    for case, value in (("panned at reading size", near), ("panned with everything in view", far)):
        holds = value <= 1000 / 30
        yield BenchRow(
            "topology", f"{size}: {case}", value, "ms", items, peer_near, value / peer_near, "<= 33.3 ms", holds
        )
    yield BenchRow("topology", f"{size}: everything in view drawn anew", redrawn, "ms")


def _plant() -> tuple[Ints, Ints]:
    """A tree over seven levels, cross links between near things as cables run, and 2,000 across the whole plant."""
    rng = np.random.default_rng(3)
    shares = np.array([0.002, 0.01, 0.03, 0.08, 0.2, 0.3, 0.378])
    band = np.sort(rng.choice(BANDS, NODES, p=shares)).astype(np.int64)
    starts = np.searchsorted(band, np.arange(BANDS))
    size = np.append(starts[1:], NODES) - starts
    child = np.arange(starts[1], NODES)
    above = band[child] - 1
    parent = starts[above] + (child - starts[band[child]]) * size[above] // size[band[child]]
    far = rng.integers(0, NODES, (2_000, 2))
    one = rng.integers(0, NODES - 60, LINKS - child.size - len(far))
    near = np.stack((one, one + rng.integers(1, 60, one.size)), axis=1)
    return band, np.concatenate((np.stack((parent, child), axis=1), near, far))


def _open(app: Any, band: Ints, links: Ints) -> tuple[float, Any]:
    from console.models.topology_layout import layered
    from console.widgets.topology_canvas import TopologyCanvas
    from console.widgets.topology_painter import Scene

    names = [f"NODE-{k}" for k in range(NODES)]
    headlines = ["ok"] * NODES
    start = time.perf_counter()
    layout = layered(band, links, BANDS)
    state = np.zeros(NODES, np.int8)
    state[:: NODES // 400] = 1
    canvas = TopologyCanvas()
    canvas.resize(WIDTH, HEIGHT)
    scene = Scene(
        names=names,
        headlines=headlines,
        place=layout.place,
        links=links,
        state=state,
        priority=np.where(state > 0, 2, 0).astype(np.int8),
        unacknowledged=np.zeros(NODES, np.bool_),
        proposed=np.zeros(NODES, np.bool_),
        bands=tuple((f"Level {BANDS - k}", *span) for k, span in enumerate(layout.bands)),
        width=layout.width,
        height=layout.height,
    )
    canvas.set_scene(scene)
    canvas.show()
    app.processEvents()
    canvas.repaint()
    return (time.perf_counter() - start) * 1e3, canvas


def _open_items(app: Any, place: NDArray[np.float64], links: Ints) -> tuple[float, Any]:
    """The peer gets the finished layout: only its scene, items and first paint are measured."""
    from PySide6.QtCore import QLineF, QPointF
    from PySide6.QtGui import QBrush, QPen
    from PySide6.QtWidgets import QGraphicsScene, QGraphicsSimpleTextItem, QGraphicsView

    start = time.perf_counter()
    scene = QGraphicsScene()
    pen, brush = QPen("#808080"), QBrush("#e0e0e0")
    centre = [QPointF(x + 62, y + 27) for x, y in place.tolist()]
    for a, b in links.tolist():
        scene.addLine(QLineF(centre[a], centre[b]), pen)
    for k, (x, y) in enumerate(place.tolist()):
        box = scene.addRect(0, 0, 124, 54, pen, brush)
        box.setPos(x, y)
        QGraphicsSimpleTextItem(f"NODE-{k}", box).setPos(6, 10)
    view = QGraphicsView(scene)
    scene.setParent(view)  # else it dies with this function
    view.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
    view.resize(WIDTH, HEIGHT)
    view.show()
    view.centerOn(*place[len(place) // 2])
    app.processEvents()
    view.viewport().repaint()
    return (time.perf_counter() - start) * 1e3, view


def _pan(canvas: Any, k: int) -> None:
    canvas.pan(7 if k % 40 < 20 else -7, 2 if k % 20 < 10 else -2)
    canvas.repaint()


def _pan_view(view: Any, k: int) -> None:
    bar = view.horizontalScrollBar()
    bar.setValue(bar.value() + (7 if k % 40 < 20 else -7))
    view.viewport().repaint()


def _frames(frame: Callable[[int], object], n: int) -> float:
    frame(0)
    took = []
    for k in range(n):
        start = time.perf_counter()
        frame(k)
        took.append((time.perf_counter() - start) * 1e3)
    return median(took)
