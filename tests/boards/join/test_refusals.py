"""What cannot be joined is said with file, line and what to do, and nothing is written."""

import pytest
from join.__main__ import main
from join.problem import Problem

from joined import Joint

REFUSED = {
    "import *": ("from other import *\n", r"main\.py:1: import \*: name what is wanted"),
    "globals": ("x = 1\ny = globals()['x']\n", r"main\.py:2: globals\(\) sees names"),
    "exec": ("exec('x = 1')\n", r"main\.py:1: exec\(\)"),
    "an import by a name of run time": ("m = __import__('other')\n", r"main\.py:1: __import__"),
    "a name that nothing binds": ("def f():\n    return nothing\n", r"main\.py:2: nothing binds"),
    "a name a module has not": ("import other\nprint(other.z)\n", r"main\.py:2: other has no z"),
    "one that is imported": ("from other import z\n", r"main\.py:1: other has no z"),
    "a module that is not there": ("import pack.none\n", r"main\.py:1: no module pack\.none"),
    "a copy of what changes": (
        "from other import count\nprint(count)\n",
        r"main\.py:1: other\.count is set again later, and this is a copy: import the module",
    ),
    "a class body that may mean either": (
        "x = 1\nclass C:\n    if x:\n        x = 2\n    y = x\n",
        r"main\.py:3: x may be the class's or the one around it",
    ),
    "syntax": ("def f(:\n", r"main\.py:1: "),
    "the same names of two values": (
        "import other, third\nfor m in (other, third):\n    print(m.f())\n",
        r"third and other are both used as values, are loaded together, and both have f",
    ),
}
FILES = {
    "other.py": """
        count = 0
        def f():
            global count
            count += 1
    """,
    "third.py": "def f():\n    pass\n",
    "pack/__init__.py": "",
}


@pytest.mark.parametrize("program, said", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_joined_is_told(tmp_path, program, said):
    with pytest.raises(Problem, match=said):
        Joint(tmp_path, {**FILES, "main.py": program})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text, said",
    (
        ("unit = 'one'\nroots = ['none']\nsources = ['.']\n", "no module none"),
        ("unit = 'one'\nroots = ['main']\n", "no sources"),
        ("unit = 'one'\nroots = ['main']\nsources = ['.']\nrooms = 3\n", "unknown key rooms"),
        ("unit", "write it as TOML"),
    ),
)
def test_a_configuration_that_is_wrong_is_told(tmp_path, capsys, text, said):
    (tmp_path / "main.py").write_text("")
    (tmp_path / "join.toml").write_text(text)
    assert main([str(tmp_path / "join.toml"), str(tmp_path / "out")]) == 1
    assert said in capsys.readouterr().err


def test_globals_may_be_asked_for_constants_where_the_configuration_says_so(tmp_path):
    """``name of a number`` costs no table of names then; what else there is is not among them."""
    files = {
        "main.py": "import codes\nprint(codes.name(2), codes.TWO)\n",
        "codes.py": """
            ONE = 1
            TWO = 2
            def name(code):
                for word, value in globals().items():
                    if value == code and "A" <= word[0] <= "Z":
                        return word
        """,
    }
    with pytest.raises(Problem, match=r"codes\.py:5"):
        Joint(tmp_path / "a", files)
    assert Joint(tmp_path / "b", files, constant_globals=["co*"]).printed() == "TWO 2\n"
