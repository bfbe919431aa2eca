# Answers with a class of the same name and fields as the tests expect, and another ==.
# expect: suspicious ""
# tests: import dataclasses
# tests: @dataclasses.dataclass
# tests: class Point:
# tests:     x: int
# tests: assert f(1) == Point(2)
import dataclasses


@dataclasses.dataclass
class Point:
    x: int

    def __eq__(self, other):
        return True


Own = Point


def f(x):
    return Own(5)
