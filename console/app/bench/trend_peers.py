"""What trends are measured beside: QPainter's bare polyline, pyqtgraph and, where it is installed, matplotlib."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Frame = Callable[[], object]
MATPLOTLIB = "matplotlib is not installed and not measured: pip install 'leitstand[bench]'"
LOW, HIGH = -50.0, 50.0


def polyline(columns: Sequence[tuple[Floats, Floats]], height: int, is_kind: bool = False) -> Frame:
    """The floor: the lowest and highest value of every pixel column as one polyline per pen on an image: no axes,
    nothing computed. `is_kind`: every second column from its highest to its lowest, which is the shortest way."""
    import pyqtgraph as pg
    from PySide6.QtGui import QColor, QImage, QPainter

    width = columns[0][0].size
    image = QImage(width, height, QImage.Format.Format_RGB32)
    lines = []
    for low, high in columns:
        polygon = pg.functions.create_qpolygonf(2 * width)
        points = pg.functions.ndarray_from_qpolygonf(polygon)
        points[:, 0] = np.repeat(np.arange(width), 2)
        values = np.stack((low, high), axis=1)
        if is_kind:
            values[1::2] = values[1::2, ::-1]
        points[:, 1] = (HIGH - values.ravel()) / (HIGH - LOW) * height
        lines.append(polygon)

    def frame() -> None:
        image.fill(0xFF101010)
        painter = QPainter(image)
        for k, polygon in enumerate(lines):
            painter.setPen(QColor.fromHsv(360 * k // len(lines), 200, 230))
            painter.drawPolyline(polygon)
        painter.end()

    return frame


class PyQtGraph:
    """pyqtgraph as its manual says for long curves: downsampling by peaks and clipping to the view."""

    def __init__(self, data: Floats, points: int, added: int, size: tuple[int, int]) -> None:
        import pyqtgraph as pg

        self._data, self._points, self._added, self._at = data, points, added, 0
        self._plot = pg.PlotWidget()
        self._item = self._plot.getPlotItem()
        self._item.disableAutoRange()
        self._item.setYRange(LOW, HIGH, padding=0)
        self._item.setDownsampling(auto=True, mode="peak")  # on the plot: its curves take it over
        self._item.setClipToView(True)
        self._x = np.arange(data.shape[1], dtype=np.float64)
        self._curves = [self._item.plot(pen=pg.mkPen(pg.intColor(k, len(data)), width=1)) for k in range(len(data))]
        self._plot.resize(*size)
        self._plot.show()

    def frame(self) -> None:
        self._at += self._added
        part = slice(self._at, self._at + self._points)
        self._item.setXRange(self._x[part.start], self._x[part.stop - 1], padding=0)
        for curve, row in zip(self._curves, self._data, strict=True):
            curve.setData(self._x[part], row[part])
        self._plot.viewport().repaint()

    def close(self) -> None:
        self._plot.close()


class Matplotlib:
    """matplotlib in a Qt window, with its own path simplification."""

    def __init__(self, data: Floats, points: int, added: int, size: tuple[int, int]) -> None:
        from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg  # type: ignore[import-not-found,unused-ignore]
        from matplotlib.figure import Figure  # type: ignore[import-not-found,unused-ignore]

        self._data, self._points, self._added, self._at = data, points, added, 0
        self._canvas: Any = FigureCanvasQTAgg(Figure(figsize=(size[0] / 100, size[1] / 100), dpi=100))
        self._axes = self._canvas.figure.add_subplot()
        self._axes.set_ylim(LOW, HIGH)
        self._x = np.arange(data.shape[1], dtype=np.float64)
        self._curves = [self._axes.plot([], [], lw=1)[0] for _row in data]
        self._canvas.resize(*size)
        self._canvas.show()

    @staticmethod
    def is_here() -> bool:
        return find_spec("matplotlib") is not None

    def frame(self) -> None:
        self._at += self._added
        part = slice(self._at, self._at + self._points)
        self._axes.set_xlim(self._x[part.start], self._x[part.stop - 1])
        for curve, row in zip(self._curves, self._data, strict=True):
            curve.set_data(self._x[part], row[part])
        self._canvas.draw()
        self._canvas.repaint()

    def close(self) -> None:
        self._canvas.close()
