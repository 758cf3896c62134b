"""Writes the demo's site and station folders once, with ids and random passwords, and keeps them on later starts."""

import secrets
import shutil
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from console.app.demo.plant_model import NodeModel, PlantModel
from console.config.private_file import write_private
from console.config.users_file import PLANT_COST, PasswordCost, UserEntry, hash_password, write_users
from console.domain.derived import BROKER as DERIVED
from console.domain.identity import uuid7
from console.domain.people import Role

BROKER = "plant"  # the broker's name in every source
COPIED = ("alarms.toml", "derived.toml", "history.toml", "topics.toml")
PEOPLE = (
    ("operator", "Anna Keller", Role.OPERATOR),
    ("lead", "Jonas Wagner", Role.SHIFT_LEAD),
    ("engineer", "Mira Novak", Role.ENGINEER),
    ("manager", "Paul Richter", Role.SERVICE_MANAGER),
    ("admin", "Sofia Brandt", Role.ADMINISTRATOR),
)
FIGURES = (  # where the tags of derived.toml belong: group/node, name, area, parent
    ("PressShop/Line 1", "Figures of press line 1", "Press shop", "PS-LINE-1"),
    ("Utilities/Compressed air", "Figures of compressed air", "Utilities", "UT-AIR"),
)
_PASSWORDS = "users.txt"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE_DIGITS = "123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base32 without zero
_DESK_STATIONS = 2  # so many consoles stand at one desk


