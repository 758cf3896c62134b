"""A small language over tags, parsed here and never given to Python: `'Press/PLC1/P1/State' = 6 and not 'x' > 5`.

Numbers, texts in double quotes, true and false, tags in single quotes by their path without broker (`'./Metric'` is a
metric of the device that the expression stands beside), + - * / %, = != < <= > >=, and, or, not, parentheses, and the
functions of `FUNCTIONS` and `WINDOWS`. A quote inside quotes is written twice. Nothing of it has a side effect, a loop
or a clock: time is the source time of the tags.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import fsum, isfinite, sqrt
from typing import Any

from console.domain import expression_terms as terms
from console.domain.expression_terms import Inputs, Run, Term
from console.domain.quality import Quality

MAX_LENGTH = 2000
MAX_DEPTH = 25
MAX_REFERENCES = 50
MAX_WINDOW_S = 7 * 86_400

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<word>[A-Za-z_][A-Za-z_0-9]*)
    |(?P<tag>'(?:[^']|'')*')|(?P<text>"(?:[^"]|"")*")|(?P<sign><=|>=|==|!=|<>|[-+*/%()<>=,]))""",
    re.VERBOSE,
)
_ANY, _NUMBER, _TRUTH, _TEXT = "any", "number", "truth", "text"
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SUM: dict[str, Callable[[float, float], float]] = {"+": operator.add, "-": operator.sub}
_PRODUCT: dict[str, Callable[[float, float], float]] = {"*": operator.mul, "/": operator.truediv, "%": operator.mod}
FUNCTIONS: dict[str, tuple[int, int, Callable[..., float]]] = {  # least and most arguments
    "min": (1, MAX_REFERENCES, min),
    "max": (1, MAX_REFERENCES, max),
    "avg": (1, MAX_REFERENCES, lambda *numbers: fsum(numbers) / len(numbers)),
    "abs": (1, 1, abs),
    "sqrt": (1, 1, sqrt),
    "round": (1, 2, lambda number, digits=0.0: round(number, int(min(15.0, max(-15.0, digits))))),
}
WINDOWS = ("count_true", "increase", "change")  # ('tag', seconds)


class ExpressionError(Exception):
    """It cannot be used. `at` is the 1-based character where that shows; `text` an English template, filled."""

    def __init__(self, text: str, at: int) -> None:
        super().__init__(f"character {at}: {text}")
        self.text = text
        self.at = at


@dataclass(frozen=True, slots=True)
class Window:
    """What a function over time looks back on. `count_true`: how often the tag became true; `increase`: how much a
    counter rose, a reset to a smaller number counting from zero; `change`: value now minus value then."""

    function: str
    reference: int
    over_us: int


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression. `references` are distinct tag paths in the order of their first use."""

    text: str
    references: tuple[str, ...]
    windows: tuple[Window, ...]
    is_truth: bool  # its value is yes or no by its form
    is_text: bool
    run: Run

    def evaluate(self, inputs: Inputs) -> Term:
        """Value and quality; never raises. None: unknown."""
        return self.run(inputs)

    def is_true(self, inputs: Inputs) -> bool:
        """True only when it is known, and by values that may be trusted: unknown is never true."""
        value, quality = self.run(inputs)
        return quality == Quality.GOOD and not isinstance(value, str) and bool(value)

    def paths(self, device_path: str = "") -> tuple[str, ...]:
        """The references with `./` replaced by the path (without broker) of the device they stand beside."""
        return tuple(f"{device_path}/{path[2:]}" if path.startswith("./") else path for path in self.references)

    @property
    def is_relative(self) -> bool:
        """It means another tag beside each device."""
        return any(path.startswith("./") for path in self.references)


def parse(text: str) -> Expression:
    """Raises ExpressionError with the place of the first mistake."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"is longer than {MAX_LENGTH} characters", MAX_LENGTH + 1)
    parser = _Parser(text)
    kind, run = parser.whole()
    return Expression(
        text, tuple(parser.references), tuple(parser.windows), kind == _TRUTH, kind == _TEXT, run
    )  # fmt: skip


