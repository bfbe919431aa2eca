/* job.h - one program to compile and run, as the stage describes it to leti-jail.
 *
 * It travels as the payload of a MESSAGE_PROGRAM (see protocol.h).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JOB_H
#define JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leti/error.h"
#include "leti/plugin.h"

enum { ARGUMENTS_MAX = 64 };

struct command {
    const char *path;                         /* of the program; NULL: there is no command */
    const char *arguments[ARGUMENTS_MAX + 1]; /* as main has them */
    size_t n;
};

struct job {
    const char *file;        /* name of the source, in the working folder */
    struct leti_bytes text;  /* of the source */
    struct leti_bytes input; /* stdin of the run */
    struct command compile, run;
    uint64_t compile_ns, run_ns; /* limits of time */
    uint64_t output_bytes;       /* limit of what each may write to stdout and stderr */
    uint64_t memory_bytes;
};

/* The job as one payload. *out (malloc) is the caller's. */
bool job_pack(const struct job *job, char **out, size_t *size, struct leti_error *err);

/* The other way. *out points into the payload. */
bool job_unpack(const char *payload, size_t size, struct job *out, struct leti_error *err);

#endif
