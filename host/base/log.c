/* log - what the program says on stderr: lines for people, and one line that moves.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/plain.h"

static struct {
    pthread_mutex_t lock;
    enum leti_level least;
    void (*sink)(void *context, enum leti_level, const char *line);
    void *sink_context;
    char moving[512]; /* the line that is on the terminal, "" for none */
} state = { .lock = PTHREAD_MUTEX_INITIALIZER, .least = LETI_LOG_INFO };

static const char *const erase = "\r\033[K";

static const char *level_prefix(enum leti_level level)
{
    switch (level) {
    case LETI_LOG_DEBUG:
        return "debug: ";
    case LETI_LOG_INFO:
        return "";
    case LETI_LOG_WARN:
        return "warning: ";
    case LETI_LOG_ERROR:
        return "error: ";
    }
    return "";
}

bool log_has_progress(void)
{
    return isatty(STDERR_FILENO) == 1;
}

/* A line that wraps could not be erased: it ends one column before the terminal does. */
static int terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 2)
        return 79;
    return size.ws_col - 1;
}

void log_set_level(enum leti_level least)
{
    pthread_mutex_lock(&state.lock);
    state.least = least;
    pthread_mutex_unlock(&state.lock);
}

void log_set_sink(void (*sink)(void *context, enum leti_level, const char *line), void *context)
{
    pthread_mutex_lock(&state.lock);
    state.sink = sink;
    state.sink_context = context;
    pthread_mutex_unlock(&state.lock);
}

void log_line(enum leti_level level, const char *format, ...)
{
    char line[4096];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (size < 0)
        return;

    struct text plain = { 0 };
    plain_line(&plain, line);
    pthread_mutex_lock(&state.lock);
    if (state.sink)
        state.sink(state.sink_context, level, line);
    if (level >= state.least)
        fprintf(stderr, "%s%s%s\n%s", state.moving[0] ? erase : "", level_prefix(level),
                text_string(&plain), state.moving);
    pthread_mutex_unlock(&state.lock);
    text_free(&plain);
}

void log_progress(const char *line)
{
    if (!log_has_progress())
        return;
    struct text plain = { 0 };
    plain_line(&plain, line ? line : "");
    pthread_mutex_lock(&state.lock);
    if (line || state.moving[0]) {
        int columns = terminal_columns();
        if ((size_t)columns >= sizeof state.moving)
            columns = sizeof state.moving - 1;
        snprintf(state.moving, (size_t)columns + 1, "%s", text_string(&plain));
        fprintf(stderr, "%s%s", erase, state.moving);
        fflush(stderr);
    }
    pthread_mutex_unlock(&state.lock);
    text_free(&plain);
}
