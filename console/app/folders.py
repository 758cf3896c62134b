"""Which configuration and which data folder a command works on."""

from dataclasses import dataclass
from pathlib import Path

import platformdirs

from console.config.station_file import FILE


@dataclass(frozen=True, slots=True)
class Folders:
    """`config` holds station.toml, `data` the databases; in a demo they are one folder."""

    config: Path
    data: Path


def resolve(config: str | None, data: str | None) -> Folders:
    """`--data` alone may name a station's folder or a demo's (then its `station-1`); nothing given means this PC's."""
    if config is None and data is not None:
        folder = Path(data).expanduser().resolve()
        if not (folder / FILE).exists() and (folder / "station-1" / FILE).exists():
            folder /= "station-1"
        if (folder / FILE).exists():
            return Folders(folder, folder)
        return Folders(default_config(), folder)
    config_folder = Path(config).expanduser().resolve() if config is not None else default_config()
    if data is not None:
        return Folders(config_folder, Path(data).expanduser().resolve())
    return Folders(config_folder, _told_by_file(config_folder) or default_data(config_folder, config is not None))


def default_config() -> Path:
    """`%PROGRAMDATA%\\Leitstand` on Windows, the XDG configuration folder on Linux."""
    return Path(
        platformdirs.site_config_dir("Leitstand", False) if _is_windows() else platformdirs.user_config_dir("leitstand")
    )


def default_data(config: Path, config_given: bool) -> Path:
    """Beside a configuration that was named, else where the system keeps program data."""
    if config_given:
        return config / "data"
    return Path(
        platformdirs.site_data_dir("Leitstand", False) if _is_windows() else platformdirs.user_data_dir("leitstand")
    )


def _told_by_file(config: Path) -> Path | None:
    from console.config.station_file import read_station

    settings, _ = read_station(config)
    return settings.data if settings is not None else None


def _is_windows() -> bool:
    import os

    return os.name == "nt"