_Node = tuple[str, Run]  # what kind of value it gives, and how


class _Parser:
    """Recursive descent: or, and, not, comparison, sum, product, sign, value."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = 0
        self._depth = 0
        self.references: dict[str, int] = {}
        self.windows: dict[Window, int] = {}

    def whole(self) -> _Node:
        node = self._either()
        kind, word, at = self._peek()
        if kind != "end":
            raise ExpressionError(f"'{word}' was not expected here", at)
        return node

    def _peek(self) -> tuple[str, str, int]:
        return self._tokens[self._next]

    def _take(self, *words: str) -> str:
        """The next token when it is one of these words or signs, else empty."""
        kind, word, _at = self._tokens[self._next]
        if kind in ("word", "sign") and word in words:
            self._next += 1
            return word
        return ""

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            kind, word, at = self._peek()
            raise ExpressionError(f"'{sign}' is missing" + (f" before '{word}'" if kind != "end" else ""), at)

    def _either(self) -> _Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(f"is nested deeper than {MAX_DEPTH} levels", self._peek()[2])
        node = self._joined("or", self._both, terms.any_of)
        self._depth -= 1
        return node

    def _both(self) -> _Node:
        return self._joined("and", self._not, terms.all_of)

    def _joined(self, word: str, part: Callable[[], _Node], join: Callable[[list[Run]], Run]) -> _Node:
        at = self._peek()[2]
        first = part()
        runs = [first[1]]
        while self._take(word):
            self._no_text(first, at)
            at = self._peek()[2]
            more = part()
            self._no_text(more, at)
            runs.append(more[1])
        return first if len(runs) == 1 else (_TRUTH, join(runs))

    def _not(self) -> _Node:
        turns = 0
        while self._take("not"):
            turns += 1
        at = self._peek()[2]
        node = self._comparison()
        if not turns:
            return node
        self._no_text(node, at)
        once = terms.negation(node[1])
        return _TRUTH, once if turns % 2 else terms.negation(once)

    def _comparison(self) -> _Node:
        left = self._sum()
        at = self._peek()[2]
        sign = self._take(*_COMPARE)
        if not sign:
            return left
        right = self._sum()
        if _ANY not in (left[0], right[0]) and (left[0] == _TEXT) is not (right[0] == _TEXT):
            raise ExpressionError("a text cannot be compared with a number", at)
        if self._peek()[1] in _COMPARE and self._peek()[0] == "sign":
            raise ExpressionError("comparisons cannot be chained; join them with 'and'", self._peek()[2])
        return _TRUTH, terms.compare(_COMPARE[sign], left[1], right[1])

    def _sum(self) -> _Node:
        return self._chain(_SUM, self._product)

    def _product(self) -> _Node:
        return self._chain(_PRODUCT, self._signed)

    def _chain(self, signs: dict[str, Callable[[float, float], float]], part: Callable[[], _Node]) -> _Node:
        at = self._peek()[2]
        first = part()
        rest: list[tuple[Callable[[float, float], float], Run]] = []
        while sign := self._take(*signs):
            self._no_text(first, at)
            at = self._peek()[2]
            more = part()
            self._no_text(more, at)
            rest.append((signs[sign], more[1]))
        return (_NUMBER, terms.chain(first[1], rest)) if rest else first

    def _signed(self) -> _Node:
        is_negative = False
        has_sign = False
        while sign := self._take("+", "-"):
            has_sign = True
            is_negative ^= sign == "-"
        at = self._peek()[2]
        node = self._value()
        if not has_sign:
            return node
        self._no_text(node, at)
        return _NUMBER, terms.numeric(operator.neg if is_negative else operator.pos, [node[1]])

    def _value(self) -> _Node:
        kind, word, at = self._peek()
        if kind == "end":
            raise ExpressionError("ends too early" if self._text.strip() else "is empty", at)
        self._next += 1
        if kind == "number":
            number = float(word)
            if not isfinite(number):
                raise ExpressionError(f"{word} is no finite number", at)
            return _NUMBER, terms.constant(number)
        if kind == "text":
            return _TEXT, terms.constant(word[1:-1].replace('""', '"'))
        if kind == "tag":
            return _ANY, terms.reference(self._reference(word, at))
        if word in ("true", "false"):
            return _TRUTH, terms.constant(float(word == "true"))
        if word == "(":
            node = self._either()
            self._need(")")
            return node
        if kind == "word" and self._peek()[1] == "(":
            return self._call(word, at)
        raise ExpressionError(f"'{word}' is not known; tags stand in single quotes" if kind == "word" else
                              f"'{word}' was not expected here", at)  # fmt: skip

    def _call(self, name: str, at: int) -> _Node:
        self._need("(")
        if name in WINDOWS:
            node = self._window(name)
        elif name in ("quality", "age"):
            index = self._tag_of(name)
            node = (_TEXT, terms.quality_word(index)) if name == "quality" else (_NUMBER, terms.age(index))
        elif name == "if":
            node = self._choice()
        elif name in FUNCTIONS:
            node = self._function(name, at)
        else:
            raise ExpressionError(f"there is no function {name}", at)
        self._need(")")
        return node

    def _function(self, name: str, at: int) -> _Node:
        least, most, function = FUNCTIONS[name]
        runs: list[Run] = []
        while True:
            place = self._peek()[2]
            node = self._either()
            self._no_text(node, place)
            runs.append(node[1])
            if not self._take(","):
                break
        if not least <= len(runs) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise ExpressionError(f"{name} takes {wanted} values, not {len(runs)}", at)
        return _NUMBER, terms.numeric(function, runs)

    def _choice(self) -> _Node:
        at = self._peek()[2]
        condition = self._either()
        self._no_text(condition, at)
        self._need(",")
        yes = self._either()
        self._need(",")
        no = self._either()
        kind = yes[0] if yes[0] == no[0] else _ANY
        return kind, terms.choice(condition[1], yes[1], no[1])

    def _window(self, name: str) -> _Node:
        index = self._tag_of(name)
        self._need(",")
        kind, word, at = self._peek()
        if kind != "number" or not 0 < float(word) <= MAX_WINDOW_S:
            raise ExpressionError(f"{name} needs its seconds as a number above 0, at most {MAX_WINDOW_S}", at)
        self._next += 1
        window = Window(name, index, round(float(word) * 1e6))
        if not window.over_us:
            raise ExpressionError(f"{name} needs a longer time", at)
        return _NUMBER, terms.window(self.windows.setdefault(window, len(self.windows)))

    def _tag_of(self, name: str) -> int:
        kind, word, at = self._peek()
        if kind != "tag":
            raise ExpressionError(f"{name} needs a tag in single quotes", at)
        self._next += 1
        return self._reference(word, at)

    def _reference(self, word: str, at: int) -> int:
        path = word[1:-1].replace("''", "'").strip()
        if not path or path == "./":
            raise ExpressionError("the tag has no name", at)
        index = self.references.setdefault(path, len(self.references))
        if index >= MAX_REFERENCES:
            raise ExpressionError(f"names more than {MAX_REFERENCES} tags", at)
        return index

    def _no_text(self, node: _Node, at: int) -> None:
        if node[0] == _TEXT:
            raise ExpressionError("a text has no number and no truth", at)


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """(kind, word, 1-based place); words in small letters. Raises ExpressionError."""
    found: list[tuple[str, str, int]] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            what = "the quote is never closed" if text[at] in "'\"" else f"'{text[at]}' was not expected here"
            raise ExpressionError(what, at + 1)
        kind = match.lastgroup or ""
        word = match.group(kind)
        found.append((kind, word.lower() if kind == "word" else word, match.start(kind) + 1))
        at = match.end()
    found.append(("end", "", end + 1))
    return found
