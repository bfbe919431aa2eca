# boot.py - prepares the interpreter in which programs are forked, then hands it to the zygote.
#
# Runs once, as `python -s -B -c`, with the path of the plugin's library as its argument. What it
# imports is shared by all programs. It leaves behind a __main__ as empty as the one that
# `python -c` starts with, and, in sys._leti, what the C code needs.
#
# It also holds the half of the guard that works before a program runs: it compiles the tests so
# that what they compare, compute, call and ask the truth of goes through a function of guard.c,
# which hands on what the interpreter would have found. An expression that is changed keeps its
# place in the text, and there is no frame more: whatever is raised looks as without the guard.
#
# SPDX-License-Identifier: Apache-2.0
import sys

sys.path[:] = [entry for entry in sys.path if entry]  # not the working folder

import __future__
import _imp
import ast
import builtins
import gc
import importlib
import io
import os
import types
import weakref

CHECK = "\0check\0"  # stands for the function of guard.c among the constants of the tests

# What the function is asked for, as in guard.c.
COMPARE = dict(zip((ast.Lt, ast.LtE, ast.Eq, ast.NotEq, ast.Gt, ast.GtE, ast.In, ast.NotIn), range(8)))
TRUTH, CALLEE, MATCH, CHAIN_FIRST, CHAIN_NEXT, IN_PLACE = range(8, 14)
BUILTIN, BUILTIN_CALLED, OWN, ITEM, SEARCH = range(14, 19)
NUMBERS = (ast.Add, ast.Sub, ast.Mult, ast.MatMult, ast.Div, ast.FloorDiv, ast.Mod, ast.LShift)
NUMBERS += (ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor, ast.Pow)
NUMBER = {kind: 20 + i for i, kind in enumerate(NUMBERS)}

# Nodes without children that matter.
LEAVES = {ast.Name, ast.Constant, ast.Load, ast.Store, ast.Del, str, int, type(None)}
# Whose truth no program has a say in.
TRUE_ENOUGH = {ast.Compare, ast.Constant, ast.BoolOp, ast.List, ast.Tuple, ast.Dict, ast.Set}
ANSWERS = {"isinstance", "issubclass", "all", "any", "bool", "callable", "hasattr", "len"}
BUILTINS = {name for name in dir(builtins) if name[:1] != "_"}
UNARY = {"abs", "round"}  # which ask the object
SEARCHES = {"count", "index", "remove", "get"}  # which compare with what a container has
SEARCHES |= {"issubset", "issuperset", "isdisjoint"}
# They compare nothing that they are given with anything that is expected.
HARMLESS = set(
    "range zip print enumerate map filter round open getattr setattr hasattr delattr format slice"
    " dict partial reduce heappush heappushpop heapreplace heapify nsmallest nlargest insort"
    " insort_left insort_right bisect bisect_left bisect_right append insert extend add setdefault"
    " pop update join split replace startswith endswith randint uniform".split()
)


def is_literal(node):
    """Whether only constants of the tests go into the value."""
    kind = type(node)
    if kind is ast.BinOp:
        return is_literal(node.left) and is_literal(node.right)
    if kind in (ast.List, ast.Tuple, ast.Set):
        return all(type(item) is ast.Constant for item in node.elts)
    return kind is ast.Constant or (kind is ast.UnaryOp and type(node.operand) is ast.Constant)


# What a program has to say to get at the tests: their frames, or their variables, which lie among
# its own.
FRAMES = {"f_back", "f_locals", "f_builtins"}
SCOPES = {"globals", "__globals__", "f_globals", "__main__", "modules"}


def mentions(code, names):
    """One of the names, if the code, or one in it, has it."""
    found = names.intersection(code.co_names)
    if "sys" not in code.co_names:
        found.discard("modules")  # of something else
    if found:
        return found.pop()
    for const in code.co_consts:
        if type(const) is types.CodeType:
            found = mentions(const, names)
            if found:
                return found
    return None


def has_variables(tree):
    """Whether the tests keep a value under a name in their module."""
    return any(type(node) in (ast.Assign, ast.AnnAssign) for node in tree.body)


