"""What is loaded when: a program that is joined loads what it loaded before, and no sooner."""

import pytest
from join.problem import Problem

from joined import Joint

LATE = {
    "main.py": """
        import early
        print("main")
        def act(n):
            if n == 1:
                from late import one
                return one()
            import late.two as two
            return two.run(), two.LIMIT
        print(early.VALUE, act(1))
        print(act(2))
        from sys import modules
        print("all" if act(1) == "one" else "?")
    """,
    "early.py": """
        VALUE = 7
        print("early is loaded")
    """,
    "late/__init__.py": """
        from .shared import helper
        print("late is loaded")
        def one():
            return helper("one")
    """,
    "late/shared.py": """
        print("shared is loaded")
        def helper(x):
            return x
    """,
    "late/two.py": """
        from early import VALUE
        from .shared import helper
        print("two is loaded")
        LIMIT = VALUE + 1
        def run():
            return helper("two")
    """,
}


def test_an_import_in_a_function_stays_late(tmp_path):
    """What it loads runs when it always did, also what two such imports share."""
    program = Joint(tmp_path, LATE)
    assert program.units() == {"one", "one_late", "one_late_two"}
    printed = program.printed()
    assert printed.index("main") < printed.index("shared is loaded") < printed.index("two is")


def test_an_import_of_what_is_there_vanishes(tmp_path):
    program = Joint(
        tmp_path,
        {
            "main.py": """
                import other
                def f():
                    from other import g
                    import other as o
                    return g(), o.h()
                print(f())
            """,
            "other.py": "def g():\n    return 'g'\ndef h():\n    return 'h'\n",
        },
    )
    assert program.printed() == "('g', 'h')\n"
    assert "import" not in program.text().partition("\n")[2]


def test_a_package_that_hands_on_is_no_module_any_more(tmp_path):
    program = Joint(
        tmp_path,
        {
            "main.py": """
                import pack
                from pack import renamed as again, inner
                from pack.inner import made as direct
                print(pack.made(), again(), inner.made(), pack.inner.made(), direct is again)
            """,
            "pack/__init__.py": """
                from . import inner
                from .inner import made
                from .inner import made as renamed
            """,
            "pack/inner.py": """
                from . import deeper
                def made():
                    return deeper.VALUE, deeper.f()
            """,
            "pack/deeper.py": "VALUE = (1, b'x')\ndef f():\n    return VALUE[1]\n",
        },
    )
    assert program.printed().startswith("((1, b'x'), b'x')")
    assert program.units() == {"one"}


def test_a_module_that_is_a_value_has_its_names(tmp_path):
    """One of several is chosen while the program loads, and asked for names later."""
    program = Joint(
        tmp_path,
        {
            "main.py": """
                import chooser, base
                print(chooser.chosen.run(2), chooser.chosen.NAME, chooser.chosen.base_help())
                print(getattr(chooser.chosen, "run")(3), base.base_help())
                chooser.switch()
                print(chooser.chosen.run(2), chooser.chosen.NAME)
                def name(run):
                    return run, chooser.chosen.run(5)
                print(name(1))
            """,
            "chooser.py": """
                def _choose():
                    try:
                        from missing_of_all import nothing
                    except ImportError:
                        import first
                    return first
                chosen = _choose()
                def switch():
                    global chosen
                    from second import inner
                    chosen = inner
            """,
            "base.py": "def base_help():\n    return 'help'\n",
            "first.py": """
                from base import base_help
                NAME = "first"
                def run(x):
                    return helper(x)
                def helper(x):
                    return x * 10
            """,
            "second/__init__.py": "",
            "second/inner.py": """
                NAME = "second"
                def run(x):
                    return helper(x)
                def helper(x):
                    return x * 100
            """,
        },
    )
    assert "200 second" in program.printed()


def test_what_a_late_unit_needs_while_the_first_one_loads_is_there(tmp_path):
    """The order of a unit is that of the imports, those included that functions make meanwhile."""
    program = Joint(
        tmp_path,
        {
            "main.py": "import chooser, tools\nprint(chooser.chosen(), tools.tool())\n",
            "chooser.py": """
                def choose():
                    from backend import compute
                    return compute
                chosen = choose()
            """,
            "backend.py": """
                from tools import tool
                MADE = tool()
                def compute():
                    return MADE
            """,
            "tools.py": "def tool():\n    return 'tool'\n",
        },
    )
    assert program.printed() == "tool tool\n"


