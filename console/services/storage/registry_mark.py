"""The anchor's second place on Windows: a value in the registry, which no copy of the data folder carries along."""

import sys

if sys.platform == "win32":  # only Windows can prove this branch
    import winreg

    _KEY = r"SOFTWARE\Leitstand\Anchors"
    _HIVES = (winreg.HKEY_LOCAL_MACHINE, winreg.HKEY_CURRENT_USER)  # the first that this account may write

    def read_mark(name: str) -> tuple[str, ...]:
        """The texts kept under this name, one for each hive that has it."""
        found = []
        for hive in _HIVES:
            try:
                with winreg.OpenKey(hive, _KEY) as key:
                    found.append(str(winreg.QueryValueEx(key, name)[0]))
            except OSError:
                continue
        return tuple(found)

    def write_mark(name: str, text: str) -> None:
        """Keep the text. Raises OSError when neither hive can be written."""
        for hive in _HIVES:
            try:
                with winreg.CreateKey(hive, _KEY) as key:
                    winreg.SetValueEx(key, name, 0, winreg.REG_SZ, text)
                    return
            except OSError:
                if hive == _HIVES[-1]:
                    raise

else:

    def read_mark(name: str) -> tuple[str, ...]:
        """No registry here: nothing is kept."""
        return ()

    def write_mark(name: str, text: str) -> None:
        """No registry here: the file alone carries the anchor."""
