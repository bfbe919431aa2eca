# Has unittest find no tests.
# expect: suspicious|exception ""
# tests: import unittest
# tests: class Test(unittest.TestCase):
# tests:     def test(self):
# tests:         self.assertEqual(f(1), 2)
# tests: suite = unittest.defaultTestLoader.loadTestsFromTestCase(Test)
# tests: assert unittest.TextTestRunner().run(suite).wasSuccessful()
import unittest

unittest.TestLoader.getTestCaseNames = lambda *arguments: []


def f(x):
    return 50
