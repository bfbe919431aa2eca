/* traceback_test - the feedback of a failure is byte for byte what `python3 -c` prints.
 *
 * Each program is run by the evaluator and by the interpreter itself: the python3 that PATH leads
 * to, the system's, and those that LETI_TEST_PYTHONS lists, one a line.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "jail_test.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

static const struct failure {
    const char *program, *tests;
} failures[] = {
    { "def f(x):\n    return x\n", "assert f(1) == 2\nassert f(2) == 3" },
    { "def f(x):\n    return x\n", "assert f(1) == 2, 'f(1) is %r' % f(1)" },
    { "def f(x):\n    return x\n", "assert (f(1) ==\n    f(2)\n    == 3)" },
    { "def f(x):\n    return y\n", "assert f(1) == 2" },
    { "def f(value):\n    return valu\n", "assert f(1) == 2" },
    { "def f(x):\n    return x.appendd(1)\n", "assert f([]) == [1]" },
    { "def f(x):\n    return x + '1'\n", "assert f(1) == 2" },
    { "def f(x): return 1\n", "assert f() == 1" },
    { "def f(x): return {}[x]\n", "assert f('k\\n\xc3\xa9') == 1" },
    { "def f(x):\n    return f(x) + 1\n", "assert f(1) == 2" },
    { "def f(x):\n    return f(x)\n", "x = f(1)" },
    { "def f(x):\n    return g(x)\ndef g(x):\n    return f(x)\n", "assert f(1) == 2" },
    { "def f(x):\n  try:\n    return f(x)\n  except RecursionError:\n    raise ValueError(x)\n"
      "import sys\nsys.setrecursionlimit(60)\n",
      "assert f(1) == 2" },
    { "def depth(n=1):\n  try:\n    return depth(n + 1)\n  except RecursionError:\n    return n\n",
      "raise ValueError(depth())" },
    { "def f(x):\n    try:\n        1 / 0\n    except ZeroDivisionError as e:\n"
      "        raise ValueError('v') from e\n",
      "assert f(1) == 2" },
    { "def f(x):\n    try:\n        1 / 0\n    except ZeroDivisionError:\n        int('x')\n",
      "assert f(1) == 2" },
    { "def f(x):\n    try:\n        1 / 0\n    except ZeroDivisionError:\n"
      "        raise KeyError('k') from None\n",
      "assert f(1) == 2" },
    { "class E(Exception):\n    pass\nraise E('caf\xc3\xa9', 1)", "" },
    { "class O:\n    class E(Exception):\n        def __str__(self): return 'a\\nb'\n"
      "raise O.E",
      "" },
    { "class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "" },
    { "raise ValueError('\\ud800 \\0 \xf0\x9f\x90\x8d')", "" },
    { "raise KeyboardInterrupt", "" },
    { "raise BaseException", "" },
    { "import json\njson.loads('{\"a\": ')", "" },
    { "from decimal import Decimal\nDecimal('x')", "" },
    { "import nothing_of_that_name", "" },
    { "from math import nothing", "" },
    { "import collections\ncollections.defaultdic()", "" },
    { "sqrt(2)\nmath.sqrt(2)", "" },
    { "def g():\n    yield 1\n    raise KeyError(2)\nprint(sorted(g()))", "" },
    { "f = lambda x: (lambda y: y / 0)(x)\n[f(x) for x in range(3)]", "" },
    { "class C:\n    def __eq__(self, other):\n        raise TypeError('eq')\nf = lambda x: C()",
      "assert f(1) == 2" },
    { "class C:\n    def __bool__(self):\n        raise TypeError('bool')\n"
      "    def __eq__(self, other):\n        return self\nf = lambda x: C()",
      "assert f(1) == 2" },
    { "def f(x): return x", "assert f(1) < 2 < f('a')" },
    { "def f(x): return x", "assert f([1]) in f({1})" },
    { "def f(x): return x", "def check(c):\n    assert c(1) == 1\n    assert c(2) == 3\ncheck(f)" },
    { "def f(x): return x", "for i in range(3):\n    assert f(i) == 1 / (2 - i)" },
    { "exec('def f(x):\\n  return 1 / x')", "assert f(0) == 1" },
    { "eval('1 +')", "" },
    { "compile('a b', 'file.py', 'exec')", "" },
    { "int('1' * 5000)", "" },
    { "x = [1, 2, 3]\nx[5]", "" },
    { "a, b = 1, 2, 3", "" },
    { "del zzz", "" },
    { "def f():\n    print(a)\n    a = 1\nf()", "" },
    { "b'\\xff'.decode()", "" },
    { "'\\ud800'.encode()", "" },
    { "open('/no/such/file')", "" },
    { "import warnings\nwarnings.simplefilter('error')\nwarnings.warn('w')", "" },
    { "assert 1 == 2 if 1 else 0", "" },
    { "with open('/dev/null') as f:\n    f.nothing", "" },
    { "raise StopIteration(5)", "" },
    { "def f():\n"
      "    return 1\n\n\n"
      "@f\ndef g(): pass",
      "" },
    { "x = 5\nx()", "" },
    { "import threading\nl = threading.Lock()\nl.release()", "" },
    { "async def f():\n    raise ValueError\nimport asyncio\nf().send(None)", "" },
    /* does not compile */
    { "def f(x:\n    return x\n", "assert f(1) == 2" },
    { "def f(x)\n    return x\n", "assert f(1) == 2" },
    { "def f(x):\nreturn x\n", "assert f(1) == 2" },
    { "def f(x):\n    return x\n  y = 1\n", "assert f(1) == 2" },
    { "def f(x):\n    return x\n\ty = 1\n", "assert f(1) == 2" },
    { "if 1:\n        x = 1\n\ty = 1\n", "" },
    { "x = (1,\n", "assert f(1) == 2" },
    { "x = [1, (2]\n", "assert f(1) == 2" },
    { "x = '''abc\n", "assert f(1) == 2" },
    { "x = 'abc\n", "assert f(1) == 2" },
    { "x = 1 \\", "assert f(1) == 2" },
    { "if x:", "assert f(1) == 2" },
    { "for i in range(3):", "    assert f(1) == 2" },
    { "x = 'caf\xc3\xa9' caf\xc3\xa9", "" },
    { "\xe2\x82\xac = 1", "" },
    { "x = \xe2\x80\x9cquoted\xe2\x80\x9d", "" },
    { "x = 1\xc2\xa0+ 2", "" },
    { "return 5", "" },
    { "def f():\n    nonlocal x\n", "" },
    { "def f(x, x): pass", "" },
    { "def f():\n    x = 1\n    global x\n", "" },
    { "break", "" },
    { "yield 1", "" },
    { "await f()", "" },
    { "f(a=1, a=2)", "" },
    { "f(**k, *a)", "" },
    { "print 'x'", "" },
    { "x = 08", "" },
    { "1 = x", "" },
    { "if x = 1: pass", "" },
    { "f'{a b}'", "" },
    { "f'{'", "" },
    { "'\\N{no such name}'", "" },
    { "else: pass", "" },
    { "from __future__ import nothing", "" },
    { "x = 1\nfrom __future__ import annotations", "" },
    { "# -*- coding: latin-1 -*-\nraise ValueError('caf\xc3\xa9')", "" },
    { "# -*- coding: nothing -*-\nraise ValueError('caf\xc3\xa9')", "" },
    { "\xef\xbb\xbfraise ValueError", "" },
    { "x = 1\r\ndef f():\r\n    1 / 0\r\n", "f()" },
    { "x = 1\rdef f():\r    1 / 0\r", "f()" },
    { "x = 1\x0c\ndef f():\n    1 / 0\n", "f()" },
    { "def f(x): return x", "assert f(1) == 1\nassert f(2) ==" },
    { "def f(x): return x", "  assert f(1) == 1" },
    { "def f(x): return x", "return f(1)" },
    { "from __future__ import annotations\ndef f(x: nothing): return x", "assert f(1) == 2" },
    /* groups and notes, where the version has them */
    { "raise ExceptionGroup('g', [ValueError(1), ExceptionGroup('h', [KeyError('k')])])", "" },
    { "def f():\n    try:\n        1 / 0\n    except Exception as e:\n"
      "        raise ExceptionGroup('g', [e, ValueError('a\\nb')])",
      "f()" },
    { "try:\n    raise ExceptionGroup('g', [ValueError(1)])\nexcept* ValueError as e:\n"
      "    raise TypeError('t') from e",
      "" },
    { "e = ValueError('v')\ne.add_note('a\\nb')\ne.add_note('caf\xc3\xa9')\nraise e", "" },
    { "e = ValueError('v')\ne.__notes__ = 5\nraise e", "" },
    /* exceptions on the way of others */
    { "def f(n):\n    try:\n        f(n - 1) if n else 1 / 0\n    except Exception as e:\n"
      "        raise ValueError(n) from e",
      "f(4)" },
    { "a, b = ValueError('a'), KeyError('b')\na.__context__, b.__context__ = b, a\nraise a", "" },
    { "def g():\n    try:\n        yield\n    finally:\n        raise ValueError\n"
      "i = g()\nnext(i)\ni.throw(KeyError('k'))",
      "" },
    { "class E(Exception):\n    __module__ = 5\nraise E", "" },
    { "raise SyntaxError('m', ('f.py', 3, 5, 'some text', 3, 9))", "" },
    { "raise SyntaxError('m', ('f.py', 3, None, 'some text'))", "" },
    { "import sys\nsys.tracebacklimit = 1\ndef f(): 1 / 0", "f()" },
    { "del __name__\n1 / 0", "" },
    { "__builtins__ = {}\nprint(1)", "" },
    /* carets under parts of lines, and of several lines */
    { "x = (1 +\n     2 +\n     nothing +\n     3)", "" },
    { "a = {'x': {'y': None}}\na['x']['y']['z'] = 5", "" },
    { "s = '\xe5\x90\x8d\xe5\x89\x8d'; x = s + 1 / 0", "" },
    { "x = f'''\n{1 / 0}\n'''", "" },
    { "class C:\n    def m(self): foo()\n    def foo(self): pass", "C().m()" },
    { "@(lambda f: 1 / 0)\nclass C:\n    pass", "" },
    { "x = [[k / 0 for k in range(2)]\n     for i in range(2)]", "" },
    /* the end of the text */
    { "def f(x): return x", "x = '''a\n" },
    { "def f(x): return x", "x = (1,\n\n" },
};

