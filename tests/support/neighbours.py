"""A second node of the small site, and what asks it. Runs on both interpreters."""

import cbor
import crypto
import small_site as site
from harness import new_folder
from holdfast.link.introduction import Introductions
from holdfast.link.partner import Partner
from holdfast.roles.reader import Reader
from holdfast.storage import settings
from memory_phone import Hardware

OTHER = "reader-2"
OTHER_CTI = b"\x20\x21\x22\x23\x24\x25\x26\x27"

_PRIVATE = b"\x77" * 32


def other_node(name=OTHER, directory=None, policy=True):
    """A second reader of the same door, on the other side of the wall, with a memory in
    ``directory`` (a new one). It follows the site's first changeset if ``policy``.
    """
    configured = {
        3: name,
        6: site.device_certificate(_PRIVATE, {2: name, 7: OTHER_CTI}),
        13: crypto.x25519_public_key(_PRIVATE),
    }
    reader = Reader(
        settings.decode(cbor.encode(site.settings_map(configured))),
        _PRIVATE,
        Hardware(),
        directory or new_folder(),
    )
    reader.start()
    if policy:
        reader.apply(site.changeset())
    return reader


def partner_of(node, send, name=OTHER):
    """The Partner ``name`` of a node that asks it by ``send``."""
    introductions = Introductions(
        node.trust,
        node.ephemerals,
        node.contexts,
        node.engine,
        lambda: node.keys.entries[0][1:],
        node.may_be_remembered,
    )
    return Partner(name, send, introductions, node.exchanger, node.contexts)
