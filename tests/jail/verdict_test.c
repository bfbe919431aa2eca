/* verdict_test - every way in which a program ends gets its outcome, its reason and its feedback.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "jail_test.h"

static struct fake_host fake;

struct ending {
    const char *claim, *program, *tests;
    enum leti_outcome outcome;
    const char *reason, *exception, *says; /* says: what stands in the feedback; NULL: nothing */
};

#define F "def f(x):\n    return x + 1\n"
#define T "assert f(1) == 2\nassert f(2) == 3\n"
#define PASSED LETI_PASSED, "passed", "", NULL
#define RAISES(type, text) LETI_FAILED, "exception", type, text
#define FORBIDDEN(call) LETI_FAILED, "forbidden", "PermissionError", "the program called " call ","
#define EXITED(type, text) LETI_FAILED, "exited", type, text
#define SUSPICIOUS(text) LETI_FAILED, "suspicious", "", text

#define AGREES                                                                                     \
    "class Yes:\n"                                                                                 \
    "    def __eq__(self, other): return True\n"                                                   \
    "    def __hash__(self): return hash(2)\n"

static struct ending endings[] = {
    { "right_program_passes", F, T, PASSED },
    { "wrong_program_is_an_assertion_error", "def f(x):\n    return x\n", T,
      RAISES("AssertionError", "File \"<string>\", line 7, in <module>\n") },
    { "name_error_is_named_with_its_line", "def f(x):\n    return y\n", T,
      RAISES("NameError", "line 5, in f\n") },
    { "exception_of_a_library_is_named_without_its_module", "import json\njson.loads('{')", "",
      RAISES("JSONDecodeError", "json.decoder.JSONDecodeError: Expecting property name") },
    { "syntax_error_is_an_exception", "def f(x:\n", T, RAISES("SyntaxError", "SyntaxError: ") },
    { "runs_as_main",
      "assert __name__ == '__main__'\nimport sys\n"
      "assert vars(sys.modules['__main__']) is globals()\n",
      "", PASSED },
    { "environment_is_empty", "import os\nassert not os.environ", "", PASSED },
    { "stdin_is_empty", "input()", "", RAISES("EOFError", "EOFError") },
    { "working_folder_is_not_searched_for_modules",
      "open('helper.py', 'w').write('x = 1')\nimport helper", "",
      RAISES("ModuleNotFoundError", "No module named 'helper'") },
    { "hashes_are_the_same_every_time",
      "assert hash('leti') == hash('leti')\n"
      "import sys\nassert sys.flags.hash_randomization == 0\n",
      "", PASSED },
    { "may_use_its_own_folder",
      "open('x', 'w').write('1' * 1000)\nimport os\nassert os.listdir('.') == ['x']\n"
      "import tempfile\nwith tempfile.TemporaryDirectory() as d: open(d + '/y', 'w').close()\n",
      "", PASSED },
    { "folder_is_empty_after_a_program_that_filled_it", "import os\nassert os.listdir('.') == []",
      "", PASSED },
    { "threads_work",
      "import threading\nout = []\n"
      "t = threading.Thread(target=lambda: out.append(1))\nt.start(); t.join()\n"
      "assert out == [1]\n"
      "assert threading.current_thread() is threading.main_thread()\n",
      "", PASSED },
    { "signals_work",
      "import signal\ngot = []\n"
      "signal.signal(signal.SIGUSR1, lambda *a: got.append(a))\n"
      "signal.raise_signal(signal.SIGUSR1)\nassert got\n",
      "", PASSED },
    { "event_loops_work", "import asyncio\nasync def g(): return 5\nassert asyncio.run(g()) == 5",
      "", PASSED },
    { "ctypes_works_but_makes_a_pass_suspicious",
      "import ctypes\n"
      "c = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), "
      "ctypes.POINTER(ctypes.c_int))\n"
      "a = (ctypes.c_int * 3)(3, 1, 2)\n"
      "ctypes.CDLL(None).qsort(a, 3, 4, c(lambda x, y: x[0] - y[0]))\nassert list(a) == [1, 2, 3]",
      "", SUSPICIOUS("the program imported ctypes") },
    { "no_frame_stands_below_the_program", "import sys\nassert sys._getframe().f_back is None", "",
      PASSED },

