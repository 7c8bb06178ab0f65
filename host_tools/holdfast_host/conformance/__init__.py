"""Whether a stranger's phone does what docs/protocol.md says, and at which value it does not."""
