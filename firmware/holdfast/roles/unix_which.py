"""Which role a device on the unix port has. Loads nothing that decides: who carries must not have
it.
"""

import gc

from untrusted import InvalidInput

from ..hal.unix.rng import random_bytes
from ..storage import files
from ..storage.keys import KeyStore
from ..storage.settings import SettingsStore

_RESET = "factory-reset"  # begins the name of whatever asks for one


def role(arguments):
    """What is to be called with these arguments: the ``main`` of the role."""
    if arguments and _is_carrier(arguments[0]):
        from .unix_carrier import main as carrier

        return carrier
    from .unix_reader import main as reader

    return reader


def _is_carrier(directory):
    try:
        # After a reset it is nothing yet, which a reader says.
        if any([name.startswith(_RESET) for name in files.names(directory)]):
            return False
        private_key = KeyStore(directory, random_bytes).private_key()
        return SettingsStore(directory, private_key, random_bytes).is_of_carrier()
    except (InvalidInput, OSError):
        return False  # what is wrong a reader says, too
    finally:
        gc.collect()  # before what lives for long is loaded
