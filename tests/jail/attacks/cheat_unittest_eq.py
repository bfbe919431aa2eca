# Answers with an object that is equal to everything; unittest compares it.
# expect: suspicious "__eq__"
# tests: import unittest
# tests: class Test(unittest.TestCase):
# tests:     def test(self):
# tests:         self.assertEqual(f(1), 2)
# tests: Test("test").debug()


class Yes(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def f(x):
    return Yes(50)
