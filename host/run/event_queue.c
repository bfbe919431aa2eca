/* event_queue - events on their way to an observer.
 *
 * One list for each rank of importance, and a number on each event: the next one to take is the
 * lowest number of all lists' first, the one to drop the first of the least important list.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>

#include "run/event.h"

enum rank { RANK_AGAIN, RANK_MANY, RANK_FEW, RANKS };

struct waiting {
    struct waiting *next;
    uint64_t number;
    struct leti_event *event;
};

struct list {
    struct waiting *first, *last;
};

struct event_queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct list lists[RANKS];
    size_t n, capacity;
    uint64_t number, dropped;
    bool closed;
};

static enum rank rank_of(const struct leti_event *event)
{
    switch (event->kind) {
    case LETI_EVENT_METRIC:
        return event->metric.step ? RANK_AGAIN : RANK_MANY;
    case LETI_EVENT_SAMPLE:
    case LETI_EVENT_RETRY:
    case LETI_EVENT_LOST:
        return RANK_MANY;
    default:
        return RANK_FEW;
    }
}

static void append(struct event_queue *queue, enum rank rank, struct waiting *waiting)
{
    struct list *list = &queue->lists[rank];
    waiting->number = queue->number++;
    if (list->last)
        list->last->next = waiting;
    else
        list->first = waiting;
    list->last = waiting;
    queue->n++;
}

static struct waiting *remove_first(struct event_queue *queue, enum rank rank)
{
    struct list *list = &queue->lists[rank];
    struct waiting *waiting = list->first;
    list->first = waiting->next;
    if (!list->first)
        list->last = NULL;
    queue->n--;
    return waiting;
}

static void discard(struct waiting *waiting)
{
    free(waiting->event);
    free(waiting);
}

static enum rank least_important(const struct event_queue *queue)
{
    enum rank rank = 0;
    while (rank < RANKS && !queue->lists[rank].first)
        rank++;
    return rank;
}

/* The rank whose first came before all others'; RANKS where the queue is empty. */
static enum rank oldest(const struct event_queue *queue)
{
    enum rank found = RANKS;
    for (enum rank i = 0; i < RANKS; i++)
        if (queue->lists[i].first &&
            (found == RANKS || queue->lists[i].first->number < queue->lists[found].first->number))
            found = i;
    return found;
}

static void forget_all(struct event_queue *queue)
{
    for (enum rank i = 0; i < RANKS; i++)
        while (queue->lists[i].first)
            discard(remove_first(queue, i));
}

bool event_queue_create(size_t capacity, struct event_queue **out, struct leti_error *err)
{
    struct event_queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        return leti_error_set(err, "out of memory");
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
    queue->capacity = capacity;
    *out = queue;
    return true;
}

void event_queue_destroy(struct event_queue *queue)
{
    if (!queue)
        return;
    forget_all(queue);
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

/* Takes the event. */
static void put(struct event_queue *queue, struct waiting *waiting)
{
    enum rank rank = rank_of(waiting->event);
    if (queue->closed) {
        discard(waiting);
        return;
    }
    append(queue, rank, waiting);
    if (queue->n > queue->capacity) {
        discard(remove_first(queue, least_important(queue)));
        queue->dropped++;
    }
    pthread_cond_signal(&queue->changed);
}

void event_queue_put(struct event_queue *queue, const struct leti_event *event)
{
    struct waiting *waiting = calloc(1, sizeof *waiting);
    if (waiting)
        waiting->event = event_copy(event);
    pthread_mutex_lock(&queue->lock);
    if (waiting && waiting->event) {
        put(queue, waiting);
    } else {
        free(waiting);
        queue->dropped += !queue->closed;
    }
    pthread_mutex_unlock(&queue->lock);
}

struct leti_event *event_queue_take(struct event_queue *queue)
{
    struct leti_event *event = NULL;
    pthread_mutex_lock(&queue->lock);
    while (!queue->n && !queue->closed)
        pthread_cond_wait(&queue->changed, &queue->lock);
    if (queue->n) {
        struct waiting *waiting = remove_first(queue, oldest(queue));
        event = waiting->event;
        event->dropped = queue->dropped;
        free(waiting);
    }
    pthread_mutex_unlock(&queue->lock);
    return event;
}

void event_queue_close(struct event_queue *queue, bool forget)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    if (forget)
        forget_all(queue);
    pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

uint64_t event_queue_dropped(struct event_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    uint64_t dropped = queue->dropped;
    pthread_mutex_unlock(&queue->lock);
    return dropped;
}
