/* screen - where a command's long output goes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/screen.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value;
}

/* NULL: none is wanted. */
static const char *pager(void)
{
    const char *chosen = getenv("PAGER");
    if (!chosen)
        return "if command -v less >/dev/null; then exec less; else exec cat; fi";
    return *chosen && strcmp(chosen, "cat") ? chosen : NULL;
}

/* Colours as they are, no pager where one page is enough, and what was read stays to be seen. A
 * pager that cannot be started has read nothing: all goes to the terminal. */
static FILE *start(const char *command)
{
    struct text script = { 0 };
    setenv("LESS", "FRX", 0);
    setenv("LV", "-c", 0);
    text_printf(&script, "trap : INT\n%s\ncase $? in 126 | 127) exec cat ;; esac", command);
    fflush(stdout);
    FILE *pipe = script.refused ? NULL : popen(text_string(&script), "we");
    text_free(&script);
    return pipe;
}

void screen_open(struct screen *screen)
{
    const char *term = getenv("TERM"), *command = pager();
    bool terminal = isatty(STDOUT_FILENO) == 1;
    FILE *pipe = terminal && command ? start(command) : NULL;
    *screen = (struct screen){
        .out = pipe ? pipe : stdout,
        .colour = terminal && !is_set("NO_COLOR") && term && strcmp(term, "dumb") != 0,
        .paged = pipe,
    };
    if (pipe) {
        signal(SIGINT, SIG_IGN);
        signal(SIGPIPE, SIG_IGN);
    }
}

void screen_close(struct screen *screen)
{
    if (screen->paged) {
        pclose(screen->out);
        signal(SIGINT, SIG_DFL);
        signal(SIGPIPE, SIG_DFL);
    }
    *screen = (struct screen){ .out = stdout };
}

void screen_paint(const struct screen *screen, struct text *out, enum paint paint)
{
    static const char *const codes[] = {
        [PAINT_NONE] = "\033[0m",   [PAINT_BOLD] = "\033[1m",  [PAINT_RED] = "\033[31m",
        [PAINT_GREEN] = "\033[32m", [PAINT_CYAN] = "\033[36m",
    };
    if (screen->colour)
        text_add(out, codes[paint]);
}
