/* wire.h - the messages between head and workers as C structs, and those structs as frames.
 *
 * The only part that knows protobuf. wire_encode and wire_decode are each other's inverse. What
 * is decoded was written by somebody else: every size, count, text and enumerator has been
 * checked against the bounds below before the caller sees it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "base/arena.h"
#include "leti/error.h"
#include "leti/plugin.h"
#include "registry/options.h"

enum {
    WIRE_PROTOCOL = 2,
    WIRE_FRAME_BYTES = 64 << 20, /* the largest frame */
    WIRE_TEXT_BYTES = 4096,      /* of a string: ids, names, keys, folders, reasons */
    WIRE_PAIRS = 4096,           /* of a problem or a verdict */
    WIRE_VERDICTS = 256,
    WIRE_STOPS = 1024,
    WIRE_SPANS = 1 << 16,
    WIRE_TOKENS = 1 << 22, /* of a sample with log-probabilities */
    WIRE_SETTINGS = 4096,
    WIRE_VALUES = 1 << 16, /* of one setting */
    WIRE_HELD = 1 << 16,
};

enum wire_kind {
    WIRE_HELLO = 1,
    WIRE_WELCOME,
    WIRE_CREDIT,
    WIRE_WORK,
    WIRE_RESULT,
    WIRE_METRIC,
    WIRE_PROGRESS,
    WIRE_LOG,
    WIRE_HEARTBEAT,
    WIRE_CANCEL,
    WIRE_ERROR,
    WIRE_BYE,
};

struct wire_hello {
    uint32_t protocol;
    const char *stage, *identity;
    const uint64_t *held;
    size_t n_held;
};

struct wire_welcome {
    const char *plugin, *plugin_version, *run_dir;
    uint32_t threads;
    uint64_t seed;
    const struct settings *settings; /* decoded: of the arena, not for settings_free */
    double heartbeat_seconds;
    uint64_t head; /* which one it is */
};

struct wire_credit {
    uint32_t units, samples;
};

struct wire_model {
    uint64_t version;
    const char *dir;
};

struct wire_generate {
    struct leti_request request; /* its id is not sent: decoded, it is the unit's */
    struct wire_model model;
};

struct wire_format {
    struct leti_sample sample;
    const struct leti_verdict *verdicts;
    size_t n_verdicts;
};

struct wire_train {
    struct leti_training training;
    struct wire_model model;
    const struct leti_example *examples;
    const char *const
        *held_out; /* [n_examples] names of sets of texts whose loss alone is told; ""
                    * for what is trained on. NULL: all is, as long as it is encoded */
    size_t n_examples;
    uint32_t part;
    bool last;
};

struct wire_work {
    uint64_t unit;
    enum leti_kind kind; /* generator, evaluator, formatter or trainer */
    union {
        struct wire_generate generate;
        struct leti_sample evaluate;
        struct wire_format format;
        struct wire_train train;
    };
};

enum wire_answer { WIRE_NOTHING, WIRE_OUTPUT, WIRE_VERDICT, WIRE_EXAMPLE, WIRE_FAILURE };

struct wire_result {
    uint64_t unit;
    bool done;
    enum wire_answer answer;
    union {
        struct leti_output output; /* its request is not sent: decoded, it is the unit */
        struct leti_verdict verdict;
        struct leti_example example;
        struct leti_bytes failure; /* the plugin could not do it, and says why */
    };
};

struct wire_metric {
    const char *name;
    double value;
};

struct wire_progress {
    double done, total;
};

struct wire_log {
    enum leti_level level;
    struct leti_bytes text;
};

struct wire_message {
    enum wire_kind kind;
    union {
        struct wire_hello hello;
        struct wire_welcome welcome;
        struct wire_credit credit;
        struct wire_work work;
        struct wire_result result;
        struct wire_metric metric;
        struct wire_progress progress;
        struct wire_log log;
        struct leti_bytes error;
    };
};

/* Zero it to begin with. */
struct wire_frame {
    unsigned char *data;
    size_t size, room;
    struct arena scratch;
};

/* Packs the message into *frame, whose memory serves again and again. Fails on what the other
 * end would refuse, on a text that is NULL, and where memory does. */
bool wire_encode(const struct wire_message *, struct wire_frame *frame, struct leti_error *err);
void wire_frame_free(struct wire_frame *);

/* Unpacks a frame. What *out points to lives in the arena (whose limit is set according to the
 * frame's size, so that a small frame cannot ask for much memory); nothing points into data.
 * On failure *out is untouched and *err says what is malformed. */
bool wire_decode(const void *data, size_t size, struct arena *, struct wire_message *out,
                 struct leti_error *err);

#endif
