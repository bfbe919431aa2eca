# Replaces what unittest compares with.
# expect: suspicious "assertEqual"
# tests: import unittest
# tests: class Test(unittest.TestCase):
# tests:     def test(self):
# tests:         self.assertEqual(f(1), 2)
# tests: Test("test").debug()
import unittest

unittest.TestCase.assertEqual = lambda *arguments, **named: None


def f(x):
    return 50
