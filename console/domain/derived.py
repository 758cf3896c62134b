"""Derived tags: values that an expression makes of other tags, and the order in which they must be computed."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.expressions import Expression
from console.domain.tags import TagSource

BROKER = "derived"  # the first part of their path; no broker of a station may be called so


@dataclass(frozen=True, slots=True)
class DerivedTag:
    """One `[[tag]]` of `site/derived.toml`. `path` is group/node/metric or group/node/device/metric, without broker.

    `interval_s` > 0: at most one value within each such span of source time.
    """

    path: str
    expression: Expression
    unit: str = ""
    interval_s: float = 0.0
    description: str = ""

    @property
    def source(self) -> TagSource:
        return source_of(self.path)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The paths that it is made of; `./` is what stands beside it."""
        source = self.source
        return self.expression.paths("/".join(part for part in (source.group, source.node, source.device) if part))


def source_of(path: str) -> TagSource:
    """Three levels are a node's own metric; of more, the third is the device and the rest the metric.

    Raises ValueError when there are fewer than three or one is empty."""
    parts = path.split("/")
    if len(parts) < 3 or not all(part.strip() for part in parts):
        raise ValueError(path)
    if len(parts) == 3:
        return TagSource(BROKER, parts[0], parts[1], "", parts[2])
    return TagSource(BROKER, parts[0], parts[1], parts[2], "/".join(parts[3:]))


def in_order(tags: Sequence[DerivedTag]) -> tuple[tuple[DerivedTag, ...], tuple[str, ...]]:
    """Inputs before what is made of them, and the paths of the first circle found (empty: there is none).

    Without recursion: a chain of thousands is no reason to fail.
    """
    by_path = {name: tag for tag in tags for name in (tag.path, f"{BROKER}/{tag.path}")}
    done: dict[str, DerivedTag] = {}
    for start in tags:
        open_paths: dict[str, None] = {}
        walk: list[tuple[DerivedTag, bool]] = [(start, False)]
        while walk:
            tag, is_left = walk.pop()
            if is_left:
                open_paths.pop(tag.path, None)
                done.setdefault(tag.path, tag)
                continue
            if tag.path in done:
                continue
            if tag.path in open_paths:
                way = list(open_paths)
                return (), (*way[way.index(tag.path) :], tag.path)
            open_paths[tag.path] = None
            walk.append((tag, True))
            walk.extend((by_path[path], False) for path in tag.inputs if path in by_path)
    return tuple(done.values()), ()
