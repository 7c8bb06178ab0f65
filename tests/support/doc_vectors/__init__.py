"""Makes the vectors of docs/vectors with the firmware's own code: `make docs-vectors`.

Each module here makes the file of its name: ``async make()`` gives what is in it, as JSON has it.
Everything random is fixed and clocks stand still, so whatever runs it gets the same; a test makes
all of it again on both interpreters. That it is right is shown in tests/interop/vectors, by code
that shares none with this.
"""

NAMES = (
    "keys",
    "framing",
    "handshakes",
    "unlocks",
    "refusals",
    "errors",
    "policy",
    "events",
    "clock",
    "lan",
)


async def make(name):
    """What is in the file of that name, a dictionary of what JSON knows."""
    module = getattr(__import__("doc_vectors." + name), name)
    return await module.make()
