"""`site/assets.toml`: the documented plant, its things and their links, checked whole before anything uses it."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from console.config.problems import BadConfiguration, Problem, TableReader, read_toml
from console.domain import identity
from console.domain.assets import Asset, AssetClass, Link, LinkKind

VERSION = 1
LEVELS = (0.0, 4.0)  # Purdue; 2.5 is the network between control and operations, 3.5 the demilitarized zone


@dataclass(frozen=True, slots=True)
class AssetsFile:
    """Assets in file order, with the ids that their sources (else their names) give them, and their links."""

    assets: tuple[Asset, ...] = ()
    links: tuple[Link, ...] = ()


def read_assets(folder: Path, site_id: UUID) -> tuple[AssetsFile, list[Problem]]:
    """The plant of `folder/assets.toml` and everything wrong with it; a missing file means an empty plant."""
    path = folder / "assets.toml"
    if not path.exists():
        return AssetsFile(), []
    reader = read_toml(path)
    if reader.integer("version", 1) > VERSION:
        reader.problem("version", "is newer than this program knows", "install the newer Leitstand")
    tables = reader.tables("asset")
    ids = _ids(tables, site_id)
    assets = tuple(_asset(table, ids) for table in tables)
    _check_parents(tables, assets)
    links = tuple(link for link in (_link(table, ids) for table in reader.tables("link")) if link is not None)
    reader.unknown_keys()
    return AssetsFile(assets, tuple(dict.fromkeys(links))), reader.problems


def load_assets(folder: Path, site_id: UUID) -> AssetsFile:
    """Like `read_assets`, raising `BadConfiguration` with all problems."""
    plant, problems = read_assets(folder, site_id)
    if problems:
        raise BadConfiguration(tuple(problems))
    return plant


def _ids(tables: list[TableReader], site_id: UUID) -> dict[str, UUID]:
    """Name -> id. The source gives the id, so that a birth seen before the file and the file make one asset."""
    ids: dict[str, UUID] = {}
    sources: dict[str, str] = {}
    for table in tables:
        name, source = table.text("name").strip(), table.text("source", "").strip().strip("/")
        if not name:
            if "name" in table.table:
                table.problem("name", "must not be empty", "give it a name")
            continue
        if name in ids:
            table.problem("name", f"'{name}' is used twice", "every asset needs its own name")
            continue
        if source and source in sources:
            table.problem("source", f"'{source}' is also the source of '{sources[source]}'", "one asset per source")
            source = ""
        if source:
            sources[source] = name
            if source.count("/") < 1:
                table.problem("source", f"'{source}' has too few parts", "write broker/group/node or .../node/device")
        ids[name] = identity.asset_id(site_id, source or f"name:{name}")
    return ids


def _asset(table: TableReader, ids: dict[str, UUID]) -> Asset:
    name, parent = table.text("name").strip(), table.text("parent", "").strip()
    if parent and parent not in ids:
        table.problem("parent", f"there is no asset '{parent}'", "name another asset of this file")
    elif parent and parent == name:
        table.problem("parent", "is the asset itself", "name the asset that it is part of")
    level: float | None = None
    if "level" in table.table:
        level = table.number("level", 0.0)
        if not LEVELS[0] <= level <= LEVELS[1]:
            table.problem("level", "must lie between 0 and 4", "Purdue levels: 0 field ... 4 enterprise")
    asset_class = table.choice("class", tuple(AssetClass), AssetClass.UNKNOWN.value)
    asset = Asset(
        asset_id=ids.get(name, UUID(int=0)),
        name=name,
        asset_class=AssetClass(asset_class) if asset_class in tuple(AssetClass) else AssetClass.UNKNOWN,
        level=level,
        area=table.text("area", ""),
        parent=ids.get(parent) if parent != name else None,
        source=table.text("source", "").strip().strip("/"),
        description=table.text("description", ""),
        procedure=table.text("procedure", ""),
    )
    table.unknown_keys()
    return asset


def _check_parents(tables: list[TableReader], assets: tuple[Asset, ...]) -> None:
    """A thing cannot be part of itself through others."""
    parents = {asset.asset_id: asset.parent for asset in assets}
    for table, asset in zip(tables, assets, strict=True):
        seen: set[UUID] = set()
        at = asset.parent
        while at is not None and at not in seen:
            if at == asset.asset_id:
                table.problem("parent", f"'{asset.name}' is part of itself", "break the circle of parents")
                break
            seen.add(at)
            at = parents.get(at)


def _link(table: TableReader, ids: dict[str, UUID]) -> Link | None:
    a, b = table.text("a").strip(), table.text("b").strip()
    kind = table.choice("kind", tuple(LinkKind), LinkKind.CONNECTS.value)
    table.unknown_keys()
    for key, name in (("a", a), ("b", b)):
        if name and name not in ids:
            table.problem(key, f"there is no asset '{name}'", "name an [[asset]] of this file")
    if a and a == b:
        table.problem("b", f"links '{a}' with itself", "name another asset")
    if a not in ids or b not in ids or a == b or kind not in tuple(LinkKind):
        return None
    return Link(ids[a], ids[b], LinkKind(kind))
