"""Flash and heap that the reader takes, a room, beside another commit: `make size`."""
