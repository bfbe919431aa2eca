/* interpreter.c - finds a Python and makes it the zygote.
 * SPDX-License-Identifier: Apache-2.0 */
#include "interpreter.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot.h" /* static const char boot[]: boot.py */

enum { FIND_SECONDS = 20 };

extern char **environ;

/* Asks the program at path for the interpreter behind it. */
static bool ask(const char *path, char **out, struct leti_error *err)
{
    static char question[] = "import sys; print(sys.version_info >= (3, 8) and "
                             "sys.implementation.name == 'cpython' and sys.executable or '')";
    char flag_i[] = "-I", flag_c[] = "-c";
    /* Python looks for itself by the name that it was called by. */
    char *argv[] = { (char *)path, flag_i, flag_c, question, NULL };
    char answer[4096] = "";
    bool ok = launch_and_read(path, argv, environ, FIND_SECONDS, answer, sizeof answer, err);
    answer[strcspn(answer, "\n")] = '\0';
    if (!ok || answer[0] != '/')
        return leti_error_set(err, "%s: not a CPython of version 3.8 or later that runs", path);
    *out = strdup(answer);
    return *out || leti_error_set(err, "no memory");
}

bool interpreter_find(const char *name, char **out, struct leti_error *err)
{
    if (strchr(name, '/'))
        return ask(name, out, err);
    const char *path = getenv("PATH");
    bool any = false;
    for (const char *p = path ? path : "/usr/local/bin:/usr/bin:/bin"; *p;) {
        size_t n = strcspn(p, ":");
        char file[4096];
        int length = snprintf(file, sizeof file, "%.*s/%s", (int)n, p, name);
        p += n + (p[n] == ':');
        if (n == 0 || length < 0 || (size_t)length >= sizeof file || access(file, X_OK) != 0)
            continue;
        any = true;
        if (ask(file, out, err))
            return true;
    }
    return any ? false : leti_error_set(err, "%s: not found in PATH", name);
}

/* -s -B: no packages of the user, no files written. Hashes do not change from run to run, so
 * that neither does a verdict. */
bool interpreter_start(const char *path, const struct leti_list *paths,
                       const struct leti_list *preload, const struct settings *settings,
                       struct leti_bytes prelude, struct launched *out, struct leti_error *err)
{
    Dl_info self;
    if (dladdr(boot, &self) == 0 || !self.dli_fname)
        return leti_error_set(err, "the plugin does not know where it is");
    char *library = realpath(self.dli_fname, NULL), n_paths[24];
    snprintf(n_paths, sizeof n_paths, "%zu", paths->n);
    const char *fixed[] = { path, "-s", "-B", "-c", boot, library, n_paths };
    size_t n = sizeof fixed / sizeof *fixed;
    const char **argv = calloc(n + paths->n + preload->n + 1, sizeof *argv);
    bool ok = library && argv;
    if (ok) {
        memcpy(argv, fixed, sizeof fixed);
        for (size_t i = 0; i < paths->n; i++)
            argv[n++] = paths->items[i];
        for (size_t i = 0; i < preload->n; i++)
            argv[n++] = preload->items[i];
        char libraries[4096] = "LD_LIBRARY_PATH=", hash[] = "PYTHONHASHSEED=0";
        const char *from = getenv("LD_LIBRARY_PATH"); /* some builds of Python need it to start */
        size_t used = strlen(libraries);
        snprintf(libraries + used, sizeof libraries - used, "%s", from ? from : "");
        char *env[] = { hash, from ? libraries : NULL, NULL };
        ok = launch_warden(path, (char *const *)argv, env, settings, prelude, out, err);
    } else {
        leti_error_set(err, "%s: cannot be started: %s", path, strerror(errno));
    }
    free(argv);
    free(library);
    return ok;
}