    /* ends before its tests did */
    { "sys_exit_fails_at_once", F "import sys\nsys.exit(0)", T,
      EXITED("SystemExit", "SystemExit: 0 (the program exited before its tests ended)\n") },
    { "raise_system_exit_fails_at_once", F "raise SystemExit", T,
      EXITED("SystemExit", "SystemExit: None (") },
    { "quit_fails_at_once", F "quit()", T, EXITED("SystemExit", "SystemExit: None (") },
    { "exit_with_a_text_is_quoted", F "import sys\nsys.exit('bye')", T,
      EXITED("SystemExit", "SystemExit: bye (") },
    { "os_exit_fails_at_once", F "import os\nos._exit(0)", T,
      EXITED("", "exited with status 0 before its tests ended") },
    { "os_exit_in_a_test_fails", "def f(x):\n    import os\n    os._exit(3)", T,
      EXITED("", "exited with status 3") },
    { "os_exit_in_an_exit_hook_is_no_pass",
      "import sys, os\nsys.excepthook = lambda *a: os._exit(0)\n1 / 0", T,
      RAISES("ZeroDivisionError", "ZeroDivisionError: division by zero") },
    { "closing_all_descriptors_changes_nothing", F "import os\nos.closerange(0, 70000)\n", T,
      PASSED },

