/* hub_internal.h - what the files of the hub share: units, stages, workers, and who changes them.
 *
 * A unit is in exactly one list: of its stage (queued), or of a worker (in its hands). A worker
 * that is gone gives its units back to the front of the queue. Whoever answers for a unit must be
 * the worker that has it, which is what makes every outcome come once.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HUB_HUB_INTERNAL_H
#define HUB_HUB_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "base/arena.h"
#include "hub/hub.h"
#include "hub/worker.h"
#include "wire/wire.h"

#define HUB_INPROC "inproc://head" /* each hub has a context of its own */
enum { HUB_ATTEMPTS = 3, IDENTITY_BYTES = 255 };

struct hub_stage;
struct hub_worker;

struct unit_list {
    struct unit *first, *last;
    size_t n;
};

/* How far a trainer's examples have been sent. */
struct feed {
    hub_examples *next;
    void *context;
    struct leti_training training;
    struct wire_model model;
    uint32_t part;
    bool sent_all;
    struct arena texts; /* of out_dir and the model's folder */
};

struct unit {
    uint64_t id; /* slot in the low half, the slot's use in the high half */
    uint64_t tag;
    struct hub_stage *stage;
    struct hub_worker *worker; /* NULL: queued */
    struct unit *previous, *next;
    char *what;
    unsigned char *frame; /* the Work message, encoded once; NULL for a trainer's */
    size_t frame_size;
    struct feed *feed; /* trainer */
    double began;      /* when it was the worker's to run; 0: it waits for those before it */
    uint32_t attempts; /* workers that ended over it */
    char *why;         /* lost, and how */
    bool suspect;      /* was in the hands of a worker that crashed: is run alone from now on */
    /* generator */
    uint32_t first, samples, came;
    uint64_t *bits; /* of the samples that came */
};

/* A place for one of a stage's own workers, which is filled again when it is lost. */
struct hub_slot {
    struct hub_stage *stage;
    size_t number; /* 1 .. replicas */
    struct hub_worker *worker;
    double due;         /* when the next is started, while there is none */
    unsigned stillborn; /* workers in a row that ended before they were ready */
    unsigned fruitless; /* workers in a row that ended without a result */
};

struct hub_stage {
    const struct stage *stage;
    const char *name;
    enum leti_kind kind;
    double deadline; /* seconds, 0: none */
    struct unit_list queue, suspects;
    struct hub_slot *slots;
    size_t n_slots;
    size_t in_work;
};

enum worker_state {
    WORKER_STARTING, /* has not said Hello */
    WORKER_WELCOME,  /* starts its plugin */
    WORKER_READY,    /* gave credit */
};

/* A thread of this process. Freed by whichever ends last, it or the hub. */
struct hub_thread {
    pthread_t thread;
    struct worker_config config;
    char *endpoint, *stage, *identity;
    struct leti_error error;
    atomic_bool linked, ended;
    atomic_int users;
};

struct hub_worker {
    struct hub_stage *stage;
    struct hub_slot *slot; /* NULL: it joined by itself */
    enum worker_state state;
    char identity[IDENTITY_BYTES + 1];
    size_t identity_size;
    char *run_dir;
    struct unit_list units; /* in its hands, oldest first */
    uint32_t samples;       /* wanted by those units */
    struct wire_credit credit;
    bool solo;        /* has a suspect, and gets nothing beside it */
    bool unreachable; /* the last frame could not be sent; until it is heard again */
    double since, heard;
    struct hub_thread *thread; /* placed as a thread */
    pid_t pid;                 /* placed as a process */
    int pidfd;
    char *log;      /* takes the process's stdout and stderr */
    long log_start; /* where its own part begins */
    double died;    /* when its end was noticed; 0: it lives */
    int status;     /* of waitpid */
};

