"""WCAG contrast and colour-vision-deficiency simulation (Machado et al. 2009, severity 1.0), for the token tests."""

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.float64]
CVD: dict[str, Rgb] = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(color: str) -> Rgb:
    """Linear sRGB of "#rrggbb"."""
    srgb = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio, 1..21."""
    a, b = sorted(float(linear(color) @ np.array([0.2126, 0.7152, 0.0722])) for color in (one, other))
    return (b + 0.05) / (a + 0.05)


def lab(color: str, vision: str = "normal") -> Rgb:
    """CIE L*a*b* (D65) as a person of this vision sees it."""
    seen = np.clip(CVD[vision] @ linear(color), 0, 1)
    xyz = (_XYZ @ seen) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one: str, other: str, vision: str) -> float:
    """CIE76 distance; about 2.3 is just noticeable, 10 is plain at a glance."""
    return float(np.linalg.norm(lab(one, vision) - lab(other, vision)))