def children_of(kind, cache={}):
    """The fields of a kind of nodes that may hold nodes."""
    if kind not in cache:
        names = getattr(kind, "_fields", ()) if kind not in LEAVES else ()
        skip = {"ctx", "op", "ops", "id", "attr", "arg", "name", "names", "type_comment", "kind"}
        if kind is ast.keyword or kind is ast.alias or kind is ast.Constant:
            skip.add("arg")
        cache[kind] = tuple(name for name in names if name not in skip)
    return cache[kind]


class Rewriter:
    """Changes the tree of the tests in place, and collects what they use."""

    def __init__(self, tree):
        self.loaded, self.bound = set(), set()
        self.modules, self.attributes, self.calls, self.functions = [], [], [], set()
        self.n_chains, self.changed, self.computes = 0, False, False
        self.constants, self.functions_at = {}, {}
        self.walk(tree)
        for node in self.calls:
            self.watch_call(node)

    def walk(self, tree):
        handlers, todo = self.handlers, [tree]
        while todo:
            node = todo.pop()
            kind = type(node)
            for name in children_of(kind):
                child = getattr(node, name)
                if type(child) is list:
                    todo.extend(child)
                elif child is not None:
                    todo.append(child)
            handler = handlers.get(kind)
            if handler:
                handler(self, node)

    # ---- changes ----

    def constant(self, value, node):
        """A constant on the node's line; they are shared."""
        line = node.lineno
        constant = self.constants.get((value, line))
        if constant is None:
            constant = ast.Constant(value, lineno=line, col_offset=0)
            self.constants[value, line] = constant
        return constant

    def function(self, node):
        """The function, on the node's line. The compiler takes none for a constant, and warns of
        a call of any other constant that is called as such."""
        function = self.functions_at.get(node.lineno)
        if function is None:
            mark = self.constant(CHECK, node)
            function = ast.BoolOp(ast.Or(), [mark, mark], lineno=node.lineno, col_offset=0)
            self.functions_at[node.lineno] = function
        return function

    def become_check(self, node, what, *args):
        """Makes a call of the function of an expression that has all of it in args."""
        node.__class__ = ast.Call
        node.func, node.keywords = self.function(node), []
        node.args = [self.constant(what, node), *args]
        self.changed = True

    def checked(self, node, *args):
        """A call of the function in the place of the node, which is its last argument."""
        self.changed = True
        args = [self.constant(arg, node) if type(arg) in (int, str) else arg for arg in args]
        call = ast.Call(self.function(node), [*args, node], [])
        return ast.copy_location(call, node)

    def watch_call(self, node):
        func, n = node.func, len(node.args) + len(node.keywords)
        if n == 1 and node.args and type(node.args[0]) is ast.Starred:
            n = 2
        name = func.id if type(func) is ast.Name else getattr(func, "attr", "")
        watch = name in UNARY or (name not in HARMLESS and (n > 1 or self.computes))
        if type(func) is ast.Name and name in BUILTINS and name not in self.bound:
            ask = BUILTIN_CALLED if watch else BUILTIN, name
        elif type(func) is ast.Name and name in self.functions:
            ask = (OWN, name)
        elif func.lineno != func.end_lineno:
            return  # the call would move to another line
        elif type(func) is ast.Attribute and name in SEARCHES:
            ask = (SEARCH,)
        elif watch:
            ask = (CALLEE,)
        else:
            return
        node.func = self.checked(func, *ask)

    def truth(self, node):
        kind = type(node)
        if kind in TRUE_ENOUGH or (kind is ast.UnaryOp and type(node.op) is ast.Not):
            return node
        if kind is ast.Call and type(node.func) is ast.Name and node.func.id in ANSWERS:
            return node
        return self.checked(node, TRUTH)

    # ---- nodes ----

    def name(self, node):
        (self.loaded if type(node.ctx) is ast.Load else self.bound).add(node.id)

    def definition(self, node):
        self.bound.add(node.name)

    def own_function(self, node):
        self.bound.add(node.name)
        if not node.decorator_list:
            self.functions.add(node.name)

    def argument(self, node):
        self.bound.add(node.arg)

    def test(self, node):
        node.test = self.truth(node.test)

    def conditions(self, node):
        node.ifs = [self.truth(test) for test in node.ifs]

    def bool_op(self, node):
        node.values = [self.truth(value) for value in node.values]

    def unary_op(self, node):
        if type(node.op) is ast.Not:
            node.operand = self.truth(node.operand)

    def compare(self, node):
        ops, left = node.ops, node.left
        if len(ops) == 1:
            which = COMPARE.get(type(ops[0]))
            right = node.comparators[0]
            if which is not None and not (is_literal(left) and is_literal(right)):
                self.become_check(node, which, left, right)
        elif any(type(op) in COMPARE for op in ops):
            slot = self.n_chains
            self.n_chains += 1
            node.left = self.checked(left, CHAIN_FIRST, slot)
            node.comparators = [
                self.checked(other, CHAIN_NEXT, slot) for other in node.comparators
            ]

    def bin_op(self, node):
        if not is_literal(node):
            self.computes = True
            self.become_check(node, NUMBER[type(node.op)], node.left, node.right)

    def aug_assign(self, node):
        if type(node.target) is ast.Name and not is_literal(node.value):
            self.computes = True
            target = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
            args = IN_PLACE, NUMBER[type(node.op)], target
            node.value = self.checked(node.value, *args)

    def call(self, node):
        self.calls.append(node)

    def subscript(self, node):
        key = node.slice
        if key.__class__.__name__ == "Index":
            key = key.value  # 3.8
        if type(node.ctx) is ast.Load and isinstance(key, ast.expr) and not is_literal(key):
            if type(key) not in (ast.Slice, ast.Tuple):
                self.become_check(node, ITEM, node.value, key)

    def match(self, node):
        node.subject = self.checked(node.subject, MATCH)

    def attribute(self, node):
        if type(node.value) is ast.Name:
            self.attributes.append((node.value.id, node.attr))

    def imported(self, node):
        for alias in node.names:
            self.bound.add(alias.asname or alias.name.partition(".")[0])
            self.modules.append((alias.name, alias.asname, None))

    def imported_from(self, node):
        if node.module == "__future__":
            raise SyntaxError  # the whole text says so better
        for alias in node.names:
            self.bound.add(alias.asname or alias.name)
            if node.module and not node.level:
                self.modules.append((node.module, None, alias.name))

    handlers = {
        ast.Name: name,
        ast.FunctionDef: own_function,
        ast.AsyncFunctionDef: definition,
        ast.ClassDef: definition,
        ast.arg: argument,
        ast.Assert: test,
        ast.If: test,
        ast.While: test,
        ast.IfExp: test,
        ast.comprehension: conditions,
        ast.BoolOp: bool_op,
        ast.UnaryOp: unary_op,
        ast.Compare: compare,
        ast.BinOp: bin_op,
        ast.AugAssign: aug_assign,
        ast.Call: call,
        ast.Attribute: attribute,
        ast.Subscript: subscript,
        ast.Import: imported,
        ast.ImportFrom: imported_from,
    }
    if hasattr(ast, "Match"):
        handlers[ast.Match] = match


