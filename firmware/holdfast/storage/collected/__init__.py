"""Copies of other nodes' events, a bounded share a node, until a carrier brings them home."""
