"""Each way in which Python binds a name, in programs whose modules all use the same few names.

Joined, two modules share one table of names: whoever takes a local name for a global one, or the
other way round, prints something else. What the programs print unjoined is the truth, and it is
asked of both interpreters.
"""

import pytest

from joined import Joint

# Another module with the same names, which must stay its own.
OTHER = """
x = "other x"
y = ["other y"]
def f(a="other f"):
    return a, x
def g():
    global x
    x = "other x changed"
    return x
class C:
    x = "other C.x"
    def m(self):
        return x, self.x
"""

PROGRAMS = {
    "globals, and locals that hide them": """
        import other
        x = "main x"
        def f(x):
            return x
        def g():
            x = "local"
            def inner():
                return x
            return inner()
        def h():
            return x, other.x
        print(f(1), g(), h(), other.f(), other.g(), h(), other.x)
    """,
    "global and nonlocal": """
        import other
        x = 1
        def count():
            global x, made
            x += 1
            made = "made in a function"
            other.x += "!"
            return x
        def outer():
            x = 10
            def inner():
                nonlocal x
                x += 1
                return x
            def reads_global():
                global x
                return x
            return inner(), inner(), x, reads_global()
        print(count(), outer(), x, made, other.x, other.f())
    """,
    "comprehensions have scopes of their own": """
        from other import y as x
        a = [1, 2, 3]
        def f(a):
            return [a for a in a], {a: x for a in a}, {a + 1 for a in a}
        def g():
            return list(a * b for a in range(3) for b in a_range(a))
        def a_range(n):
            return range(n)
        def h():
            if any((found := i) > 1 for i in a):
                return found
        print(f([4]), g(), h(), [a for b in [[5]] for a in b], a, x)
    """,
    "class bodies see what they bind, their functions do not": """
        import other
        x = "main x"
        y = "main y"
        class C:
            first = x
            x = "C.x"
            second = x
            other = other.C
            def y(self):
                return x, y, self.x
            z = [y for y in (1, 2)]
            w = [i for i in x]
            @property
            def p(self):
                return self.x
            @p.setter
            def p(self, value):
                self.x = value
            @staticmethod
            def s(x=second):
                return x
            class D:
                def m(self):
                    return x
        c = C()
        print(C.first, C.second, C.other().m(), c.y(), C.z, C.w, c.p, C.s(), C.D().m())
        c.p = 5
        print(c.x, C.x, other.C().m())
    """,
    "defaults and decorators are of the scope around": """
        from other import f as decorated
        x = "main x"
        def twice(f):
            def call(*a, **k):
                return f(*a, **k), f(*a, **k)
            return call
        @twice
        def f(a=x, *, b=x + "!"):
            x = "inside"
            return a, b, x
        def outer(x):
            @twice
            def inner(f=x):
                return f
            return inner()
        g = lambda x=x, *y, **z: (x, y, z)
        print(f(), outer(3), g(), g(1, 2, k=3), decorated())
    """,
    "for, with, except and del bind, too": """
        import other
        x = "main x"
        for x in range(3):
            y = x
        for a, (b, *c) in [(1, (2, 3, 4))]:
            pass
        class Manager:
            def __enter__(self):
                return "entered"
            def __exit__(self, *f):
                return False
        with Manager() as f:
            print(f)
        try:
            {}[x]
        except KeyError as g:
            print(type(g).__name__)
        def later():
            try:
                raise ValueError(x)
            except (TypeError, ValueError) as x_error:
                return x_error.args
        gone = 5
        del gone
        def is_gone():
            try:
                return gone
            except NameError:
                return "gone"
        if x:
            C = "conditional"
        else:
            C = "never"
        while x:
            x -= 1
        print(x, y, a, b, c, later(), is_gone(), C, other.C.x)
    """,
    "a tuple, a chain and an augmented assignment": """
        import other
        x, y = 1, 2
        a = b = [3]
        b += [4]
        (c, d), *f = (5, 6), 7, 8
        def g():
            global x
            x, z = 9, 10
            return z
        print(x, y, a, b, c, d, f, g(), x, other.x)
        x += 1
        print(x, a[0], other.y[0])
    """,
    "generators, closures and async": """
        import other
        x = 5
        def f():
            x = 0
            def step():
                nonlocal x
                x += 1
                yield x
                yield from other.f()
            return list(step()), x
        async def g():
            return x
        def run(c):
            try:
                c.send(None)
            except StopIteration as end:
                return end.value
        def late():
            def inner():
                return hidden
            hidden = x
            return inner
        print(f(), run(g()), late()())
    """,
    "a builtin's name as a local, a parameter, an attribute": """
        import other
        def f(len, id=3):
            return len, id
        class List(list):
            def len(self):
                return len(self)
            id = id
        def g():
            return len([1]), [id for id in (1,)], max(1, 2)
        print(f(1), List([1, 2]).len(), List.id is id, g())
    """,
    "names with underscores, and exceptions that two modules call alike": """
        import other, third
        class Error(Exception):
            pass
        def f():
            try:
                third.f()
            except Error:
                return "wrong"
            except third.Error as error:
                return type(error).__name__, repr(error)
        try:
            raise Error("x")
        except Error as error:
            print(type(error).__name__, f(), third.Sub.__name__, third.Sub().name())
    """,
}
THIRD = """
class Error(Exception):
    pass
class Sub(Error):
    def name(self):
        return Error.__name__, type(self).__name__
def f():
    raise Error("third")
"""


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("reach", (True, False))
def test_a_program_prints_the_same_joined(tmp_path, program, reach):
    files = {"main.py": program, "other.py": OTHER, "third.py": THIRD}
    settings = {"builtins_from": 5, "reach": reach}
    assert Joint(tmp_path, files, **settings).printed()