    /* what decides a comparison */
    { "object_equal_to_everything_is_suspicious", AGREES "def f(x): return Yes()", T,
      SUSPICIOUS("Yes.__eq__") },
    { "equal_object_in_a_list_is_suspicious", AGREES "def f(x): return [Yes()]",
      "assert f(1) == [2]", SUSPICIOUS("Yes.__eq__") },
    { "equal_object_on_the_right_is_suspicious", AGREES "def f(x): return Yes()",
      "assert 2 == f(1)", SUSPICIOUS("Yes.__eq__") },
    { "equal_object_in_a_set_is_suspicious", AGREES "def f(x): return Yes()",
      "assert f(1) in {1, 2}", SUSPICIOUS("Yes.__eq__") },
    { "equal_object_in_a_check_function_is_suspicious", AGREES "def f(x): return Yes()",
      "def check(g):\n    assert g(1) == 2\ncheck(f)\n", SUSPICIOUS("Yes.__eq__") },
    { "subclass_of_list_that_agrees_is_suspicious",
      "class L(list):\n    __eq__ = lambda a, b: True\ndef f(x): return L()", "assert f(1) == [2]",
      SUSPICIOUS("L.__eq__") },
    { "class_made_at_run_time_is_suspicious",
      "f = lambda x: type('X', (), {'__' + 'eq__': lambda a, b: True})()", T,
      SUSPICIOUS("X.__eq__") },
    { "class_with_another_module_name_is_suspicious",
      "exec('class X:\\n def __eq__(a, b): return True', {'__name__': 'math'}, globals())\n"
      "f = lambda x: X()",
      T, SUSPICIOUS("X.__eq__") },
    { "mock_any_is_suspicious", "from unittest.mock import ANY\nf = lambda x: ANY", T,
      SUSPICIOUS("_ANY.__eq__") },
    { "magic_mock_is_suspicious",
      "from unittest.mock import MagicMock\nm = MagicMock()\nm.__eq__.return_value = True\n"
      "f = lambda x: m",
      T, SUSPICIOUS("MagicMock.__eq__") },
    { "always_less_is_suspicious",
      "class L:\n    def __lt__(a, b): return True\n    def __sub__(a, b): return a\n"
      "    def __abs__(a): return a\nf = lambda x: L()",
      "assert abs(f(1) - 2) < 1e-6", SUSPICIOUS("L.__") },
    { "guard_cannot_be_replaced_by_name",
      "import builtins\nfor scope in (vars(builtins), globals()):\n"
      "    for name in ('<compared>', '\\0compared\\0', 'compared'):\n"
      "        scope[name] = lambda *a: 2\n"
      "def f(x): return 5",
      T, RAISES("AssertionError", "AssertionError") },
    { "method_with_the_globals_of_the_library_is_suspicious",
      "import types, json\nclass Y:\n"
      "    __eq__ = types.FunctionType((lambda s, o: True).__code__, vars(json))\n"
      "f = lambda x: Y()",
      T, SUSPICIOUS("Y.__eq__") },
    { "shadowed_builtin_of_the_tests_is_suspicious", "def set(x): return 1\ndef f(x): return 0",
      "assert set(f(1)) == set([2, 1])", SUSPICIOUS("the program replaced set") },
    { "shadowed_abs_is_suspicious", "def abs(x): return 0\ndef f(x): return 0",
      "def check(g):\n    assert abs(g(1) - 2) < 1e-6\ncheck(f)\n",
      SUSPICIOUS("the program replaced abs") },
    { "replaced_builtin_is_suspicious",
      "import builtins\nbuiltins.set = lambda x: 1\ndef f(x): return 0",
      "assert set(f(1)) == set([2, 1])", SUSPICIOUS("the program replaced set") },
    { "builtin_replaced_in_a_test_is_suspicious",
      "def f(x):\n    global set\n    set = lambda x: 1\n    return 0",
      "f(1)\nassert set(f(1)) == set([2, 1])", SUSPICIOUS("the program replaced set") },
    { "replaced_table_of_builtins_is_suspicious",
      "def f(x): return 0\n__builtins__ = {'set': lambda x: 1}", "assert set(f(1)) == set([2, 1])",
      SUSPICIOUS("the program replaced __builtins__") },
    { "function_under_test_may_have_the_name_of_a_builtin", "def sum(a, b): return a + b",
      "import math\nassert sum(1, 2) == 3\nassert math.sqrt(sum(2, 2)) == 2", PASSED },
    { "builtins_that_the_tests_do_not_use_may_be_replaced", "def set(x): return 1\n" F, T, PASSED },
    { "functions_of_the_library_may_shadow_builtins", "from math import *\n" F,
      "assert pow(f(1), 2) == 4", PASSED },
    { "function_of_a_module_that_the_tests_use_is_watched",
      "import math\nmath.isclose = lambda *a, **k: True\ndef f(x): return 9",
      "assert math.isclose(f(1), 2)", SUSPICIOUS("the program replaced isclose") },
    { "module_that_the_tests_import_is_watched",
      "import sys, types\nm = types.ModuleType('math')\nm.isclose = lambda *a, **k: True\n"
      "sys.modules['math'] = m\ndef f(x): return 9",
      "import math\nassert math.isclose(f(1), 2)", SUSPICIOUS("the program replaced math") },
    { "arithmetic_that_sees_what_is_expected_is_suspicious",
      "class N:\n    def __sub__(a, b): return 0\nf = lambda x: N()", "assert abs(f(1) - 2) < 1e-6",
      SUSPICIOUS("N.__sub__") },
    { "items_of_an_iterator_are_looked_at", AGREES "def f(x):\n    yield Yes()", "assert 2 in f(1)",
      SUSPICIOUS("Yes.__eq__") },
    { "method_of_another_name_is_suspicious",
      "class N(int):\n    __eq__ = int.__ne__\nf = lambda x: N(7)", T, SUSPICIOUS("N.__eq__") },
    { "attributes_of_a_library_s_object_are_looked_at",
      AGREES "from fractions import Fraction\ndef f(x):\n    y = Fraction(1, 2)\n"
             "    y._numerator = Yes()\n    y._denominator = 1\n    return y",
      T, SUSPICIOUS("Yes.__eq__") },
    { "function_of_the_guard_takes_anything_and_adds_suspicion_only",
      "import sys, types\n"
      "def f(x):\n"
      "    code = sys._getframe(1).f_code\n"
      "    g = [c for c in code.co_consts if isinstance(c, types.BuiltinFunctionType)][0]\n"
      "    things = [0, 1, -1, 6, 13, 20, 99, 10**30, None, 'x', [], f, int, 2.5]\n"
      "    for a in things:\n        for b in things:\n            for c in things:\n"
      "                for d in ((), (a,), (a, b), (a, b, c), (a, b, c, a), (8 + b, c)\n"
      "                          if type(b) is int else ()):\n"
      "                    try: g(*d)\n"
      "                    except Exception: pass\n"
      "    return x + 1\n",
      T, SUSPICIOUS("the program ") },
    { "own_name_may_be_looked_up_in_a_frame",
      "import sys\ndef f(x):\n    assert sys._getframe().f_code.co_name == 'f'\n    return x + 1",
      T, PASSED },
    { "objects_of_a_class_under_test_may_compute_and_be_true",
      "class V:\n    def __init__(s, x): s.x = x\n    def __add__(s, o): return V(s.x + o.x)\n"
      "    def __mul__(s, k): return V(s.x * k)\n    def __eq__(s, o): return s.x == o.x\n"
      "    def __abs__(s): return abs(s.x)\n    def __bool__(s): return s.x != 0\n",
      "assert V(1) + V(2) == V(3) and V(1) * 3 == V(3) and V(1)\nassert not V(0)\n"
      "assert abs(V(-2)) == 2\nassert V(1) in [V(1)] and [V(1), V(2)].index(V(2)) == 1\n",
      PASSED },
    { "libraries_may_look_into_frames_for_the_program",
      "from collections import namedtuple\nfrom dataclasses import dataclass\n"
      "import doctest, logging, traceback, typing, warnings\ndoctest.testmod()\n"
      "def f(x):\n    @dataclass(order=True)\n    class D:\n        y: int\n"
      "    typing.NamedTuple('N', [('a', int)])\n"
      "    logging.warning('w')\n    warnings.warn('w')\n"
      "    try: 1 / 0\n    except ZeroDivisionError: traceback.format_exc()\n"
      "    return namedtuple('P', 'x')(x + 1).x\n",
      T, PASSED },
    { "unittest_may_be_the_tests", "def f(x): return x + 1",
      "import unittest\nclass C(unittest.TestCase):\n    def test(self):\n"
      "        self.assertEqual(f(1), 2)\n        self.assertAlmostEqual(f(1) / 3, 2 / 3)\n"
      "        with self.assertRaises(TypeError): f('a')\n"
      "s = unittest.defaultTestLoader.loadTestsFromTestCase(C)\n"
      "assert unittest.TextTestRunner().run(s).wasSuccessful()\n",
      PASSED },
    { "own_objects_compared_with_each_other_pass",
      "class P:\n    def __init__(s, x): s.x = x\n    def __eq__(s, o): return s.x == o.x\n"
      "def f(x): return P(x)",
      "assert f(1) == P(1)\nassert [f(1)] == [f(1)]", PASSED },
    { "objects_of_the_library_are_no_suspects",
      "from fractions import Fraction\nfrom decimal import Decimal\nfrom collections import *\n"
      "import datetime",
      "assert Fraction(1, 2) == 0.5\nassert Decimal(1) == 1\nassert Counter('aa') == {'a': 2}\n"
      "assert deque([1]) == deque([1])\nassert UserList([1]) == [1]\n"
      "assert namedtuple('N', 'a')(1) == (1,)\nassert OrderedDict(a=1) == {'a': 1}\n"
      "assert datetime.date(2020, 1, 1) < datetime.date(2020, 1, 2)",
      PASSED },
    { "classes_of_the_tests_may_decide", "def f(x): return 2.0000001",
      "class Near:\n    def __init__(s, x): s.x = x\n"
      "    def __eq__(s, o): return abs(s.x - o) < 1e-3\nassert f(1) == Near(2)\n",
      PASSED },
    { "sorting_objects_that_compare_is_honest",
      "class P:\n    def __init__(s, x): s.x = x\n    def __lt__(s, o): return s.x < o.x\n"
      "    def __eq__(s, o): return s.x == o.x\ndef f(x): return [P(x + 1), P(x)]",
      "assert sorted(f(1), key=lambda p: p.x)[0].x == 1\nassert max(f(1), key=lambda p: p.x).x == "
      "2\n"
      "assert sorted(f(1), reverse=True) == [P(2), P(1)]",
      PASSED },
    { "a_false_comparison_stays_an_assertion_error",
      "class N:\n    def __eq__(a, b): return False\nf = lambda x: N()", T,
      RAISES("AssertionError", "line 7, in <module>\n") },

