"""What is loaded later than its module: there as before, and let go when it is not needed."""

import pytest
from join.problem import Problem

from joined import Joint

FILES = {
    "main.py": """
        import sys
        from log import Log
        log = Log(3)
        print(log.size(), log.opened(2, more=4), log.opened(5))
        print(hasattr(log, "nobody"), getattr(log, "nobody", 7))
        held = log.opened
        for name in list(sys.modules):
            if name.endswith("__start"):
                sys.modules.pop(name)
        print(held(1), log.opened(6), list(log.each()))
        def act():
            from use import total
            return total(log)
        print(act())
    """,
    "log.py": """
        from shared import STEP, rare_sum
        _BASE = 10
        def double(x):
            return 2 * x
        class Log:
            def __init__(self, count):
                self._count = count
            def size(self):
                return self._count
            def opened(self, by, more=STEP):
                return Log(double(by) + more)._kept()
            def _kept(self):
                return _BASE + self._count
            def each(self):
                for i in range(self._count):
                    yield i
            def summed(self):
                return rare_sum([1, self._count])
    """,
    "shared.py": """
        STEP = 1
        print("shared is loaded")
        def rare_sum(items):
            return sum(items)
    """,
    "use.py": """
        from shared import rare_sum
        def total(log):
            return log.summed() + rare_sum([1])
    """,
}


def joint(folder, late, **changes):
    (folder / "late.toml").write_text(late)
    files = {name: changes.get(name[:-3], text) for name, text in FILES.items()}
    return Joint(folder, files, late="late.toml")


def test_a_late_method_does_what_it_did_and_is_let_go_and_comes_again(tmp_path):
    """Also as a value, with a default, as a generator, and with names of its module in it."""
    late = '[start]\nlog = "Log.opened Log._kept"\n[rare]\nlog = "Log.each"\n'
    program = joint(tmp_path, late)
    program.printed()
    assert {"one_log__start", "one_log__rare"} < program.units()
    assert "def opened" not in program.text()
    assert "def opened" in program.text("one_log__start")


def test_a_late_function_goes_to_whoever_asks_late(tmp_path):
    """An import at the top of a module that only its late methods use does not load it at once."""
    late = '[rare]\nlog = "Log.summed"\nshared = "rare_sum"\n'
    program = joint(tmp_path, late)
    program.printed()
    assert "rare_sum" not in program.text()


def test_a_late_function_that_is_used_at_once_is_there_at_once(tmp_path):
    program = joint(tmp_path, '[rare]\nshared = "rare_sum"\n')
    program.printed()
    assert "def rare_sum" in program.text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Log.nobody", "there is no nobody"),
        ("nobody", "there is no nobody"),
        ("Log.__init__", "no plain method"),
    ],
)
def test_what_cannot_be_late_is_refused(tmp_path, words, said):
    with pytest.raises(Problem, match=said):
        joint(tmp_path, f'[start]\nlog = "{words}"\n')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("class Log(list):\n    def a(self): pass\nLog()\n", "has a base"),
        ("class Log:\n    @property\n    def a(self): pass\nLog()\n", "no plain method"),
        ("class Log:\n    def a(self): return super().a()\nLog()\n", "super"),
        ("class Log:\n    def a(self): pass\n    def __getattr__(self, n): pass\n", "of its own"),
        ("class Log:\n    def a(self): pass\nLog.a(Log())\n", "asked of the class"),
    ],
)
def test_a_method_that_would_not_be_found_is_refused(tmp_path, text, said):
    """Late it is found through an instance, and by nothing else."""
    main = "import log\nprint(log.Log)\n"
    with pytest.raises(Problem, match=said):
        joint(tmp_path, '[start]\nlog = "Log.a"\n', log=text, main=main)


def test_what_is_asked_of_a_module_that_is_not_loaded_is_refused(tmp_path):
    main = "import shared\ndef f():\n    return shared.rare_sum([1])\nprint(f())\n"
    with pytest.raises(Problem, match="is not loaded here"):
        joint(tmp_path, '[rare]\nshared = "rare_sum"\n', main=main)
