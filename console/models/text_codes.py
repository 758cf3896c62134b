"""A text per row as a small number: equal texts share it, so that columns of texts are grouped and sorted as arrays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from console.models.columns import Columns


class TextCodes:
    """Codes are dense from 0 and never change; a row that nobody has written has code -1."""

    def __init__(self) -> None:
        self._rows = Columns(code=(np.int32, -1))
        self._code_of: dict[str, int] = {}
        self._names: list[str] = []
        self._ranks: NDArray[np.int64] | None = None

    def put(self, row: int, text: str) -> None:
        self.put_all(np.asarray([row], np.int32), [text])

    def put_all(self, rows: NDArray[np.int32], texts: Sequence[str]) -> None:
        """The text of each of these rows."""
        known = self._code_of
        for text in texts:
            if text not in known:
                known[text] = len(self._names)
                self._names.append(text)
                self._ranks = None
        codes = np.fromiter((known[text] for text in texts), np.int32, len(texts))
        self._rows.write(rows, {"code": codes})

    def code(self, text: str) -> int:
        """The code of a text, also of one that no row has."""
        if text not in self._code_of:
            self._code_of[text] = len(self._names)
            self._names.append(text)
            self._ranks = None
        return self._code_of[text]

    @property
    def names(self) -> tuple[str, ...]:
        """The text of each code."""
        return tuple(self._names)

    def name(self, code: int) -> str:
        return self._names[code] if 0 <= code < len(self._names) else ""

    def codes(self, size: int) -> NDArray[np.int32]:
        """The code of each of `size` rows."""
        self._rows.reserve(size)
        return self._rows["code"][:size].astype(np.int32, copy=False)

    def codes_of(self, texts: frozenset[str]) -> NDArray[np.int32]:
        return np.asarray([self._code_of[text] for text in texts if text in self._code_of], np.int32)

    def ranks(self, size: int) -> NDArray[np.int64]:
        """Rank in dictionary order without regard to case, per row; only distinct texts are ever sorted."""
        if self._ranks is None:
            folded = [name.casefold() for name in self._names]
            rank = {text: number for number, text in enumerate(sorted(set(folded)))}
            self._ranks = np.asarray([*(rank[text] for text in folded), -1], np.int64)  # the last is of code -1
        return np.asarray(self._ranks[self.codes(size)], np.int64)