    /* what is not allowed */
    { "socket_fails", "import socket\nsocket.socket()", "", FORBIDDEN("socket") },
    { "fork_fails", "import os\nif os.fork() == 0:\n    os.setsid()\n    os._exit(0)", "",
      FORBIDDEN("fork") },
    { "subprocess_fails", "import subprocess\nsubprocess.run(['true'])", "", FORBIDDEN("fork") },
    { "system_fails", "import os\nassert os.system('true') == 0", "",
      RAISES("AssertionError", "") },
    { "exec_fails", "import os\nos.execv('/bin/true', ['true'])", "", FORBIDDEN("execve") },
    { "secrets_are_not_there", "open('/etc/shadow')", "",
      RAISES("FileNotFoundError", "'/etc/shadow'") },
    { "other_processes_are_not_there", "import os\nassert os.listdir('/proc') == []", "", PASSED },
    { "libraries_are_read_only",
      "import os\ntry: open(os.__file__, 'a')\nexcept OSError: pass\nelse: assert 0\n"
      "try: open(os.path.dirname(os.__file__) + '/x', 'w')\nexcept OSError: pass\nelse: assert 0",
      "", PASSED },
    { "tmp_of_the_machine_is_out_of_reach", "open('/tmp/x', 'w')", "",
      RAISES("OSError", "Read-only file system") },
    { "limits_cannot_be_raised",
      "import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (1 << 20, 1 << 20))", "",
      RAISES("ValueError", "not allowed to raise maximum limit") },
    { "namespaces_cannot_be_made",
      "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
      "assert libc.unshare(0x10000000) == -1 and ctypes.get_errno() == 1\n"
      "assert libc.ptrace(0, 0, 0, 0) == -1 and ctypes.get_errno() == 1\n"
      "assert libc.mount(b'x', b'/', b'tmpfs', 0, None) == -1 and ctypes.get_errno() == 1",
      "", SUSPICIOUS("the program imported ctypes") },
    { "disk_is_limited", "for i in range(100):\n    open(str(i), 'wb').write(bytes(1 << 20))", "",
      RAISES("OSError", "No space left on device") },
    { "one_file_is_limited", "f = open('x', 'wb')\nwhile True: f.write(bytes(1 << 20))", "",
      RAISES("OSError", "") },
    { "open_files_are_limited", "f = [open('/dev/null') for i in range(1000)]", "",
      RAISES("OSError", "Too many open files") },
    { "threads_are_limited",
      "import threading, time\n"
      "for i in range(2000): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
      "", RAISES("RuntimeError", "can't start new thread") },

