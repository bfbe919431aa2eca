/* jailer.h - an evaluator's side of the jail: from a program's message to its verdict.
 *
 * An evaluator that runs programs is a jailer and a way to start its warden. The jailer starts
 * another one where it was lost, runs a program once more, alone, where it timed out for want of
 * a core rather than by itself, and turns what the warden says into the host's terms.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JAILER_H
#define JAILER_H

#include <stdbool.h>
#include <stddef.h>

#include "cgroup.h"
#include "leti/plugin.h"
#include "protocol.h"
#include "launch.h"
#include "turn.h"

/* The options that every evaluator with a jail has; the first members of its instance's. */
struct jail_options {
    const char *isolation;
    double timeout;
    int64_t memory, output, disk, files;
};

/* clang-format off */
#define JAIL_OPTIONS(T, f) \
    { "timeout", LETI_REAL, offsetof(T, f.timeout), "5", 0.01, 3600, NULL, \
      "wall-clock limit of one program, in seconds; while it waits for a busy core the clock " \
      "stands still, up to as long again" }, \
    { "memory", LETI_INT, offsetof(T, f.memory), "1024", 64, 1 << 20, NULL, \
      "address space of one program, in MiB" }, \
    { "output", LETI_INT, offsetof(T, f.output), "16", 1, 1 << 20, NULL, \
      "what a program may write to stdout and stderr, in MiB" }, \
    { "disk", LETI_INT, offsetof(T, f.disk), "64", 1, 1 << 20, NULL, \
      "what a program may write to files in its working folder, in MiB" }, \
    { "files", LETI_INT, offsetof(T, f.files), "64", 8, 65536, NULL, \
      "files that a program may have open" }, \
    { "isolation", LETI_TEXT, offsetof(T, f.isolation), "namespaces", 0, 0, "namespaces|process", \
      "what keeps programs in: namespaces of their own, or, where the machine does not allow " \
      "these, limits and a system call filter alone" }
/* clang-format on */

/* Starts the evaluator's warden. */
typedef bool jailer_start(void *evaluator, struct launched *out, struct leti_error *err);

struct jailer {
    const struct leti_host *host;
    struct settings settings;
    jailer_start *start;
    void *evaluator;
    struct launched warden;
    struct turn turn;
};

/* What the data set says of the problem under the key, or else. */
struct leti_bytes jailer_extra(const struct leti_problem *problem, const char *key,
                               struct leti_bytes otherwise);

/* Takes over the options; says loudly where they are not the whole jail. No warden yet. */
bool jailer_open(struct jailer *jailer, const struct leti_host *host,
                 const struct jail_options *options, jailer_start *start, void *evaluator,
                 struct leti_error *err);
void jailer_close(struct jailer *jailer);

/* Starts the warden and has it run a program that passes if all is well. */
bool jailer_probe(struct jailer *jailer, const struct part *parts, size_t n,
                  struct leti_error *err);

/* Runs one program, whose message is n parts, and fills in the verdict. */
void jailer_judge(struct jailer *jailer, const struct part *parts, size_t n,
                  struct leti_verdict *out);

#endif
