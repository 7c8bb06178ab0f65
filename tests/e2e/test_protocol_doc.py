"""docs/protocol.md shows one real unlock; here the firmware makes it again and every byte must
be there.
"""

INTERPRETERS = ("micropython", "cpython")

import crypto
import recorded_unlock
import small_site as site


def _document():
    with open("docs/protocol.md") as file:
        return file.read()


def _hexadecimal_rows(text):
    """All hexadecimal in the document, the rows of one block joined."""
    joined = ""
    for line in text.split("\n"):
        row = line.strip()
        is_row = len(row) > 8 and all([digit in "0123456789abcdef" for digit in row])
        joined += row if is_row else " " + " ".join(line.split("`")) + " "
    return joined


async def test_the_document_shows_what_the_firmware_says():
    """A page that drifted from the code would send a stranger the wrong way."""
    shown = _hexadecimal_rows(_document())
    for name, data in await recorded_unlock.record():
        assert data.hex() in shown, name


async def test_the_keys_in_the_document_are_those_of_the_recording():
    """With them a stranger can follow each step; a wrong one would cost an evening."""
    text = _document()
    keys = recorded_unlock.private_keys()
    for name, key in keys.items():
        assert "| " + name + " | `" + key.hex() + "` |" in text, name
    steps = dict(await recorded_unlock.record())
    public = crypto.x25519_public_key
    assert public(keys["reader, ephemeral (X25519)"]) == steps["message_2"][2:34]
    assert public(keys["phone, ephemeral (X25519)"]) == steps["message_1"][4:36]
    assert public(keys["phone, static (X25519)"]) in steps["credential"]
    assert public(keys["reader, static (X25519)"]) in steps["device certificate"]


async def test_the_sizes_in_the_document_are_counted():
    """The budget of the wire: 600 bytes cold, 90 warm, both ways with framing."""
    cold, warm = recorded_unlock.sizes(await recorded_unlock.record())
    text = _document()
    assert (
        "| cold | 2 | %d |" % cold in text
        and "| warm, on a new connection | 1 | %d |" % warm in text
    )
    assert cold <= 600 and warm <= 90


async def test_the_sizes_of_suite_2_are_counted_too():
    """The same budget, and the same two and one round trips."""
    steps = await recorded_unlock.record(suite=2)
    cold, warm = recorded_unlock.sizes(steps)
    lengths = {name: len(data) for name, data in steps}
    text = _document()
    assert "| cold, suite 2 | 2 | %d |" % cold in text, cold
    assert "| warm, suite 2, on a new connection | 1 | %d |" % warm in text, warm
    sentence = "certificate %d bytes, credential %d" % (
        lengths["device certificate"],
        lengths["credential"],
    )
    assert sentence in text, sentence
    assert cold <= 600 and warm <= 90


def test_the_limits_in_the_document_are_the_limits():
    """What a phone may count on."""
    from holdfast.link.limits import Limits

    limits, text = Limits(), _document()
    for row in (
        "reader computes is not counted | %d s |" % (limits.first_ms // 1000),
        "after its first byte | %d s |" % (limits.last_ms // 1000),
        "shown nothing for %d s | %d |" % (limits.last_ms // 1000, limits.connections),
        "such request after the last | %d s |" % (limits.idle_ms // 1000),
        "can be decrypted | %d |" % limits.unproven,
        "whole connection | %d s |" % (limits.lifetime_ms // 1000),
        "requests on one connection | %d |" % limits.requests,
        "dropped first; for one `cnf` key | %d; 2 |" % limits.contexts,
        "at\nmost %d bytes" % limits.message_size,
    ):
        assert row in text, row


def test_no_secret_of_the_document_opens_a_real_door():
    """The published seed is the counting one, which nobody could mistake for a key."""
    assert site.AUTHORITY_SEED == bytes(range(32))
