"""The door: strike, indicator, and the resource through which a phone asks it to open."""