struct hub {
    char *run_dir, *program, *ipc_dir;
    char endpoint_ipc[108], endpoint_tcp[256]; /* "": not bound */
    uint64_t id, seed, next_use;
    size_t n_joined;
    double beat, beat_due, tick_due, noise_due;
    double now;   /* when this turn of hub_poll began; 0: there was none */
    size_t noise; /* malformed frames since the last line about them */
    struct hub_handler handler;
    void *context, *router;
    int children; /* epoll: ends of child processes */
    struct hub_stage **stages;
    size_t n_stages;
    struct hub_worker **workers;
    size_t n_workers, worker_room;
    struct unit **units; /* slots; NULL: free */
    uint32_t *free_units;
    size_t n_units, n_free_units, unit_room;
    struct unit_list lost; /* to be told, when no list is being walked */
    struct hub_thread **strays;
    size_t n_strays;
    struct wire_frame frame;
    struct arena arena; /* of the message at hand, or of the part at hand */
};

/* ---- hub_units.c: units and lists ---- */

struct hub_stage *hub_find_stage(const struct hub *, const struct stage *);
struct unit *hub_find_unit(const struct hub *, uint64_t id);
void hub_free_unit(struct hub *, struct unit *);
void hub_push_front(struct unit_list *, struct unit *);
void hub_push_back(struct unit_list *, struct unit *);
void hub_remove(struct unit_list *, struct unit *);

/* ---- hub_give.c: work to workers ---- */

/* Gives queued units to workers with credit. *busy: examples are still being sent. */
bool hub_give(struct hub *, bool *busy, struct leti_error *err);
/* Into a worker's hands, and out of them; the unit is in no other list. */
void hub_put_in_hands(struct hub *, struct hub_worker *, struct unit *);
void hub_take_back(struct hub *, struct unit *);
bool hub_send(struct hub *, struct hub_worker *, const struct wire_message *);

/* ---- hub_receive.c: messages from workers ---- */

/* Handles one message if there is one. */
bool hub_receive(struct hub *, bool *got, struct leti_error *err);

/* ---- hub_workers.c: who lives ---- */

enum hub_blame {
    BLAME_NOBODY,
    BLAME_CRASH,    /* one of the units in its hands did it */
    BLAME_DEADLINE, /* the oldest of them did it */
};

/* slot: NULL for one that joins by itself. */
struct hub_worker *hub_new_worker(struct hub *, struct hub_stage *, struct hub_slot *,
                                  struct leti_error *err);
struct hub_worker *hub_find_worker(const struct hub *, const void *identity, size_t size);
bool hub_welcome(struct hub *, struct hub_worker *);

/* The worker is gone, or is made to go; `why` follows its name. Its units go back to the front of
 * the queue, or, after HUB_ATTEMPTS, to the lost. Frees the worker; its slot will be filled. */
bool hub_lose_worker(struct hub *, struct hub_worker *, enum hub_blame, const char *why,
                     struct leti_error *err);

/* Begins a turn. A head that was stopped or starved has not heard its workers, whatever they
 * said: time in which it did not turn counts against none of them. */
void hub_turn(struct hub *);

/* Heartbeats, silence, deadlines, ended threads and processes, new workers, lost units. all_read:
 * no message that might prove life is waiting. */
bool hub_keep_time(struct hub *, bool all_read, struct leti_error *err);
void hub_free_worker(struct hub *, struct hub_worker *);

/* ---- hub_place.c: threads and processes ---- */

bool hub_start_worker(struct hub *, struct hub_slot *, struct leti_error *err);
void hub_note_children(struct hub *); /* marks the workers whose process ended */
void hub_end_process(struct hub *, struct hub_worker *);
/* How the process ended, and the last that it said. */
void hub_describe_end(const struct hub_worker *, struct leti_error *text);

/* Joins the thread if it ends by then, or lets it go for good: but never one that has not made
 * its socket yet, as the context may be freed afterwards. */
void hub_release_thread(struct hub_thread *, double until);

/* ---- hub.c ---- */

__attribute__((format(printf, 4, 5))) void hub_say(struct hub *, const struct hub_stage *,
                                                   enum leti_level, const char *format, ...);

#endif
