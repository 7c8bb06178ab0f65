"""What a unit has in it, and how large its table of names is."""

import subprocess

from join.emit import fill, places

import conftest
from joined import Joint


def test_constants_stand_where_they_are_used(tmp_path):
    program = Joint(
        tmp_path,
        {
            "main.py": """
                import tools
                from tools import SIZE as size
                _A = 5
                B = _A << 2 | 1
                LONG = b"x" * 100
                NEGATIVE = -3
                PAIR = (_A, "text", (None, True))
                MARK = "mark"
                changed = 1
                def change():
                    global changed
                    changed += 1
                def f(mark=MARK):
                    return mark is MARK, B, size, tools.SIZE + 1, NEGATIVE ** 2, PAIR, len(LONG)
                change()
                print(f(), changed, tools.NAMES[tools.SIZE], tools.TEXT)
            """,
            "tools.py": """
                SIZE = 2
                NAMES = {2: "two"}
                TEXT = "a" + "b"
            """,
        },
    )
    assert program.printed() == (
        "(True, 21, 2, 3, 9, (5, 'text', (None, True)), 100) 2 two ab\n"
    )
    for name in ("SIZE", "NEGATIVE", "PAIR", "TEXT", "B ="):
        assert name not in program.text()
    assert "MARK" in program.text()


def test_a_class_is_shown_by_its_own_name_whoever_else_has_it(tmp_path):
    """Three modules, three errors of one name: each is caught by its own, and shown as Error."""
    source = "class Error(Exception):\n    pass\ndef fail():\n    raise Error('%s')\n"
    program = Joint(
        tmp_path,
        {
            "main.py": """
                import one_way, other, third
                for module in ("a", "b", "c"):
                    try:
                        if module == "a":
                            one_way.fail()
                        elif module == "b":
                            other.fail()
                        else:
                            third.fail()
                    except other.Error as error:
                        print("other", type(error).__name__, error)
                    except (one_way.Error, third.Error) as error:
                        print("else", type(error).__name__, error)
            """,
            **{f"{name}.py": source % name for name in ("one_way", "other", "third")},
        },
    )
    assert program.printed() == "else Error one_way\nother Error other\nelse Error third\n"


def test_no_function_keeps_a_dictionary_of_defaults_where_a_tuple_does(tmp_path):
    """Those without a default, and those behind ``*rest``, can be told apart by keyword alone."""
    program = Joint(
        tmp_path,
        {
            "main.py": """
                SIZE = 4
                def plain(a, b=1, *, c=2, d=SIZE):
                    return a, b, c, d
                def must(a, b=1, *, c, d=3):
                    return a, b, c, d
                def many(*rest, c=2):
                    return rest, c
                class Box:
                    def __init__(self, *, c=5):
                        self.c = c
                print(plain(0), plain(0, d=9), plain(0, c=8, b=7), must(0, c=6), many(1, 2, c=3))
                print(Box().c, Box(c=6).c)
            """
        },
    )
    assert program.printed() == (
        "(0, 1, 2, 4) (0, 1, 2, 9) (0, 7, 8, 4) (0, 1, 6, 3) ((1, 2), 3)\n5 6\n"
    )
    text = program.text()
    assert "def plain(a, b=1, c=2, d=4):" in text and "def __init__(self, c=5):" in text
    assert "*, c, d=3" in text and "*rest, c=2" in text


def test_builtins_that_are_used_are_names_of_a_large_unit(tmp_path):
    files = {"main.py": "def f(id):\n    return len([id]), max(1, 2)\nprint(f(1))\n"}
    large = Joint(tmp_path / "large", files, builtins_from=1)
    assert large.printed() == "(1, 2)\n"
    assert "\nlen = len\nmax = max\nprint = print\n" in large.text()
    assert "id = id" not in large.text()
    assert "len = len" not in Joint(tmp_path / "small", files).text()


def test_the_fill_that_is_printed_is_that_of_the_board(tmp_path):
    source = "import json\nX = [1]\ndef f():\n    return len(X), json\nclass C:\n    pass\n"
    files = {"main.py": source}
    program = Joint(tmp_path, files, builtins_from=3)
    (text,) = program.joined.texts
    process = subprocess.run(
        [conftest.micropython(), "-c", "import one\nprint(len(one.__dict__))"],
        capture_output=True,
        text=True,
        cwd=program.modules,
        env={"MICROPYPATH": f"{program.modules}:.frozen"},
    )
    assert text.names == int(process.stdout)
    assert fill(text) == f"one: {text.names} names in a table of {text.places} (87 %)"
    assert [places(n) for n in (389, 390, 521, 522, 691)] == [389, 521, 521, 691, 691]


def test_modules_answer_to_their_names_where_that_is_asked_for(tmp_path):
    """For tests, which ask for modules that the program no longer has."""
    files = {
        "main.py": "from pack import inner\nprint(inner.f())\n",
        "pack/__init__.py": "from . import inner\nVALUE = 3\n",
        "pack/inner.py": "def f():\n    return 'f'\ndef _private():\n    pass\n",
    }
    program = Joint(tmp_path, files, named=["pack*"])
    assert program.printed() == "f\n"
    asks = "import main\nfrom pack import VALUE, inner\nfrom pack.inner import f\n"
    process = subprocess.run(
        [conftest.micropython(), "-c", asks + "print(VALUE, f(), inner.f is f)"],
        capture_output=True,
        text=True,
        env={"MICROPYPATH": f"{program.modules}:.frozen"},
    )
    assert process.stdout == "f\n3 f True\n", process.stderr


def test_a_package_with_nothing_in_it_answers_too(tmp_path):
    """Two late imports may load it, whichever comes first; nothing is left of it but its name."""
    files = {
        "main.py": """
            def act(n):
                if n:
                    from pack.one import VALUE
                else:
                    from pack.two import VALUE
                return VALUE()
            print(act(0), act(1))
        """,
        "pack/__init__.py": '"""Nothing but words."""\n',
        "pack/one.py": "def VALUE():\n    return 1\n",
        "pack/two.py": "def VALUE():\n    return 2\n",
    }
    program = Joint(tmp_path, files, named=["pack*"])
    assert program.printed() == "2 1\n"
    process = subprocess.run(
        [conftest.micropython(), "-c", "import main, pack, pack.two\nprint(pack.two.VALUE())"],
        capture_output=True,
        text=True,
        env={"MICROPYPATH": f"{program.modules}:.frozen"},
    )
    assert process.stdout == "2 1\n2\n", process.stderr
