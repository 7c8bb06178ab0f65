"""The core of the phone's page, in Node: what it sends and believes, byte for byte."""

import pytest

from web import node

SCRIPTS = ["vectors.mjs", "hostile.mjs"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_core(script):
    """Each script is a file of Node's own tests, and tells its story at its top."""
    node.run(script)