def prepare_site(folder: Path, model: PlantModel, resources: Path, stations: int) -> None:
    """Write `folder` (the site's files) where they are missing; what is there stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    site = folder / "site.toml"
    known = _read(site)
    site_id = str(known.get("id") or _new_id())
    if not known or len(known.get("position", [])) < _desk_count(stations):
        site.write_text(_site_text(site_id, model, stations), encoding="utf-8")
    for name in COPIED:
        if not (folder / name).exists():
            shutil.copyfile(resources / name, folder / name)
    if not (folder / "assets.toml").exists():
        (folder / "assets.toml").write_text(assets_text(model), encoding="utf-8")


def prepare_people(folder: Path, site_folder: Path, cost: PasswordCost = PLANT_COST) -> None:
    """Make `users.txt` with random passwords and `users.toml` with their hashes, unless both are there."""
    if (folder / _PASSWORDS).exists() and (site_folder / "users.toml").exists():
        return
    passwords = {login: _new_password() for login, _, _ in PEOPLE}
    write_users(
        site_folder,
        [
            UserEntry(f"demo-{login}", login, name, (role,), password_hash=hash_password(passwords[login], cost))
            for login, name, role in PEOPLE
        ],
    )
    write_private(
        folder / _PASSWORDS,
        "# The demo's people. Random, made on this machine; delete this folder and new ones are made.\n"
        + "".join(f"{login:<10} {password}\n" for login, password in passwords.items()),
    )


def read_passwords(folder: Path) -> dict[str, str]:
    """Login -> password, as `users.txt` has them."""
    lines = (folder / _PASSWORDS).read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line.strip() and not line.startswith("#"))
    return {pair[0]: pair[1] for pair in pairs}


def prepare_station(
    folder: Path,
    number: int,
    broker_port: int,
    centre_port: int = 0,
    centre_user: str = "",
    centre_password: Path | None = None,
) -> None:
    """Write `station.toml` for today's ports, without a centre when no port is given; the id and what was changed by
    hand (name, look) stays."""
    folder.mkdir(parents=True, exist_ok=True)
    known = _read(folder / "station.toml")
    lines = [
        "# A console of the demo. Ports change on every start of the demo.",
        "version = 2",
        f"station_id = {_quoted(str(known.get('station_id') or _new_id()))}",
        f"name = {_quoted(str(known.get('name') or f'Console {number}'))}",
        f"code = {_quoted(station_code(number))}",
        f"position = {_quoted(_desk_id(number))}",
        *(f"{key} = {_quoted(str(known[key]))}" for key in ("language", "theme", "host_id") if known.get(key)),
        'data = "."',
        'site = "../site"',
        'anchor = "../anchors"',
        "ballast_mb = 8",
        "",
        "[backup]",
        'folder = "../backups"',
        "",
        "[[broker]]",
        f"name = {_quoted(BROKER)}",
        'host = "127.0.0.1"',
        f"port = {broker_port}",
        'protocol = "3.1.1"',
        "",
        "[centre]",
    ]
    if centre_port and centre_password is not None:
        lines += [
            'host = "127.0.0.1"',
            f"port = {centre_port}",
            'database = "leitstand"',
            f"user = {_quoted(centre_user)}",
            f"password_file = {_quoted(str(centre_password))}",
            'sslmode = "disable"  # this PostgreSQL speaks on the loopback only',
        ]
    else:
        lines.append('host = ""')
    (folder / "station.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def station_code(number: int) -> str:
    """K1, K2 ... KZ."""
    return f"K{_CODE_DIGITS[number - 1]}"


def most_stations() -> int:
    return len(_CODE_DIGITS)


def assets_text(model: PlantModel) -> str:
    """`assets.toml` of the plant: areas, nodes, devices, meters and every link that the plant document knows."""
    blocks = ["# The documented plant: what stands where, and what depends on what.\nversion = 1\n"]
    blocks += [_block("asset", row) for row in _assets(model)]
    blocks += [_block("link", {"a": a, "b": b, "kind": kind}) for a, b, kind in _links(model)]
    return "\n".join(blocks)


def _assets(model: PlantModel) -> Iterator[dict[str, Any]]:
    yield {"name": model.name, "class": "site", "level": 4.0, "description": "A fictitious automotive supplier"}
    areas = dict.fromkeys([*(node.area for node in model.nodes), model.meter_area])
    for area in areas:
        yield {"name": area, "class": "line", "level": 3.0, "area": area, "parent": model.name}
    for node in model.nodes:
        source = f"{BROKER}/{node.group}/{node.node}"
        yield _node_row(node, source)
        for device in node.devices:
            yield {
                "name": device.name,
                "class": device.asset_class,
                "level": device.level,
                "area": node.area,
                "source": f"{source}/{device.name}",
                "parent": node.node,
                "description": device.description,
            }
    for source, name, area, parent in FIGURES:
        yield {
            "name": name, "class": "application", "level": 2.0, "area": area, "source": f"{DERIVED}/{source}",
            "parent": parent, "description": "Computed by this console",
        }  # fmt: skip
    for meter in model.meters:
        yield {
            "name": meter.name,
            "class": "sensor",
            "level": 0.0,
            "area": model.meter_area,
            "source": f"{BROKER}/{meter.topic.split('/', 1)[0]}/{meter.topic}",
            "parent": model.meter_area,
            "description": f"Energy meter, {meter.rated_kw:.0f} kW",
        }


def _node_row(node: NodeModel, source: str) -> dict[str, Any]:
    return {
        "name": node.node,
        "class": "gateway",
        "level": node.level,
        "area": node.area,
        "source": source,
        "parent": node.area,
        "description": node.description,
    }


def _links(model: PlantModel) -> Iterator[tuple[str, str, str]]:
    for node in model.nodes:
        yield node.switch, node.node, "connects"
        monitors = node.group in ("Network", "ServerRoom")  # these nodes look at devices that have cables of their own
        for device in node.devices:
            if not monitors and device.name != node.switch:
                yield node.node, device.name, "connects"
    yield from model.links


def _block(name: str, row: dict[str, Any]) -> str:
    lines = [f"{key} = {_quoted(value) if isinstance(value, str) else value}" for key, value in row.items()]
    return "\n".join([f"[[{name}]]", *lines, ""])


def _site_text(site_id: str, model: PlantModel, stations: int) -> str:
    head = f'version = 1\nid = "{site_id}"\nname = {_quoted(model.name)}\ntz = {_quoted(model.time_zone)}\n'
    desks = []
    for desk in range(_desk_count(stations)):
        first = desk * _DESK_STATIONS + 1
        last = min(first + _DESK_STATIONS - 1, most_stations())
        codes = ", ".join(_quoted(station_code(number)) for number in range(first, last + 1))
        name = "Control room" if desk == 0 else f"Control room {desk + 1}"
        desks.append(
            f'\n[[position]]\nid = "{_desk_id(first)}"\nname = {_quoted(name)}\nareas = []\nstations = [{codes}]\n'
        )
    return head + "".join(desks)


def _desk_id(number: int) -> str:
    desk = (number - 1) // _DESK_STATIONS
    return "desk" if desk == 0 else f"desk-{desk + 1}"


def _desk_count(stations: int) -> int:
    return (stations + _DESK_STATIONS - 1) // _DESK_STATIONS


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _new_id() -> UUID:
    return uuid7(time.time_ns() // 1_000_000, secrets.randbits(80))


def _new_password() -> str:
    """Four groups of four letters without look-alikes: 79 bits, easily typed."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