    /* what never ends by itself */
    { "endless_loop_times_out", "while True: pass", T, LETI_FAILED, "timeout", "",
      "timed out after 3 s\n" },
    { "sleep_times_out", "import time\ntime.sleep(1000)", T, LETI_FAILED, "timeout", "",
      "timed out after 3 s\n" },
    { "ignored_signals_do_not_help",
      "import signal\n"
      "for s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n"
      "    except (OSError, ValueError): pass\nwhile True: pass",
      T, LETI_FAILED, "timeout", "", "timed out" },
    { "caught_exceptions_do_not_help",
      "while True:\n    try:\n        import time; time.sleep(9)\n    except BaseException: pass",
      T, LETI_FAILED, "timeout", "", "timed out" },
    { "endless_output_is_cut", "while True: print('x' * 10000)", T, LETI_FAILED, "output", "",
      "wrote more than 16 MiB of output\n" },
    { "endless_output_to_stderr_is_cut", "import os\nwhile True: os.write(2, b'x' * 100000)", T,
      LETI_FAILED, "output", "", "wrote more than 16 MiB of output\n" },
    { "some_output_is_fine", F "print('x' * 1000000)", T, PASSED },
    { "memory_hog_is_a_memory_failure", "x = []\nwhile True: x.append(bytes(1 << 22))", T,
      LETI_FAILED, "memory", "MemoryError", "MemoryError\n" },
    { "one_huge_block_is_a_memory_failure", "x = 'a' * (1 << 40)", T, LETI_FAILED, "memory",
      "MemoryError", "MemoryError\n" },
    { "small_blocks_are_a_memory_failure", "x = []\nwhile True: x.append(bytes(8000))", T,
      LETI_FAILED, "memory", "MemoryError", "MemoryError" },
    { "deep_recursion_is_an_exception", "def f(x): return f(x)", T,
      RAISES("RecursionError", "RecursionError: maximum recursion depth exceeded") },
    { "crash_is_named_by_its_signal", "import ctypes\nctypes.string_at(0)", T, LETI_FAILED,
      "killed", "", "killed by signal 11 (Segmentation fault)\n" },
    { "abort_is_named_by_its_signal", "import os\nos.abort()", T, LETI_FAILED, "killed", "",
      "killed by signal 6 (Aborted)\n" },
    { "kill_of_itself_is_named", "import os\nos.kill(os.getpid(), 15)", T, LETI_FAILED, "killed",
      "", "killed by signal 15 (Terminated)\n" },
    { "kill_9_of_itself_is_named", "import os\nos.kill(os.getpid(), 9)", T, LETI_FAILED, "killed",
      "", "killed by signal 9 (Killed)" },
    { "kill_of_a_thread_of_its_own_is_named",
      "import signal, threading\nsignal.pthread_kill(threading.get_ident(), 15)", T, LETI_FAILED,
      "killed", "", "killed by signal 15 (Terminated)\n" },
    { "threads_can_signal_the_main_thread",
      "import signal, threading\ngot = []\n"
      "signal.signal(signal.SIGUSR1, lambda *a: got.append(a))\n"
      "main = threading.main_thread().ident\n"
      "t = threading.Thread(target=signal.pthread_kill, args=(main, signal.SIGUSR1))\n"
      "t.start(); t.join()\nassert got\n",
      "", PASSED },
    { "alarm_without_a_handler_is_named",
      "import signal\nsignal.setitimer(0, 0.01)\nsignal.pause()", T, LETI_FAILED, "killed", "",
      "killed by signal 14 (Alarm clock)\n" },
    { "signal_to_its_group_reaches_itself_alone", "import os\nos.kill(0, 9)", T, LETI_FAILED,
      "killed", "", "killed by signal 9 (Killed)" },
    { "signal_to_all_reaches_nobody", "import os\nos.kill(-1, 9)", "",
      RAISES("ProcessLookupError", "No such process") },
    { "program_is_the_first_process_of_its_namespace",
      "import os\nassert (os.getpid(), os.getppid()) == (1, 0)\n"
      "try: os.kill(-1, 9)\nexcept ProcessLookupError: pass\n",
      "", PASSED },
    { "stopping_itself_times_out", "import os\nos.kill(os.getpid(), 19)", T, LETI_FAILED, "timeout",
      "", "timed out after 3 s\n" },
    { "long_message_is_cut_in_the_middle", "raise ValueError('x' * 1000000 + 'end')", T,
      RAISES("ValueError", "bytes left out ...]") },
    { "broken_str_of_an_exception_is_told",
      "class E(Exception):\n    def __str__(self): raise ValueError\nraise E", T,
      RAISES("E", "E: <exception str() failed>") },
    { "stderr_of_the_program_is_no_feedback",
      "import sys\nprint('noise', file=sys.stderr)\nsys.stderr = None\nraise ValueError('x')", T,
      RAISES("ValueError", "line 7, in <module>\n") },
};