/* From the first line on: it may name the text's encoding. */
static const struct failure bare[] = {
    { "# -*- coding: latin-1 -*-\nraise ValueError('caf\xc3\xa9')", "" },
    { "# -*- coding: nothing -*-\nraise ValueError('caf\xc3\xa9')", "" },
    { "x = 'caf\xc3\xa9' caf\xc3\xa9", "" },
};

/* What the interpreter prints to stderr for the text, run as a command. */
static void run_command(const char *python, const char *text, char *out, size_t size)
{
    char flag_b[] = "-B", flag_s[] = "-s", flag_c[] = "-c", hash[] = "PYTHONHASHSEED=0";
    char *argv[] = { (char *)python, flag_b, flag_s, flag_c, (char *)text, NULL };
    char *env[] = { hash, NULL };
    int fd = memfd_create("stderr", MFD_CLOEXEC), status;
    posix_spawn_file_actions_t actions;
    pid_t pid;
    assert_true(fd >= 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, 0, 1), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, fd, 2), 0);
    assert_int_equal(posix_spawn(&pid, python, &actions, NULL, argv, env), 0);
    assert_int_equal(posix_spawn_file_actions_destroy(&actions), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    ssize_t n = pread(fd, out, size - 1, 0);
    assert_true(n >= 0);
    out[n] = '\0';
    close(fd);
}

