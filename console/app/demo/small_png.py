"""Pictures of screens as small files: 256 colours that stand for all, every other one as the nearest of them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

_COLOURS = 256


def save_small(image: QImage, file: Path) -> None:
    """A PNG with a colour table. Raises OSError when it cannot be written."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(rgb.constBits(), np.uint32).reshape(rgb.height(), rgb.bytesPerLine() // 4)
    colours, place, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    parts = np.stack([(colours >> shift) & 0xFF for shift in (16, 8, 0)], axis=1).astype(np.int32)
    kept = _chosen(parts, counts)
    nearest = np.empty(len(colours), np.uint8)
    for first in range(0, len(colours), 1000):  # in parts: a photograph must not take all memory
        some = parts[first : first + 1000, None, :] - parts[None, kept, :]
        nearest[first : first + 1000] = np.argmin((some * some).sum(axis=2), axis=1)
    indexes = np.ascontiguousarray(nearest[place.reshape(pixels.shape)])
    small = QImage(indexes.data, rgb.width(), rgb.height(), indexes.shape[1], QImage.Format.Format_Indexed8)
    small.setColorTable([int(colour) | 0xFF000000 for colour in colours[kept]])
    if not small.save(str(file), quality=50):
        raise OSError(f"cannot write {file}")


def _chosen(parts: NDArray[np.int32], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The most frequent colour, then again and again the one whose pixels are furthest from all chosen: a small symbol
    in a colour of its own keeps it, while the many greys of letters share some."""
    kept = [int(np.argmax(counts))]
    away = np.full(len(parts), np.iinfo(np.int64).max, np.int64)
    weight = np.sqrt(counts)
    while len(kept) < min(_COLOURS, len(parts)):
        away = np.minimum(away, ((parts - parts[kept[-1]]) ** 2).sum(axis=1))
        kept.append(int(np.argmax(away * weight)))
    return np.array(sorted(kept), np.int64)
