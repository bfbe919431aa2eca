/* child.c - compiles and runs one program, and says how it ended.
 *
 * The tests have passed if and only if the evaluation of the whole text came back to us with a
 * value. Whatever else happens, be it os._exit, leaves another ending or none.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classes.h"
#include "guard.h"
#include "jail.h"

enum { SIGNALS_MAX = 64 };

/* The text of a str object, in UTF-8 as stderr has it, into the report. */
static bool report_object(const struct python *py, void *object, struct report *report)
{
    char *text;
    ptrdiff_t size;
    void *bytes =
        object ? py->PyUnicode_AsEncodedString(object, "utf-8", "backslashreplace") : NULL;
    if (!bytes || py->PyBytes_AsStringAndSize(bytes, &text, &size) != 0)
        return false;
    report_feedback(report, text, (size_t)size);
    return true;
}

/* The name of the exception's class without its module. */
static void report_exception(const struct python *py, void *class, struct report *report)
{
    const char *name = py->PyExceptionClass_Name(class);
    const char *dot = strrchr(name, '.');
    snprintf(report->exception, sizeof report->exception, "%s", dot ? dot + 1 : name);
}

/* Prints the exception just as the interpreter would at its end, but into a text of ours:
 * whatever the program did to sys.stderr and sys.excepthook. */
static bool report_traceback(const struct python *py, const struct prepared *prepared, void *class,
                             void *value, void *traceback, struct report *report)
{
    void *file = py->PyObject_CallObject(prepared->text_io, NULL);
    if (!file || py->PySys_SetObject("stderr", file) != 0)
        return false;
    py->PyErr_Display(class, value, traceback);
    return report_object(py, py->PyObject_CallMethod(file, "getvalue", NULL), report);
}

/* "SystemExit: 0 (...)": what the program called and with what. */
static void report_exit(const struct python *py, void *value, struct report *report)
{
    static const char why[] = " (the program exited before its tests ended)\n";
    static const char name[] = "SystemExit: ";
    char line[1024];
    size_t n = sizeof name - 1;
    memcpy(line, name, n);
    void *code = py->PyObject_GetAttrString(value, "code");
    if (code && report_object(py, py->PyObject_Str(code), report)) {
        size_t room = sizeof line - n - sizeof why;
        size_t used = report->feedback_size < room ? report->feedback_size : room;
        memcpy(line + n, report->feedback, used);
        n += used;
    }
    memcpy(line + n, why, sizeof why - 1);
    report_feedback(report, line, n + sizeof why - 1);
}

/* Lets tracebacks show the text's first bytes, where this version shows any. */
static void show_source(const struct python *py, const struct prepared *prepared,
                        const struct text *text, size_t size)
{
    if (prepared->sources == py->none)
        return;
    void *source = py->PyUnicode_DecodeUTF8(text->data, (ptrdiff_t)size, NULL);
    if (!source || !py->PyObject_CallFunctionObjArgs(prepared->sources, source, NULL))
        py->PyErr_Clear();
}

/* No handler of the program's shall run while we report. What has come already has its turn. */
static void hush(const struct python *py)
{
    static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU };
    sigset_t set;
    sigfillset(&set);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigdelset(&set, crashes[i]);
    (void)pthread_sigmask(SIG_SETMASK, &set, NULL); /* cannot fail */
    for (int i = 0; i < SIGNALS_MAX && py->PyErr_CheckSignals() != 0; i++)
        py->PyErr_Clear();
}

static enum ending report_error(const struct python *py, const struct prepared *prepared,
                                const struct text *text, struct report *report)
{
    void *class = NULL, *value = NULL, *traceback = NULL;
    jail_relax();
    py->PyErr_Fetch(&class, &value, &traceback);
    hush(py);
    show_source(py, prepared, text, text->size);
    py->PyErr_NormalizeException(&class, &value, &traceback);
    if (traceback)
        py->PyException_SetTraceback(value, traceback);
    report_exception(py, class, report);
    if (py->PyErr_GivenExceptionMatches(class, py->system_exit)) {
        report_exit(py, value, report);
        return ENDING_EXITED;
    }
    if (!report_traceback(py, prepared, class, value, traceback, report) ||
        report->feedback_size == 0) { /* the interpreter itself gave up */
        py->PyErr_Clear();
        report_feedback(report, report->exception, strlen(report->exception));
    }
    bool memory = py->PyErr_GivenExceptionMatches(class, py->memory_error);
    return memory ? ENDING_MEMORY : ENDING_EXCEPTION;
}

static void *compile_plain(const struct python *py, const char *text)
{
    struct python_flags flags = { .flags = py->command_flags };
    return py->Py_CompileStringExFlags(text, "<string>", PYTHON_FILE_INPUT, &flags, -1);
}

/* `python -c` adds a line feed to what it is given, which may have one already. */
static void *compile_command(const struct python *py, const struct text *text)
{
    char *copy;
    ptrdiff_t size;
    void *bytes = py->PyBytes_FromStringAndSize(NULL, (ptrdiff_t)text->size + 1);
    if (!bytes || py->PyBytes_AsStringAndSize(bytes, &copy, &size) != 0)
        return NULL;
    memcpy(copy, text->data, text->size);
    copy[text->size] = '\n'; /* a NUL stands behind */
    void *code = compile_plain(py, copy);
    py->Py_DecRef(bytes);
    return code;
}