def make_guard(check, watch, preloaded):
    """Returns guard(tests, line, program) -> code of the tests, which start on that line and
    follow a program of that code. The preloaded modules are those that tests may use by name
    without having imported them."""
    future = 0
    for feature in __future__.all_feature_names:
        future |= getattr(__future__, feature).compiler_flag
    preloaded = set(preloaded) & set(sys.modules) - {"sys"}

    def with_check(code):
        """The code, and those in it, with the function for what stands for it: under no name,
        the program can replace it under none."""
        consts = [
            with_check(c) if type(c) is types.CodeType else check if c == CHECK else c
            for c in code.co_consts
        ]
        return code.replace(co_consts=tuple(consts))

    def load(name):
        """Imports what the tests are going to import, so that it is known before it is used."""
        if name not in sys.modules:
            try:
                importlib.import_module(name)
            except BaseException:
                pass  # the tests will tell

    def tell(found, said):
        """What the tests use, and what the program says that is suspicious, to guard.c."""
        modules, attributes, aliases = set(), set(), {}
        for module, alias, attribute in found.modules:
            load(module)
            modules.add(module)
            if attribute:
                attributes.add((module, attribute))
                modules.add(module + "." + attribute)  # it may be one
            else:
                aliases[alias or module] = module
        for module in list(modules):
            if hasattr(sys.modules.get(module), "__path__"):
                modules.update(name for name in sys.modules if name.startswith(module + "."))
        shared = set()
        for name, attribute in found.attributes:
            if name in aliases:
                attributes.add((aliases[name], attribute))
            elif name in preloaded and name not in found.bound:
                shared.add(name)
                attributes.add((name, attribute))
        used = tuple(found.loaded - found.bound)
        watch(used, tuple(modules), tuple(attributes), tuple(shared), said)

    def guard(tests, line, program):
        flags = program.co_flags & future
        text = "\n" * (line - 1) + tests
        tree = compile(text, "<string>", "exec", flags | ast.PyCF_ONLY_AST, True)
        said = mentions(program, FRAMES | SCOPES if has_variables(tree) else FRAMES)
        found = Rewriter(tree)
        tell(found, said)
        code = compile(tree, "<string>", "exec", flags, True)
        return with_check(code) if found.changed else code

    return guard


