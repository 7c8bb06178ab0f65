"""Listens to the firmware while it computes, without a change to it: for as long as it is open,
functions of its modules are replaced by ones that note what went in and what came out.
"""

import crypto
from edhoc import key_schedule, message

_WATCHED = (
    (
        crypto,
        (
            "aes_ccm_encrypt",
            "hkdf_expand",
            "hkdf_extract",
            "p256_ecdh",
            "p256_ecdh_steps",
            "x25519",
            "x25519_steps",
        ),
    ),
    (
        key_schedule,
        (
            "external_aad",
            "iv_3",
            "iv_4",
            "k_3",
            "k_4",
            "kdf",
            "keystream_2_steps",
            "mac_2",
            "mac_3",
            "prk_2e",
            "prk_3e2m",
            "prk_4e3m",
            "prk_exporter",
            "prk_out",
            "salt_3e2m",
            "salt_4e3m",
            "th_2",
            "th_3",
            "th_4",
        ),
    ),
    (message, ("seal",)),
)


class Tap:
    """``calls`` are (name, arguments, result) in the order in which they ended."""

    def __init__(self):
        self.calls = []
        self._genuine = []

    def __enter__(self):
        for module, names in _WATCHED:
            for name in names:
                genuine = getattr(module, name)
                self._genuine.append((module, name, genuine))
                setattr(module, name, self._noting(name, genuine))
        return self

    def __exit__(self, *_):
        for module, name, genuine in self._genuine:
            setattr(module, name, genuine)

    def of(self, name):
        """(arguments, result) of all calls of the function, and of its twin in steps."""
        return [call[1:] for call in self.calls if call[0] in (name, name + "_steps")]

    def one(self, name):
        """(arguments, result) of a function that gave one result to whoever asked."""
        found = self.of(name)
        for _, result in found:
            if result != found[0][1]:
                raise ValueError("the two sides differ in " + name)
        return found[0]

    def _noting(self, name, genuine):
        def note(arguments, result):
            self.calls.append((name, [_kept(value) for value in arguments], _kept(result)))
            return result

        def call(*arguments, **options):
            return note(arguments, genuine(*arguments, **options))

        def steps(*arguments):
            return note(arguments, (yield from genuine(*arguments)))

        return steps if name.endswith("_steps") else call


def _kept(value):
    # A buffer may be used again for something else.
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else value
