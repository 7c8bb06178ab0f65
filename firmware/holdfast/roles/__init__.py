"""Composition roots: each builds the hardware, hands it down, and runs one kind of device."""