/* The code of the text as `python -c` would compile it. That cannot take a NUL nor anything that
 * is not UTF-8; there compile() raises what it does for such a text. */
static void *compile_text(const struct python *py, const struct prepared *prepared,
                          const struct text *text, void *source)
{
    if (source && !memchr(text->data, '\0', text->size))
        return compile_command(py, text);
    py->PyErr_Clear();
    void *bytes = py->PyBytes_FromStringAndSize(text->data, (ptrdiff_t)text->size);
    void *name = py->PyUnicode_DecodeUTF8("<string>", 8, NULL);
    void *mode = py->PyUnicode_DecodeUTF8("exec", 4, NULL);
    if (!bytes || !name || !mode)
        return NULL;
    return py->PyObject_CallFunctionObjArgs(prepared->compile, bytes, name, mode, NULL);
}

/* The program and its tests as codes of their own, the latter with their comparisons watched.
 * Two texts that each compile are, one after the other, the same statements as both in one. */
static bool compile_apart(const struct python *py, const struct prepared *prepared,
                          const struct text *text, void **program, void **tests)
{
    if (text->tests_from >= text->size || memchr(text->data, '\0', text->size))
        return false;
    const char *data = text->data + text->tests_from;
    char *before = strndup(text->data, text->tests_from);
    *program = before ? compile_plain(py, before) : NULL;
    free(before);
    if (!*program)
        return false;
    void *source = py->PyUnicode_DecodeUTF8(data, (ptrdiff_t)(text->size - text->tests_from), NULL);
    void *line = py->PyLong_FromLong((long)text->tests_line);
    if (!source || !line)
        return false;
    *tests = py->PyObject_CallFunctionObjArgs(prepared->guard, source, line, *program, NULL);
    return *tests != NULL;
}

/* Where the parts do not compile, the whole says why; it is also run where it does after all. */
static bool compile_all(const struct python *py, const struct prepared *prepared,
                        const struct text *text, void **program, void **tests)
{
    void *source = py->PyUnicode_DecodeUTF8(text->data, (ptrdiff_t)text->size, NULL);
    if (!source || !compile_apart(py, prepared, text, program, tests)) {
        py->PyErr_Clear();
        *tests = NULL;
        *program = compile_text(py, prepared, text, source);
    }
    return *program != NULL;
}

static bool evaluate(const struct python *py, const struct prepared *prepared,
                     const struct text *text)
{
    void *program = NULL, *tests = NULL, *scope = prepared->main;
    bool apart = compile_all(py, prepared, text, &program, &tests) && tests;
    if (!program)
        return false;
    show_source(py, prepared, text, text->tests_from); /* the tests are none of its business */
    guard_program_begins();
    if (!apart && text->tests_from < text->size)
        guard_note("is one statement with the tests");
    if (!py->PyEval_EvalCode(program, scope, scope))
        return false;
    if (!tests)
        return true;
    guard_tests_begin(tests);
    if (!py->PyEval_EvalCode(tests, scope, scope))
        return false;
    guard_tests_ended();
    return true;
}

void *child_compile_own(const struct python *py, const char *text, size_t size, const char *name)
{
    struct python_flags flags = { .flags = PYTHON_IGNORE_COOKIE };
    char *copy = strndup(text, size);
    void *code =
        copy ? py->Py_CompileStringExFlags(copy, name, PYTHON_FILE_INPUT, &flags, -1) : NULL;
    free(copy);
    return code;
}

/* Runs what is the pipeline's or the data set's, whose classes may decide what the tests ask. */
static bool run_own(const struct python *py, const struct prepared *prepared, void *code)
{
    if (!code)
        return false;
    classes_own(code);
    return py->PyEval_EvalCode(code, prepared->main, prepared->main) != NULL;
}

static bool run_before(const struct python *py, const struct prepared *prepared,
                       const struct text *text)
{
    return (!prepared->prelude || run_own(py, prepared, prepared->prelude)) &&
           (text->setup_size == 0 ||
            run_own(py, prepared, child_compile_own(py, text->setup, text->setup_size, "<setup>")));
}

static enum ending run(const struct python *py, const struct prepared *prepared,
                       const struct text *text, struct report *report)
{
    guard_begin(report);
    if (!run_before(py, prepared, text)) {
        report_error(py, prepared, text, report);
        return ENDING_BROKEN; /* it is not the program's fault */
    }
    report_begins();
    if (evaluate(py, prepared, text))
        return ENDING_PASSED; /* or suspicious, as who has the guard's notes knows */
    return report_error(py, prepared, text, report);
}

void child_warm(const struct python *py, const struct prepared *prepared)
{
    static const char both[] = "def f(x):\n    return [x + 1 for y in (x,)]\nassert f(1) == [2]\n";
    struct text text = { .setup = "",
                         .data = both,
                         .size = sizeof both - 1,
                         .tests_from = (size_t)(strstr(both, "assert") - both),
                         .tests_line = 3 };
    void *program = NULL, *tests = NULL;
    if (!compile_all(py, prepared, &text, &program, &tests))
        py->PyErr_Clear();
}

void child_run(const struct python *python, const struct prepared *prepared,
               const struct text *text, struct report *report)
{
    enum ending ending = run(python, prepared, text, report);
    __atomic_store_n(&report->ending, (uint32_t)ending, __ATOMIC_RELEASE);
}
