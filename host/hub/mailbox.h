/* mailbox.h - what the two threads of a worker share: letters in, parcels out.
 *
 * The line's thread posts letters and collects parcels, the plugin's thread (and threads that the
 * plugin started) takes letters and sends parcels. Both kinds are used again, so that the quick
 * path asks for no memory.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HUB_MAILBOX_H
#define HUB_MAILBOX_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "leti/error.h"
#include "wire/wire.h"

/* A message from the head, and the memory that it lives in. */
struct letter {
    struct letter *next;
    struct arena arena;
    struct wire_message message;
};

/* A frame on its way to the head. */
struct parcel {
    struct parcel *next;
    struct wire_frame frame;
    uint64_t answers; /* the unit that this closes, or 0 */
};

struct parcels {
    struct parcel *first, **last;
    size_t n;
};

struct mailbox {
    int wake;            /* eventfd: there is something for the line's thread to do */
    atomic_bool over;    /* nothing more will come */
    atomic_uint cancels; /* that came and were not dealt with */
    pthread_mutex_t mutex;
    pthread_cond_t arrived;
    struct letter *fetched; /* the plugin's thread's own: taken out of `letters` together */
    /* Under the mutex. */
    struct letter *letters, **last_letter, *spare_letters;
    struct parcels parcels;
    struct parcel *spare_parcels;
    size_t n_spare_letters, n_spare_parcels;
    bool woken;   /* the line's thread was, and has not collected since */
    bool closing; /* the plugin's thread is done */
    bool closed;  /* the line's thread is */
    struct leti_error why;
};

bool mailbox_open(struct mailbox *, struct leti_error *err);
void mailbox_free(struct mailbox *);

/* ---- the line's thread ---- */

struct letter *mailbox_blank(struct mailbox *); /* NULL where memory is refused */
void mailbox_post(struct mailbox *, struct letter *);
struct parcels mailbox_collect(struct mailbox *);
void mailbox_recycle(struct mailbox *, struct parcels); /* those that were sent */
/* Ends the waiting for letters. Only the first reason counts. */
void mailbox_end(struct mailbox *, const char *why);
bool mailbox_is_closing(struct mailbox *);
void mailbox_set_closed(struct mailbox *);
void mailbox_sleep_off(struct mailbox *); /* forgets that it was woken */

/* ---- the plugin's thread ---- */

struct letter *mailbox_take(struct mailbox *, bool wait);
void mailbox_put(struct mailbox *, struct letter *); /* the line's thread, too */
void mailbox_set_closing(struct mailbox *);

/* ---- any thread ---- */

/* wake: now, instead of when many wait or somebody else does. */
bool mailbox_send(struct mailbox *, const struct wire_message *, bool wake, struct leti_error *err);
void mailbox_flush(struct mailbox *);

#endif