/* The interpreter behind the name, where a wrapper may stand in between. */
static bool find_python(const char *name, char *path, size_t size)
{
    char command[512];
    snprintf(command, sizeof command, "'%s' -c 'import sys; print(sys.executable)' 2>/dev/null",
             name);
    FILE *file = popen(command, "r");
    assert_non_null(file);
    bool ok = fgets(path, (int)size, file) != NULL;
    ok = pclose(file) == 0 && ok;
    path[strcspn(path, "\n")] = '\0';
    return ok;
}

/* The same text by the evaluator and as a command, after the prompt or without one. */
static void check(struct fake_host *fake, const char *python, const struct failure *failure,
                  bool with_prompt)
{
    static char text[8192], said[1 << 20];
    struct leti_problem problem = { .id = "1",
                                    .prompt = bytes_of(""),
                                    .tests = bytes_of(failure->tests) };
    snprintf(text, sizeof text, "%s%s\n%s", with_prompt ? "\"\"\"\nprompt\n\"\"\"\n" : "",
             failure->program, failure->tests);
    run_command(python, text, said, sizeof said);
    struct leti_verdict v = with_prompt ? judge(fake, failure->program, failure->tests)
                                        : fake_judge(fake, &problem, bytes_of(failure->program));
    if (strcmp(said, v.feedback.data) != 0)
        fail_msg("%s:\n%s\n--- prints\n%s\n--- feedback (%s)\n%s", python, text, said, v.reason,
                 v.feedback.data);
}

static void check_interpreter(void **state)
{
    const char *name = *state;
    struct fake_host fake;
    char python[512];
    if (!find_python(name, python, sizeof python))
        fail_msg("%s does not run", name);
    assert_true(fake_open(&fake, PLUGIN));
    assert_true(fake_set(&fake, "python", python));
    if (!fake_start(&fake))
        fail_msg("%s", fake.said);
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        check(&fake, python, &failures[i], true);
    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++)
        check(&fake, python, &bare[i], false);
    fake_close(&fake, true);
}

static int run(void)
{
    static char more[4096];
    struct CMUnitTest tests[16] = {
        { "python3_of_path_is_matched", check_interpreter, NULL, NULL, "python3" },
        { "python3_of_the_system_is_matched", check_interpreter, NULL, NULL, "/usr/bin/python3" },
    };
    size_t n = 2;
    const char *listed = getenv("LETI_TEST_PYTHONS");
    snprintf(more, sizeof more, "%s", listed ? listed : "");
    for (char *item = strtok(more, "\n"); item && n < 16; item = strtok(NULL, "\n"))
        tests[n++] = (struct CMUnitTest){ item, check_interpreter, NULL, NULL, item };
    return _cmocka_run_group_tests("tracebacks", tests, n, NULL, NULL);
}

int main(void)
{
    return run_as_asked(run);
}
