"""Which role a device has. Loads nothing that decides: who carries must not have it."""

import gc

from untrusted import InvalidInput

from ..storage import files
from ..storage.keys import KeyStore
from ..storage.settings import SettingsStore

_RESET = "factory-reset"  # begins the name of whatever asks for one


def carries(directory: str, random_bytes) -> bool:
    """Whether the device whose keys and settings lie in ``directory`` is one that carries. What is
    wrong with them, who decides is to say.
    """
    try:
        # After a reset it is nothing yet.
        if any([name.startswith(_RESET) for name in files.names(directory)]):
            return False
        private_key = KeyStore(directory, random_bytes).private_key()
        return SettingsStore(directory, private_key, random_bytes).is_of_carrier()
    except (InvalidInput, OSError):
        return False
    finally:
        gc.collect()  # before what lives for long is loaded
