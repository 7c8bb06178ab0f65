"""A board's network, as its file ``lan.json`` says it (firmware/holdfast/hal/esp32/lan.py)."""

import ipaddress
import json
from pathlib import Path

from .. import files
from ..errors import UsageProblem

FILE = "lan.json"
_LIMIT = 512
_ADVICE = (
    'write {"ssid": "doors", "key": "..."}, or {"phy": "LAN8720", "pins": {...}}, each perhaps'
    ' with "ntp": "192.168.1.1"'
)


def from_file(path: Path) -> bytes:
    """The network that the file ``path`` says, as it goes to a board.

    What the firmware would refuse is refused here; the key is in no problem that is raised.
    """
    raw = files.read(path, _LIMIT, "file of the network", _ADVICE)
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UsageProblem(f"{path} is no JSON", _ADVICE) from error
    if not isinstance(said, dict):
        raise UsageProblem(f"{path} is no JSON object", _ADVICE)
    _check(path, dict(said))
    return raw


def _check(path: Path, said: dict) -> None:
    server = said.pop("ntp", None)
    if server is not None:
        try:
            ipaddress.IPv4Address(server if isinstance(server, str) else "")
        except ValueError as error:
            raise UsageProblem(f"{path}: ntp is no IPv4 address", _ADVICE) from error
    if set(said) == {"ssid", "key"}:
        _check_wifi(said["ssid"], said["key"], str(path))
        return
    said.setdefault("phy_address", 0)
    if set(said) != {"phy", "pins", "phy_address"} or not isinstance(said["pins"], dict):
        raise UsageProblem(f"{path}: neither ssid and key nor phy and pins", _ADVICE)
    numbers = [*said["pins"].values(), said["phy_address"]]
    if not isinstance(said["phy"], str) or any(type(one) is not int for one in numbers):
        raise UsageProblem(f"{path}: a value of another type", _ADVICE)


def _check_wifi(ssid: object, key: object, where: str) -> None:
    if not isinstance(ssid, str) or not 1 <= len(ssid.encode()) <= 32:
        raise UsageProblem(f"{where}: a Wi-Fi's name has 1 to 32 bytes", _ADVICE)
    if not isinstance(key, str) or not 8 <= len(key.encode()) <= 63:
        raise UsageProblem(f"{where}: a Wi-Fi's password has 8 to 63 bytes", _ADVICE)
