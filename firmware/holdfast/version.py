"""Which firmware this is: the version of the whole repository, as pyproject.toml has it."""

VERSION = "0.1.0"
