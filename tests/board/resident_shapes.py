"""Runs on CPython, and frozen into the board's joined image, where what is constant lies in ROM:
every shape of function and class that there is, and what is done to them. Prints what it finds.
"""

NAME = "resident_shapes"  # a name of the image so, as that of a module that others import


def plain(a, b):
    return a + b


def with_defaults(a, b=3, c="text", d=None, e=(1, 2)):
    return a, b, c, d, e


def by_keyword(a, *, b=5):
    return a, b


def generator(count):
    for number in range(count):
        yield number + 1


async def coroutine():
    return "awaited"


def closure(a):
    def inner(b):
        return a + b

    return inner


def nested(a):
    def inner(b):
        return b * 2

    return inner(a)


class Plain:
    NUMBER = 7
    TEXT = "seven"
    NOTHING = None
    PAIR = (3, "three")

    def __init__(self, value, scale=2):
        self.value = value * scale + 1

    def method(self, other=None):
        return self.value if other is None else self.value + other

    alias = method

    @property
    def twice(self):
        return self.value * 2

    @staticmethod
    def static(a, b=4):
        return a, b

    def steps(self, count):
        for number in range(count):
            yield self.value + number

    def __getattr__(self, name):
        return "no " + name

    def __eq__(self, other):
        return self.value == other.value

    def __hash__(self):
        return self.value


class Odd(Plain):
    def __init__(self, value, *, shift=1):
        Plain.__init__(self, value + shift)

    @property
    def settable(self):
        return self.value

    @settable.setter
    def settable(self, value):
        self.value = value

    @classmethod
    def made(cls, value):
        return cls(value)


class Empty:
    pass


class Child(Plain):
    NUMBER = 8

    def method(self, other=None):
        return "child", super().method(other)


class Grandchild(Child):
    def __init__(self):
        Child.__init__(self, 1)


class Failure(ValueError):
    code = 5

    def __init__(self, text, more=0):
        super().__init__(text)
        self.more = more


class Computed:
    SUM = len("abc") + 1
    LIST = [1, 2, 3]

    def get(self):
        return self.SUM, self.LIST


class Counted:
    count = 0

    def add(self):
        Counted.count += 1
        return Counted.count


def in_function(base):
    class Local(base):
        WORD = "local"

        def get(self):
            return self.WORD, base.__name__

    return Local


def shadow(one):
    one.NUMBER = 1


def main():
    """Print all of it."""
    print(plain(1, 2), with_defaults(1), with_defaults(1, 2, e=5))
    print(by_keyword(1), by_keyword(1, b=2))
    print(list(generator(3)), closure(1)(2), nested(4))
    try:
        coroutine().send(None)
    except StopIteration as end:
        print(end.value)
    one = Plain(5)
    print(one.value, one.method(), one.method(1), one.alias(2), one.twice, one.missing)
    print(Plain.static(1), one.static(2, 3), list(one.steps(2)))
    odd = Odd.made(2)
    odd.settable = 1
    print(odd.settable, odd.value, odd.alias(2))
    print(Plain.NUMBER, one.TEXT, one.NOTHING, one.PAIR, one == Plain(5), hash(one))
    shadow(one)
    print(one.NUMBER, Plain.NUMBER, Plain.__name__, Empty().__class__.__name__)
    child = Child(5, 3)
    print(child.method(), child.NUMBER, child.twice, Grandchild().value, isinstance(child, Plain))
    print(issubclass(Grandchild, Plain), type(child) is Child, hasattr(Empty(), "x"))
    try:
        raise Failure("text", more=2)
    except ValueError as error:
        print(str(error), error.code, error.more, type(error).__name__)
    print(Computed().get(), in_function(Plain)(1).get(), in_function(Empty).WORD)
    Counted.count = 0  # as in the first run
    print(Counted().add(), Counted().add(), Counted.count)
    try:
        plain(1)  # pyright: ignore[reportCallIssue]
    except TypeError:
        print("TypeError")
    try:
        Plain()  # pyright: ignore[reportCallIssue]
    except TypeError:
        print("TypeError")
