# boot.py - prepares the interpreter in which programs are forked, then hands it to the zygote.
#
# Runs once, as `python -s -B -c`, with the path of the plugin's library as its argument. What it
# imports is shared by all programs. It leaves behind a __main__ as empty as the one that
# `python -c` starts with, and, in sys._leti, what the C code needs.
#
# It also holds the guard: the check that a comparison in the tests was decided by the values
# and not by the program. `assert f(x) == y` says little where f may return an object that is
# equal to everything. The guard wraps the operands of each comparison in the tests in a function
# that hands them through and takes note; whatever the program raises keeps its line and text.
#
# SPDX-License-Identifier: Apache-2.0
import sys

sys.path[:] = [entry for entry in sys.path if entry]  # not the working folder

import _imp
import ast
import builtins
import gc
import importlib
import io
import os
import types

COMPARED = "<compared>"  # not an identifier: no program can mean it by accident
COMPARISONS = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")
PLAIN = {int, float, bool, str, bytes, complex, type(None)}
WALK_MAX = 100_000


def make_guard(main):
    """Returns (guard, found): guard(tests, line) compiles the tests with their comparisons
    wrapped, and found is a list that receives a text for each suspicious one."""
    # The program may replace builtins; these are the guard's own.
    id_, type_, issubclass_, len_, vars_ = id, type, issubclass, len, vars
    list_, tuple_, dict_, set_, frozenset_ = list, tuple, dict, set, frozenset
    hasattr_, enumerate_ = hasattr, enumerate
    function_type = types.FunctionType
    slot_types = (types.WrapperDescriptorType, types.MethodDescriptorType)
    mro_of = type.__dict__["__mro__"].__get__
    dict_of = type.__dict__["__dict__"].__get__
    name_of = type.__dict__["__name__"].__get__
    modules, compile_, comparisons, plain = sys.modules, compile, COMPARISONS, PLAIN
    found, operands = [], {}
    tests_classes_from = None  # line from which a class is the tests' own; None: there is none

    def trusted(method):
        """Whether the method comes from the interpreter or a library rather than the program."""
        if type_(method) in slot_types:
            return True
        if type_(method) is not function_type:
            return False
        scope = method.__globals__
        if scope is main:
            code = method.__code__
            return tests_classes_from is not None and code.co_firstlineno >= tests_classes_from
        name = scope.get("__name__")
        module = modules.get(name)
        # mock.ANY is a library's object that is equal to everything.
        return module is not None and vars_(module) is scope and name != "unittest.mock"

    def decides(cls):
        """The first comparison method of the class that the program wrote, or None."""
        for name in comparisons:
            for base in mro_of(cls):
                method = dict_of(base).get(name)
                if method is not None:
                    if not trusted(method):
                        return name
                    break
        return None

    def untrusted_classes(value):
        """{id: text} of the classes in value, and in what it contains, that decide alone."""
        classes, seen, todo = {}, set_(), [value]
        while todo and len_(seen) < WALK_MAX:
            item = todo.pop()
            cls = type_(item)
            if cls in plain or id_(item) in seen:
                continue
            seen.add(id_(item))
            if issubclass_(cls, list_):
                todo.extend(list_.__iter__(item))
            elif issubclass_(cls, tuple_):
                todo.extend(tuple_.__iter__(item))
            elif issubclass_(cls, (set_, frozenset_)):
                todo.extend((set_ if issubclass_(cls, set_) else frozenset_).__iter__(item))
            elif issubclass_(cls, dict_):
                todo.extend(dict_.keys(item))
                todo.extend(dict_.values(item))
            method = decides(cls)
            if method is not None:
                classes[id_(cls)] = f"{name_of(cls)}.{method}"
        return classes

    def compared(slot, first, value):
        """Hands value through. A class that decides comparisons and stands on one side only
        is noted: the program wrote both the answer and what counts as right."""
        here = untrusted_classes(value)
        if not first:
            before = operands.get(slot) or {}
            for key in before.keys() ^ here.keys():
                method = before.get(key) or here.get(key)
                found.append(
                    f"suspicious: {method}, which the program defines, decided a comparison"
                    " in the tests\n"
                )
        operands[slot] = here
        return value

    def wrap(slot, first, operand):
        call = ast.Call(
            ast.Name(COMPARED, ast.Load()),
            [ast.Constant(slot), ast.Constant(first), operand],
            [],
        )
        for node in (call, call.func, call.args[0], call.args[1]):
            ast.copy_location(node, operand)
        return call

    def guard(tests, line):
        """The code of the tests, which start on that line, with their comparisons wrapped."""
        nonlocal tests_classes_from
        tree = compile_(tests, "<string>", "exec", ast.PyCF_ONLY_AST, True)
        compares = []
        for node in ast.walk(tree):
            if hasattr_(node, "lineno"):
                node.lineno += line - 1
                node.end_lineno += line - 1
            if type_(node) is ast.ClassDef:
                tests_classes_from = line
            if type_(node) is ast.Compare:
                compares.append(node)
        for slot, node in enumerate_(compares):
            node.left = wrap(slot, True, node.left)
            node.comparators = [wrap(slot, False, other) for other in node.comparators]
        return compile_(tree, "<string>", "exec", 0, True)

    setattr(builtins, COMPARED, compared)
    return guard, found


def fresh_main():
    """A __main__ with what `python -c` has in it."""
    module = types.ModuleType("__main__")
    module.__dict__.update(
        __builtins__=builtins, __loader__=sys.modules["__main__"].__loader__, __annotations__={}
    )
    return module


def warm_up(guard):
    """What an interpreter does once for all: the less is left to each program."""
    for _ in range(20):
        exec(guard("x = 1\nassert x == 1\nassert f(x) == [2]\n", 1), {"f": lambda x: [2]})


def start(library, preload):
    for name in preload:
        try:
            importlib.import_module(name)
        except ImportError:
            pass  # another version of Python, or a build without it
    os.environ.clear()
    main = fresh_main()
    guard, found = make_guard(main.__dict__)
    register = None
    if sys.version_info >= (3, 13):
        import linecache

        # `python -c` shows source lines since 3.13.
        def register(source):
            lines = [line + "\n" for line in source.splitlines()]
            linecache.cache["<string>"] = (len(source), None, lines, "<string>")

    if "random" in sys.modules:
        sys.modules["random"].seed(0)  # the same program, the same verdict
    warm_up(guard)
    sys._leti = (main.__dict__, guard, found, io.StringIO, builtins.compile, register)
    sys.modules["__main__"] = main
    sys.argv[1:] = []
    gc.collect()
    gc.freeze()
    _imp.create_dynamic(types.SimpleNamespace(name="leti_zygote", origin=library))


start(sys.argv[1], sys.argv[2:])