def fresh_main():
    """A __main__ with what `python -c` has in it."""
    module = types.ModuleType("__main__")
    module.__dict__.update(
        __builtins__=builtins, __loader__=sys.modules["__main__"].__loader__, __annotations__={}
    )
    return module


def warm_up(guard):
    """What an interpreter does once for all: the less is left to each program."""
    tests = "assert f(1, 2) == [2]\nassert abs(f(1)[0] - 2) < 1 and not 1 in f(2, 3)\n"
    program = warm_up.__code__
    for _ in range(20):
        exec(guard(tests, 1, program), {"f": lambda *x: [2]})


def load_library(library, name):
    return _imp.create_dynamic(types.SimpleNamespace(name=name, origin=library))


def start(library, paths, preload):
    for path in paths:
        if not os.path.isdir(path):
            sys.exit(f"paths: {path} is no folder")
        if os.path.realpath(path).count("/") == 1 and os.path.realpath(path) not in ("/usr", "/lib"):
            sys.exit(f"paths: {path} holds too much of the machine to be shown")
    sys.path[:0] = [os.path.abspath(path) for path in paths]
    for name in preload:
        importlib.import_module(name)
    os.environ.clear()
    # A program that imports them does so before our eyes.
    for name in [name for name in sys.modules if name.split(".")[0] in ("ctypes", "_ctypes")]:
        del sys.modules[name]
    main = fresh_main()
    guard = load_library(library, "leti_guard")
    proxies = (weakref.ProxyType, weakref.CallableProxyType)
    guard.load(main.__dict__, builtins, sys.modules, proxies, gc.get_referents)
    compile_tests = make_guard(guard.check, guard.watch, preload)
    register = None
    if sys.version_info >= (3, 13):
        import linecache

        # `python -c` shows source lines since 3.13.
        def register(source):
            lines = [line + "\n" for line in source.splitlines()]
            linecache.cache["<string>"] = (len(source), None, lines, "<string>")

    if "random" in sys.modules:
        # The same program, the same verdict; but the module seeds itself anew after a fork.
        seed = sys.modules["random"].seed
        seed(0)
        os.register_at_fork(after_in_child=lambda: seed(0))
    warm_up(compile_tests)
    sys._leti = (main.__dict__, compile_tests, io.StringIO, compile, register)
    sys.modules["__main__"] = main
    sys.argv[1:] = []
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[1:] = ["-c"]
    gc.collect()
    gc.freeze()
    load_library(library, "leti_zygote")


n_paths = 3 + int(sys.argv[2])
start(sys.argv[1], sys.argv[3:n_paths], sys.argv[n_paths:])
