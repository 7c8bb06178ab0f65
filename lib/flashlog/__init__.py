"""An append-only log of CRC-framed records in a directory, which survives power cuts and damage.

The format is in docs/flash_format.md, the reasons for it in docs/decisions/007-flashlog.md.
"""

from .log import FlashLog, LogFull

__all__ = ("FlashLog", "LogFull")
