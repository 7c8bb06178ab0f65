"""CBOR, RFC 8949: a deterministic encoder and a strict, bounded decoder.

The decoder takes bytes from strangers. It raises DecodeError and nothing else, allocates no more
than the input justifies, and with ``deterministic=True`` accepts exactly what the encoder writes.
"""

from .decoder import MAX_DEPTH, MAX_ITEMS, decode, decode_prefix, decode_sequence, skip
from .encoder import bytes_head, encode, encode_sequence
from .types import UNDEFINED, DecodeError, Raw, Simple, Tag

__all__ = (
    "MAX_DEPTH",
    "MAX_ITEMS",
    "UNDEFINED",
    "DecodeError",
    "Raw",
    "Simple",
    "Tag",
    "bytes_head",
    "decode",
    "decode_prefix",
    "decode_sequence",
    "encode",
    "encode_sequence",
    "skip",
)
