# Finds a module of its own where the tests import one of the library.
# expect: suspicious|exception ""
# tests: import colorsys
# tests: assert colorsys.rgb_to_hsv(*f(1)) == (0, 0, 1)
import importlib.machinery
import sys


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, Finder) if name == "colorsys" else None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        module.rgb_to_hsv = lambda *arguments: (0, 0, 1)


sys.meta_path.insert(0, Finder)


def f(x):
    return (9, 9, 9)
