/* protocol.h - what a plugin and its warden say to each other, and the warden and its cells.
 *
 * The warden is the process in which programs are forked. It sits at the other end of a pair of
 * stream sockets and works in lockstep: one message there, one back. Both ends are
 * built from the same sources and run on the same machine, so that structs travel as they are.
 *
 *     plugin                           warden
 *     SETTINGS struct settings    ->
 *              and more
 *                                 <-   MAP_IDS (namespaces only): "write my uid and gid maps"
 *     MAPPED struct identity      ->
 *                                 <-   READY, or FAILED and a text
 *     PROGRAM what the plugin     ->                                       } for every
 *             wants run           <-   RESULT struct result,               } sample
 *                                      exception, feedback                 }
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leti/error.h"

enum message_kind {
    MESSAGE_SETTINGS = 1,
    MESSAGE_MAP_IDS,
    MESSAGE_MAPPED,
    MESSAGE_READY,
    MESSAGE_FAILED,
    MESSAGE_PROGRAM,
    MESSAGE_RESULT,
};

enum {
    MESSAGE_MAX = 64 << 20, /* bytes of a payload */
    FEEDBACK_MAX = 64 << 10,
    EXCEPTION_MAX = 256, /* with its NUL */
    NOBODY = 65534,      /* the id that owns nothing */
};

struct settings {
    uint32_t namespaces; /* 0: rlimits, seccomp and process separation only */
    uint32_t files;      /* open at once */
    uint64_t timeout_ns;
    uint64_t memory_bytes;
    uint64_t output_bytes;
    uint64_t disk_bytes;
    uint32_t processes; /* that a program may have, each of any program; 0: itself alone */
    uint32_t reserve;   /* memory is what can be written to, not the address space */
};

/* Who a program is inside the user namespace: the warden's own id 0, or another that the plugin
 * could map because it runs as root. */
struct identity {
    uint32_t uid, gid;
};

enum ending {
    ENDING_NONE, /* the program has said nothing: it was killed or has ended by itself */
    ENDING_PASSED,
    ENDING_EXCEPTION,
    ENDING_MEMORY,
    ENDING_EXITED,
    ENDING_FORBIDDEN,
    ENDING_SUSPICIOUS,
    ENDING_TIMEOUT,
    ENDING_OUTPUT,
    ENDING_KILLED,
    ENDING_COMPILE, /* it could not be compiled */
    ENDING_STATUS,  /* it ended with another status than 0, which is what passes */
    ENDING_BROKEN,  /* our fault; the feedback says what */
};

struct result {
    uint32_t ending;         /* enum ending */
    uint32_t exception_size; /* without a NUL, below EXCEPTION_MAX */
    uint32_t feedback_size;  /* at most FEEDBACK_MAX */
    uint32_t unused;
    uint64_t ns;        /* from the program's start to its end */
    uint64_t cpu_ns;    /* of a core's time, that it took */
    uint64_t waited_ns; /* of a program that timed out: ready to run, without a core to run on */
};

struct message {
    uint32_t kind; /* enum message_kind */
    uint32_t size; /* of the payload, at most MESSAGE_MAX */
};

struct part {
    const void *data;
    size_t size;
};

/* Monotonic time in nanoseconds; deadlines below are on this clock. */
int64_t clock_ns(void);

/* Sends one message whose payload is n parts. Never raises SIGPIPE. */
bool message_send(int fd, enum message_kind kind, const struct part *parts, size_t n,
                  struct leti_error *err);

/* Sends and receives a descriptor; the sender keeps its own. *out is closed on exec. */
bool descriptor_send(int fd, int descriptor, struct leti_error *err);
bool descriptor_receive(int fd, int *out, struct leti_error *err);

/* Receives one message until deadline_ns; INT64_MAX waits for ever. *out (malloc, with a NUL
 * after its size bytes) belongs to the caller. Fails on another kind than the one expected,
 * with the text of a MESSAGE_FAILED, and on the end of the stream. */
bool message_receive(int fd, int64_t deadline_ns, enum message_kind kind, char **out, size_t *size,
                     struct leti_error *err);

#endif
