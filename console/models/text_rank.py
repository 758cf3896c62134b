"""Texts as a table needs them: on one harmless line, as sortable ranks, as lower-case haystacks to search in."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_BIDI_CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
_LINE_BREAKS = (*range(32), *range(127, 160), 0x2028, 0x2029)
_HARMLESS = {ord(mark): "\ufffd" for mark in _BIDI_CONTROLS} | dict.fromkeys(_LINE_BREAKS, " ")


def one_line(text: str) -> str:
    """The text on one line; characters that turn the reading direction become visible, so that no name can pose."""
    return text if text.isprintable() else text.translate(_HARMLESS)


def text_ranks(texts: Sequence[str]) -> NDArray[np.int64]:
    """Rank of each text in dictionary order without regard to case; equal texts have equal ranks."""
    folded = [text.casefold() for text in texts]
    rank = {text: number for number, text in enumerate(sorted(set(folded)))}
    return np.fromiter((rank[text] for text in folded), np.int64, len(folded))


class Haystack:
    """Lower-case text per row; `matching` tells which rows hold every word looked for."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def reserve(self, size: int) -> None:
        """Make rows 0..size-1 exist, empty."""
        self._texts.extend([""] * (size - len(self._texts)))

    def put(self, row: int, *parts: str) -> None:
        self.reserve(row + 1)
        self._texts[row] = "\n".join(parts).casefold()

    def __len__(self) -> int:
        return len(self._texts)

    def matching(self, wanted: str, first: int = 0) -> NDArray[np.bool_]:
        """One bool for every row from `first` on."""
        words = wanted.casefold().split()
        texts = self._texts[first:] if first else self._texts
        if not words:
            return np.ones(len(texts), np.bool_)
        found = np.fromiter((words[0] in text for text in texts), np.bool_, len(texts))
        for word in words[1:]:
            for place in np.flatnonzero(found).tolist():
                found[place] = word in texts[place]
        return found

    def is_match(self, row: int, wanted: str) -> bool:
        return all(word in self._texts[row] for word in wanted.casefold().split())
