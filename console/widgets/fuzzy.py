"""Finding by a few letters among tens of thousands of names, quickly enough for every key stroke."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from heapq import nsmallest

MIN_HITS = 40
MAX_RANKED = 3000


class FuzzyIndex:
    """Case-insensitive search over fixed texts. Whole words in any order win over letters in order.

    One joined text is searched by compiled patterns: 50,000 names take a few milliseconds per key.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [" ".join(text.casefold().split())[:300] for text in texts]
        self._joined = "\n".join(self._texts)
        self._starts: list[int] = []
        at = 0
        for text in self._texts:
            self._starts.append(at)
            at += len(text) + 1
        self._last: tuple[str, list[int]] = ("", [])

    def __len__(self) -> int:
        return len(self._texts)

    def find(self, query: str, limit: int = 50) -> list[int]:
        """Positions of the best matches, best first; an empty query gives the first ones."""
        return [at for _cost_of, at in self.ranked(query, limit)]

    def ranked(self, query: str, limit: int = 50) -> list[tuple[float, int]]:
        """(cost, position), best first. So many hits that nobody could read them are ranked only in part."""
        words = query.casefold().split()
        if not words:
            return [(0.0, at) for at in range(min(limit, len(self._texts)))]
        hits = self._all_words(words)[:MAX_RANKED]
        if len(hits) < MIN_HITS:
            known = set(hits)
            hits += [at for at in self._letters("".join(words)) if at not in known]
        return nsmallest(limit, ((_cost(self._texts[at], words), at) for at in hits))

    def _all_words(self, words: list[str]) -> list[int]:
        """Texts that contain every word; a longer query searches only what the shorter one found."""
        query = " ".join(words)
        before, found = self._last
        if before and query.startswith(before):
            pool = found
        else:
            first = max(words, key=len)
            pool = [at for at, text in enumerate(self._texts) if first in text]
        for word in words:
            pool = [at for at in pool if word in self._texts[at]]
        self._last = (query, pool)
        return list(pool)

    def _letters(self, letters: str) -> list[int]:
        """Texts that hold the letters in order; each step skips to the next such letter, so nothing is tried twice."""
        steps = "".join(f"[^\n{re.escape(letter)}]*{re.escape(letter)}" for letter in letters[:24])
        found: list[int] = []
        for match in re.finditer(f"(?m)^{steps}", self._joined):
            found.append(self._position(match.start()))
            if len(found) >= MAX_RANKED:
                break
        return found

    def _position(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1


def _cost(text: str, words: list[str]) -> float:
    """Small is good: words at word starts, in order, close together, in short texts; scattered letters last."""
    cost = len(text) / 100
    end = 0
    for word in words:
        at = text.find(word, end)
        if at < 0:
            at = text.find(word)
            cost += 5  # there, but not in the order that was typed
        if at < 0:
            return 1000 + _spread(text, "".join(words)) + cost
        if at and text[at - 1].isalnum():
            cost += 3
        cost += min(abs(at - end), 60) / 20
        end = at + len(word)
    return cost


def _spread(text: str, letters: str) -> float:
    """Length of the stretch that holds the letters in order, from the first possible place."""
    at = -1
    first = 0
    for number, letter in enumerate(letters):
        at = text.find(letter, at + 1)
        if at < 0:
            return 500
        if number == 0:
            first = at
    return at - first