def test_what_a_module_has_can_be_set_from_outside(tmp_path):
    program = Joint(
        tmp_path,
        {
            "main.py": """
                import other
                def change(f=None):
                    other.LIMIT = 6
                    other.f = lambda: "changed"
                print(other.LIMIT, other.f(), other.ask())
                change()
                print(other.LIMIT, other.f(), other.ask())
                other.LIMIT += 1
                def late():
                    import third
                    third.state = 1
                    third.FIXED = 2
                    return third.ask(), third.state
                print(other.ask(), late())
            """,
            "other.py": """
                LIMIT = 5
                def f():
                    return "f"
                def ask():
                    return LIMIT, f()
            """,
            "third.py": "state = 0\nFIXED = 1\ndef ask():\n    return state, FIXED\n",
        },
    )
    assert program.printed().splitlines()[1] == "6 changed (6, 'changed')"


def test_a_branch_for_another_interpreter_is_gone(tmp_path):
    files = {
        "main.py": """
            import sys
            if sys.implementation.name != "micropython":
                import hosted
                print(hosted.NAME)
            def f():
                return 1 if sys.implementation.name == "micropython" else 2
            if __name__ == "__main__":
                print("never")
            print(f() and __name__)
        """,
        "hosted.py": "NAME = 'hosted'\n",
    }
    program = Joint(tmp_path, files, implementation="micropython")
    assert program.units() == {"one"}
    assert "never" not in program.text() and "hosted" not in program.text()
    Joint(tmp_path / "open", files).printed()


def test_what_nothing_reaches_is_left_out_and_what_has_an_effect_stays(tmp_path):
    files = {
        "main.py": """
            from other import used, note
            print(used(), note)
        """,
        "other.py": """
            import unwanted
            note = []
            TABLE = {1: 2}
            def used():
                return 1
            def unused():
                from never import x
                return x, TABLE
            class Unused(Exception):
                limit = len("abc")
            note.append("effect")
        """,
        "unwanted.py": "def f():\n    pass\n",
        "never.py": "x = 1\n",
    }
    program = Joint(tmp_path, files)
    assert program.printed() == "1 ['effect']\n"
    assert program.units() == {"one"}
    for word in ("nused", "TABLE", "def f", "never"):
        assert word not in program.text()
    everything = Joint(tmp_path / "all", files, reach=False)
    assert everything.printed() == "1 ['effect']\n"
    assert "Unused" in everything.text()


def test_a_circle_of_modules_that_works_is_joined_and_one_that_cannot_is_told(tmp_path):
    files = {
        "main.py": "import a\nprint(a.f())\n",
        "a.py": "import b\nX = [1]\ndef f():\n    return b.g()\n",
        "b.py": "import a\ndef g():\n    return a.X\n",
    }
    assert Joint(tmp_path, files).printed() == "[1]\n"
    files["b.py"] = "import a\nY = a.X\ndef g():\n    return Y\n"
    with pytest.raises(Problem, match=r"b\.py:2: a\.X is wanted while one loads"):
        Joint(tmp_path / "broken", files)


def test_what_a_late_module_has_from_another_late_one_is_found_through_it(tmp_path):
    """The other is a unit of its own, since somebody else may load it first: `late.other.Busy`
    is an attribute of what was imported here, and of nothing that is called as it is."""
    program = Joint(
        tmp_path,
        {
            "main.py": """
                def busy(n):
                    import late
                    if n:
                        raise late.other.Busy(late.other.LIMIT)
                    late.other.count += 1
                    return late.other.count
                def alone():
                    from other import Busy
                    return Busy.__name__
                for n in (0, 1):
                    try:
                        print(busy(n))
                    except Exception as error:
                        print(type(error).__name__, error)
                print(alone())
            """,
            "late.py": "import other\ndef use():\n    return other.LIMIT\n",
            "other.py": "LIMIT = 3\ncount = 1\nclass Busy(Exception):\n    pass\n",
        },
    )
    assert program.units() == {"one", "one_late", "one_other"} or program.text("one_late")
    assert program.printed() == "2\nBusy 3\nBusy\n"
