"""Pictures become small, and an alarm's colour on a few pixels stays what it is."""

from pathlib import Path

import numpy as np
from PySide6.QtGui import QColor, QImage, QPainter

from console.app.demo.small_png import save_small


def test_a_small_symbol_keeps_its_colour_among_thousands_of_greys(tmp_path: Path, qapp: object) -> None:
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(QColor("#d5d8db"))
    painter = QPainter(image)
    for x in range(400):
        painter.fillRect(x, 0, 1, 200, QColor(x * 255 // 400, x * 254 // 400, (x * 7) % 256))
    painter.fillRect(10, 250, 3, 3, QColor("#c9a400"))
    painter.end()
    image.save(str(tmp_path / "large.png"))
    save_small(image, tmp_path / "small.png")
    small = QImage(str(tmp_path / "small.png"))
    assert small.format() == QImage.Format.Format_Indexed8
    assert (small.width(), small.height()) == (400, 300)
    assert small.pixelColor(11, 251).name() == "#c9a400"
    assert small.pixelColor(300, 280).name() == "#d5d8db"
    differences = [
        abs(image.pixelColor(x, 20).red() - small.pixelColor(x, 20).red()) for x in range(0, 400, 7)
    ]  # fmt: skip
    assert np.max(differences) < 40
