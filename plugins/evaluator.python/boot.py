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

COMPARED = "\0compared\0"  # stands for the guard's function among the constants of the tests
COMPARISONS = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")
PLAIN = {int, float, bool, str, bytes, complex, type(None)}
WALK_MAX = 100_000


def make_guard(main):
    """Returns (guard, rebound, found): guard(tests, line) compiles the tests with their
    comparisons wrapped, rebound() looks for builtins of the tests that the program replaced, and
    found is a list that receives a text for whatever is suspicious."""
    # The program may replace builtins; these are the guard's own.
    id_, type_, issubclass_, len_, vars_ = id, type, issubclass, len, vars
    list_, tuple_, dict_, set_, frozenset_ = list, tuple, dict, set, frozenset
    hasattr_, enumerate_ = hasattr, enumerate
    function_type, module_type = types.FunctionType, types.ModuleType
    builtin_type = types.BuiltinFunctionType
    slot_types = (types.WrapperDescriptorType, types.MethodDescriptorType)
    mro_of = type.__dict__["__mro__"].__get__
    dict_of = type.__dict__["__dict__"].__get__
    name_of = type.__dict__["__name__"].__get__
    scope_of_builtins = vars(builtins)
    modules, compile_, comparisons, plain = sys.modules, compile, COMPARISONS, PLAIN
    found, operands = [], {}
    originals = {name: value for name, value in vars(builtins).items() if name[:2] != "__"}
    used = set()  # the names that the tests take from outside
    tests_classes_from = None  # line from which a class is the tests' own; None: there is none

    def trusted(method):
        """Whether the method comes from the interpreter or a library rather than the program."""
        if type_(method) in slot_types:
            return True
        if type_(method) is not function_type:
            return False
        scope, code = method.__globals__, method.__code__
        if scope is main:
            return tests_classes_from is not None and code.co_firstlineno >= tests_classes_from
        if code.co_filename == "<string>":
            return False  # the program's code, whosever globals it was given
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

    def shadows(name):
        """Whether the program's module has something else than the builtin under that name.
        `from math import *` may bring a function of the library."""
        value = main.get(name, originals[name])
        if type_(value) is builtin_type and value.__name__ == name:
            return False
        return value is not originals[name]

    def rebound():
        """Notes the builtins that the tests use and that the program replaced. One that the
        module defines is the function under test if the tests take nothing else from it."""
        names = [name for name in used if name in originals]
        bad = [name for name in names if scope_of_builtins.get(name) is not originals[name]]
        if main.get("__builtins__") is not builtins:
            bad.append("__builtins__")
        shadowed = [name for name in names if shadows(name)]
        others = [
            name
            for name in used
            if name not in originals and name in main and type_(main[name]) is not module_type
        ]
        if others or len_(shadowed) > 1:
            bad.extend(shadowed)
        for name in bad:
            found.append(f"suspicious: the program replaced {name}, which the tests use\n")

    def wrap(slot, first, operand):
        # The compiler takes no function for a constant, and warns of a call of any other.
        function = ast.BoolOp(ast.Or(), [ast.Constant(COMPARED), ast.Constant(COMPARED)])
        call = ast.Call(function, [ast.Constant(slot), ast.Constant(first), operand], [])
        for node in (call, function, *function.values, call.args[0], call.args[1]):
            ast.copy_location(node, operand)
        return call

    def with_guard(code):
        """The code, and those in it, with the guard's function for what stands for it: under no
        name, the program can replace it under none."""
        consts = [
            with_guard(c) if type(c) is types.CodeType else compared if c == COMPARED else c
            for c in code.co_consts
        ]
        return code.replace(co_consts=tuple(consts))

    def guard(tests, line):
        """The code of the tests, which start on that line, with their comparisons wrapped."""
        nonlocal tests_classes_from
        tree = compile_(tests, "<string>", "exec", ast.PyCF_ONLY_AST, True)
        compares, loaded, bound = [], set(), set()
        for node in ast.walk(tree):
            if hasattr_(node, "lineno"):
                node.lineno += line - 1
                node.end_lineno += line - 1
            if type_(node) is ast.ClassDef:
                tests_classes_from = line
            if type_(node) is ast.Compare:
                compares.append(node)
            if type_(node) is ast.Name:
                (loaded if type_(node.ctx) is ast.Load else bound).add(node.id)
            elif type_(node) in (ast.FunctionDef, ast.ClassDef, ast.alias):
                bound.add(getattr(node, "asname", None) or node.name)
            elif type_(node) is ast.arg:
                bound.add(node.arg)
        for slot, node in enumerate_(compares):
            node.left = wrap(slot, True, node.left)
            node.comparators = [wrap(slot, False, other) for other in node.comparators]
        used.clear()
        used.update(loaded - bound)
        return with_guard(compile_(tree, "<string>", "exec", 0, True))

    return guard, rebound, found


def make_trim():
    """Returns trim(traceback): the traceback without frames of this file, which a program's
    trace function can make exceptions pass through."""
    own = globals()

    def trim(traceback):
        while traceback is not None and traceback.tb_frame.f_globals is own:
            traceback = traceback.tb_next
        last = traceback
        while last is not None:
            after = last.tb_next
            while after is not None and after.tb_frame.f_globals is own:
                after = after.tb_next
            if after is not last.tb_next:
                last.tb_next = after
            last = after
        return traceback

    return trim


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
    guard, rebound, found = make_guard(main.__dict__)
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
    sys._leti = (
        main.__dict__,
        guard,
        rebound,
        found,
        make_trim(),
        io.StringIO,
        builtins.compile,
        register,
    )
    sys.modules["__main__"] = main
    sys.argv[1:] = []
    gc.collect()
    gc.freeze()
    _imp.create_dynamic(types.SimpleNamespace(name="leti_zygote", origin=library))


start(sys.argv[1], sys.argv[2:])
