"""In the place of aioble, where it is not at hand: what link/gatt uses of it, and no more.

Of our own making; tests/upy/firmware/link/gatt/test_stand_in.py holds it against the real one.
"""
