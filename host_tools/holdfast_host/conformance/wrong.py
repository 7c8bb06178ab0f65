"""What a phone did otherwise than docs/protocol.md says: at which step, and at which value."""

import dataclasses


class Wrong(Exception):
    """``step`` of the conversation, the ``value`` in it, and what is ``said`` of it; what it
    ``should`` have been and what ``came``, where that can be shown.
    """

    def __init__(self, step: str, value: str, said: str, should: str = "", came: str = ""):
        super().__init__(f"{step}: {value}: {said}")
        self.step = step
        self.value = value
        self.said = said
        self.should = should
        self.came = came


@dataclasses.dataclass
class Finding:
    """What came of one try: ``name`` of what was tried, whether it ``passed``, and how it went;
    the wrong ``step`` and ``value``, if one was.
    """

    name: str
    passed: bool
    said: str
    step: str = ""
    value: str = ""
    should: str = ""
    came: str = ""