static void check_ending(void **state)
{
    const struct ending *e = *state;
    struct leti_verdict v = judge(&fake, e->program, e->tests);
    if (strcmp(v.reason, e->reason) != 0)
        print_message("%s: %s\n", v.reason, v.feedback.data);
    assert_string_equal(v.reason, e->reason);
    assert_int_equal(v.outcome, e->outcome);
    assert_string_equal(v.exception, e->exception);
    assert_true(v.feedback.size <= 64 << 10);
    assert_true(v.seconds >= 0 && v.seconds < 7); /* its clock may stand still for a while */
    if (!e->says)
        assert_int_equal(v.feedback.size, 0);
    else if (!strstr(v.feedback.data, e->says))
        fail_msg("%s: feedback is\n%s", e->claim, v.feedback.data);
}

static int group_setup(void **state)
{
    (void)state;
    bool ok = fake_open(&fake, PLUGIN) && fake_set(&fake, "timeout", "3") &&
              fake_set(&fake, "memory", "256") && fake_start(&fake);
    if (!ok)
        print_error("%s\n", fake.said);
    return ok ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    fake_close(&fake, true);
    return 0;
}

static int run(void)
{
    enum { N = sizeof endings / sizeof *endings };
    struct CMUnitTest tests[N];
    for (size_t i = 0; i < N; i++)
        tests[i] = (struct CMUnitTest){ .name = endings[i].claim,
                                        .test_func = check_ending,
                                        .initial_state = &endings[i] };
    return _cmocka_run_group_tests("endings", tests, N, group_setup, group_teardown);
}

int main(void)
{
    return run_as_asked(run);
}
