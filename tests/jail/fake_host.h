/* fake_host.h - the least host that an evaluator plugin can be tested in.
 *
 * Loads one plugin, sets options by name as the host does, and keeps what the plugin says.
 * Header only: each test program has its own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "leti/plugin.h"

enum { FAKE_LISTS = 8 };

struct fake_list {
    const char *items[64];
    char copy[4096];
};

struct fake_host {
    struct leti_host host; /* first: the plugin's pointer to it is a pointer to us */
    void *library, *instance;
    const struct leti_plugin *plugin;
    char said[2048];   /* through fail */
    char logged[2048]; /* the last warning */
    char *blocks[64];  /* from alloc, until the next unit of work */
    size_t n_blocks;
    struct fake_list lists[FAKE_LISTS]; /* that options point to; more are not set at once */
    size_t n_lists;
};

static void fake_log(const struct leti_host *host, enum leti_level level, const char *format, ...)
{
    struct fake_host *fake = (struct fake_host *)host;
    va_list args;
    va_start(args, format);
    if (level == LETI_LOG_WARN)
        vsnprintf(fake->logged, sizeof fake->logged, format, args);
    va_end(args);
}

static enum leti_status fake_fail(const struct leti_host *host, const char *format, ...)
{
    struct fake_host *fake = (struct fake_host *)host;
    va_list args;
    va_start(args, format);
    vsnprintf(fake->said, sizeof fake->said, format, args);
    va_end(args);
    return LETI_ERROR;
}

static void *fake_alloc(const struct leti_host *host, size_t size)
{
    struct fake_host *fake = (struct fake_host *)host;
    char *block = malloc(size);
    if (!block || fake->n_blocks == sizeof fake->blocks / sizeof *fake->blocks)
        abort(); /* a test without memory has nothing to say */
    return fake->blocks[fake->n_blocks++] = block;
}

static void fake_forget(struct fake_host *fake)
{
    while (fake->n_blocks > 0)
        free(fake->blocks[--fake->n_blocks]);
}

/* Stores one option; items of a list are one a line. False: there is no such option. */
static bool fake_set(struct fake_host *fake, const char *name, const char *text)
{
    for (const struct leti_option *o = fake->plugin->options; o->name; o++) {
        if (strcmp(o->name, name) != 0)
            continue;
        void *field = (char *)fake->instance + o->offset;
        if (o->type == LETI_BOOL)
            *(bool *)field = strcmp(text, "true") == 0;
        else if (o->type == LETI_INT)
            *(int64_t *)field = strtoll(text, NULL, 10);
        else if (o->type == LETI_REAL)
            *(double *)field = strtod(text, NULL);
        else if (o->type == LETI_TEXT)
            *(const char **)field = text;
        else {
            struct fake_list *list = &fake->lists[fake->n_lists++ % FAKE_LISTS];
            const char **items = list->items;
            char *copy = list->copy;
            size_t n = 0;
            snprintf(copy, sizeof list->copy, "%s", text);
            for (char *item = strtok(copy, "\n"); item && n < 64; item = strtok(NULL, "\n"))
                items[n++] = item;
            *(struct leti_list *)field = (struct leti_list){ items, n };
        }
        return true;
    }
    return false;
}

/* Opens the plugin file in LETI_PLUGIN_PATH and sets its defaults. Not started yet. */
static bool fake_open(struct fake_host *fake, const char *file)
{
    char path[4096];
    const char *folder = getenv("LETI_PLUGIN_PATH");
    *fake = (struct fake_host){ .host = { .size = sizeof fake->host,
                                          .stage = "evaluate",
                                          .run_dir = "/tmp",
                                          .threads = 1,
                                          .log = fake_log,
                                          .alloc = fake_alloc,
                                          .fail = fake_fail } };
    snprintf(path, sizeof path, "%s/%s", folder ? folder : ".", file);
    fake->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!fake->library) {
        fprintf(stderr, "%s\n", dlerror());
        return false;
    }
    fake->plugin = dlsym(fake->library, "leti_plugin");
    fake->instance = fake->plugin ? calloc(1, fake->plugin->instance_size) : NULL;
    if (!fake->instance)
        return false;
    for (const struct leti_option *o = fake->plugin->options; o->name; o++)
        if (o->initial && !fake_set(fake, o->name, o->initial))
            return false;
    return true;
}

static bool fake_start(struct fake_host *fake)
{
    return fake->plugin->start(fake->instance, &fake->host) == LETI_OK;
}

/* Frees all; stop is for an instance whose start went well. */
static void fake_close(struct fake_host *fake, bool started)
{
    if (started)
        fake->plugin->stop(fake->instance);
    fake_forget(fake);
    free(fake->instance);
    dlclose(fake->library);
}

static struct leti_bytes bytes_of(const char *text)
{
    return (struct leti_bytes){ text, strlen(text) };
}

/* Judges a program; the verdict lives until the next call. */
static struct leti_verdict fake_judge(struct fake_host *fake, const struct leti_problem *problem,
                                      struct leti_bytes program)
{
    fake_forget(fake);
    struct leti_sample sample = { .problem = problem, .program = program, .raw = program };
    struct leti_verdict verdict = { .reason = "none", .exception = "", .feedback = { "", 0 } };
    if (fake->plugin->evaluator.evaluate(fake->instance, &sample, &verdict) != LETI_OK)
        verdict.reason = "error";
    return verdict;
}

#endif
