/* link.h - a worker's line to the head: the socket, and a thread that owns it.
 *
 * A plugin may compute for minutes; the line must beat meanwhile. So the socket belongs to a
 * thread of its own, which says Hello (again after each reconnect), beats, notices when the head
 * is gone, and passes messages to and from the plugin's thread through a mailbox.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HUB_LINK_H
#define HUB_LINK_H

#include "hub/mailbox.h"
#include "leti/error.h"
#include "wire/wire.h"

struct link;

struct link_config {
    void *context; /* ZeroMQ's */
    const char *endpoint, *stage, *identity;
    int head_timeout_ms; /* 0: the head may be silent for ever */
};

enum link_hurry {
    LINK_LATER, /* may wait for what the plugin's thread sends next, or for link_flush */
    LINK_NOW,
};

bool link_open(const struct link_config *, struct link **out, struct leti_error *err);

/* The plugin's thread: the oldest letter (Welcome, Work or Cancel), to be given back with link_put.
 * NULL: there is none (wait: and the line is over). */
struct letter *link_take(struct link *, bool wait);
void link_put(struct link *, struct letter *);
bool link_has_letter(const struct link *); /* among those already fetched from the queue */

/* Any thread. What is sent once the line is over goes nowhere. Fails on a message that cannot be
 * encoded. */
bool link_send(struct link *, const struct wire_message *, enum link_hurry, struct leti_error *err);
void link_flush(struct link *);

/* Any thread. stopping: what is in work is not wanted any more. */
bool link_stopping(const struct link *);
bool link_over(const struct link *);
void link_cancelled(struct link *); /* the plugin's thread has dealt with one Cancel */

/* Why the line was over, "" after Bye; then sends what is queued, says Bye, closes, frees. */
void link_close(struct link *, struct leti_error *why);

#endif
