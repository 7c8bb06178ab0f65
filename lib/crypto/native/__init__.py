"""Public-key cryptography and SHA-512 in machine code, driven by a little Python.

:mod:`.backend` is what :mod:`crypto.backend` may choose. Each other module drives the machine code
of one algorithm, and imports it: where it was not built, nothing here loads.
"""
