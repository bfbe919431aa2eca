/* event.h - events on their way to an observer: copies, in a queue that never makes anyone wait.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_EVENT_H
#define RUN_EVENT_H

#include "leti/error.h"
#include "leti/plugin.h"

/* A copy in one piece of memory, texts included, which are valid UTF-8 there; the caller frees it.
 * NULL where memory is refused. */
struct leti_event *event_copy(const struct leti_event *);

/* One thread puts, another one takes. */
struct event_queue;

bool event_queue_create(size_t capacity, struct event_queue **out, struct leti_error *err);
void event_queue_destroy(struct event_queue *);

/* Copies the event. Where the queue is full, the oldest of the least important events, this one
 * included, is dropped and counted: metrics that were told before first, then samples and first
 * metrics, then the rest. After event_queue_close it does nothing. */
void event_queue_put(struct event_queue *, const struct leti_event *);

/* Waits for the next event, which the caller frees; its count of dropped ones is filled in. NULL
 * once the queue is closed and empty. */
struct leti_event *event_queue_take(struct event_queue *);

/* Nothing more will be put; what is in it can still be taken, unless `forget`. Any thread. */
void event_queue_close(struct event_queue *, bool forget);

uint64_t event_queue_dropped(struct event_queue *);

#endif
