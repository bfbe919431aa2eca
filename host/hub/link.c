/* link.c - a worker's line to the head: the socket, and a thread that owns it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "hub/link.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "base/clock.h"

enum { POOL = 128, MANY_PARCELS = 16, GRACE_MS = 1000, LINGER_MS = 1000 };

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

struct link {
    /* The thread's own. */
    pthread_t thread;
    void *socket, *monitor;
    char *stage, *identity;
    double head_timeout, beat_every, heard, beat_due;
    size_t connections;
    uint64_t *held; /* units that came and are not answered, told after a reconnect */
    size_t n_held, held_room;
    struct wire_frame frame;
    /* The plugin's thread's own. */
    struct letter *fetched;
    /* Shared. */
    int wake; /* eventfd: something for the thread to do */
    atomic_bool over;
    atomic_uint cancels;
    pthread_mutex_t mutex;
    pthread_cond_t arrived;
    /* Under the mutex. */
    struct letter *letters, **last_letter, *spare_letters;
    struct parcels parcels;
    struct parcel *spare_parcels;
    size_t n_spare_letters, n_spare_parcels;
    bool woken, closing, closed;
    struct leti_error why;
};

/* ---- queues ---- */

static void letter_free(struct letter *letter)
{
    while (letter) {
        struct letter *next = letter->next;
        arena_free(&letter->arena);
        free(letter);
        letter = next;
    }
}

static void parcel_free(struct parcel *parcel)
{
    while (parcel) {
        struct parcel *next = parcel->next;
        wire_frame_free(&parcel->frame);
        free(parcel);
        parcel = next;
    }
}

static struct letter *letter_blank(struct link *link)
{
    pthread_mutex_lock(&link->mutex);
    struct letter *letter = link->spare_letters;
    if (letter) {
        link->spare_letters = letter->next;
        link->n_spare_letters--;
    }
    pthread_mutex_unlock(&link->mutex);
    return letter ? letter : calloc(1, sizeof *letter);
}

static void letter_post(struct link *link, struct letter *letter)
{
    letter->next = NULL;
    pthread_mutex_lock(&link->mutex);
    bool was_empty = !link->letters;
    *link->last_letter = letter;
    link->last_letter = &letter->next;
    if (was_empty)
        pthread_cond_signal(&link->arrived);
    pthread_mutex_unlock(&link->mutex);
}

void link_put(struct link *link, struct letter *letter)
{
    arena_reset(&letter->arena);
    pthread_mutex_lock(&link->mutex);
    bool keep = link->n_spare_letters < POOL;
    if (keep) {
        letter->next = link->spare_letters;
        link->spare_letters = letter;
        link->n_spare_letters++;
    } else {
        letter->next = NULL;
    }
    pthread_mutex_unlock(&link->mutex);
    if (!keep)
        letter_free(letter);
}

static void wake_thread(struct link *link)
{
    uint64_t one = 1;
    while (write(link->wake, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

/* ---- the thread: to the head ---- */

static void send_frame(struct link *link, const struct wire_frame *frame)
{
    while (zmq_send(link->socket, frame->data, frame->size, ZMQ_DONTWAIT) < 0 && errno == EINTR)
        ;
}

static void send_message(struct link *link, const struct wire_message *message)
{
    if (wire_encode(message, &link->frame, NULL))
        send_frame(link, &link->frame);
}

static void say_hello(struct link *link)
{
    struct wire_message message = {
        .kind = WIRE_HELLO,
        .hello = { .protocol = WIRE_PROTOCOL,
                   .stage = link->stage,
                   .identity = link->identity,
                   .held = link->held,
                   .n_held = link->n_held < WIRE_HELD ? link->n_held : WIRE_HELD },
    };
    send_message(link, &message);
}

static bool hold(struct link *link, uint64_t unit)
{
    for (size_t i = 0; i < link->n_held; i++)
        if (link->held[i] == unit)
            return true;
    if (link->n_held == link->held_room) {
        size_t room = link->held_room ? 2 * link->held_room : 64;
        uint64_t *held = realloc(link->held, room * sizeof *held);
        if (!held)
            return false;
        link->held = held;
        link->held_room = room;
    }
    link->held[link->n_held++] = unit;
    return true;
}

/* Answers come mostly in the order of the work, so the search is short. */
static void release(struct link *link, uint64_t unit)
{
    for (size_t i = 0; i < link->n_held; i++)
        if (link->held[i] == unit) {
            link->n_held--;
            memmove(&link->held[i], &link->held[i + 1], (link->n_held - i) * sizeof *link->held);
            return;
        }
}

static void send_parcels(struct link *link)
{
    pthread_mutex_lock(&link->mutex);
    struct parcel *first = link->parcels.first, **last = link->parcels.last;
    size_t n = link->parcels.n;
    link->parcels = (struct parcels){ .last = &link->parcels.first };
    link->woken = false;
    pthread_mutex_unlock(&link->mutex);
    if (!first)
        return;
    for (struct parcel *parcel = first; parcel; parcel = parcel->next) {
        send_frame(link, &parcel->frame);
        if (parcel->answers)
            release(link, parcel->answers);
    }
    pthread_mutex_lock(&link->mutex);
    bool keep = link->n_spare_parcels + n <= 2 * POOL;
    if (keep) {
        *last = link->spare_parcels;
        link->spare_parcels = first;
        link->n_spare_parcels += n;
    }
    pthread_mutex_unlock(&link->mutex);
    if (!keep)
        parcel_free(first);
}

/* ---- the thread: from the head ---- */

static void end_line(struct link *link, const char *format, const char *detail)
{
    pthread_mutex_lock(&link->mutex);
    if (!atomic_exchange(&link->over, true))
        leti_error_set(&link->why, format, detail);
    pthread_cond_broadcast(&link->arrived);
    pthread_mutex_unlock(&link->mutex);
}

/* Returns whether the letter went to the plugin's thread. */
static bool deliver(struct link *link, struct letter *letter)
{
    const struct wire_message *message = &letter->message;
    switch (message->kind) {
    case WIRE_HELLO: /* the head had given this worker up */
        say_hello(link);
        return false;
    case WIRE_WELCOME:
        if (message->welcome.heartbeat_seconds > 0)
            link->beat_every = message->welcome.heartbeat_seconds;
        link->beat_due = 0;
        break;
    case WIRE_WORK:
        if (!hold(link, message->work.unit))
            return false;
        break;
    case WIRE_CANCEL:
        link->n_held = 0;
        atomic_fetch_add(&link->cancels, 1);
        break;
    case WIRE_ERROR:
        end_line(link, "the head refused: %s", message->error.data);
        return false;
    case WIRE_BYE:
        end_line(link, "%s", "");
        return false;
    default:
        return false;
    }
    letter_post(link, letter);
    return true;
}

/* The head is the one that a worker trusts; what cannot be read from it is still left out. */
static void read_frame(struct link *link, zmq_msg_t *frame)
{
    struct letter *letter = letter_blank(link);
    if (!letter)
        return;
    if (!wire_decode(zmq_msg_data(frame), zmq_msg_size(frame), &letter->arena, &letter->message,
                     NULL) ||
        !deliver(link, letter))
        link_put(link, letter);
}

static void receive(struct link *link)
{
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    while (!atomic_load(&link->over) && zmq_msg_recv(&frame, link->socket, ZMQ_DONTWAIT) >= 0) {
        link->heard = clock_seconds();
        read_frame(link, &frame);
    }
    zmq_msg_close(&frame);
}

/* A line that was cut and mended may have lost frames, so the head hears what is still held. */
static void watch_connection(struct link *link)
{
    zmq_msg_t part;
    zmq_msg_init(&part);
    while (zmq_msg_recv(&part, link->monitor, ZMQ_DONTWAIT) >= 0) {
        uint16_t event = 0;
        if (zmq_msg_more(&part) && zmq_msg_size(&part) >= sizeof event)
            memcpy(&event, zmq_msg_data(&part), sizeof event);
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED && link->connections++ > 0)
            say_hello(link);
    }
    zmq_msg_close(&part);
}

static void keep_time(struct link *link)
{
    double now = clock_seconds();
    if (now >= link->beat_due) {
        send_message(link, &(struct wire_message){ .kind = WIRE_HEARTBEAT });
        link->beat_due = now + link->beat_every;
    }
    if (link->head_timeout > 0 && now - link->heard > link->head_timeout)
        end_line(link, "%s", "the head has been silent for too long");
}

static void wait_for_something(struct link *link)
{
    double wait = link->beat_due - clock_seconds();
    long wait_ms = wait <= 0 ? 0 : (long)(wait * 1000) + 1;
    zmq_pollitem_t items[] = {
        { .socket = link->socket, .events = ZMQ_POLLIN },
        { .fd = link->wake, .events = ZMQ_POLLIN },
        { .socket = link->monitor, .events = ZMQ_POLLIN },
    };
    zmq_poll(items, link->monitor ? 3 : 2, wait_ms);
    uint64_t count;
    if (items[1].revents & ZMQ_POLLIN && read(link->wake, &count, sizeof count) < 0)
        return;
}

static bool is_closing(struct link *link)
{
    pthread_mutex_lock(&link->mutex);
    bool closing = link->closing;
    pthread_mutex_unlock(&link->mutex);
    return closing;
}

/* The plugin's thread may never come back; the socket must not wait for it for ever. */
static void wait_for_close(struct link *link)
{
    double end = clock_seconds() + GRACE_MS * 1e-3;
    while (!is_closing(link) && clock_seconds() < end) {
        zmq_pollitem_t item = { .fd = link->wake, .events = ZMQ_POLLIN };
        zmq_poll(&item, 1, 20);
        uint64_t count;
        if (item.revents & ZMQ_POLLIN && read(link->wake, &count, sizeof count) < 0)
            continue;
    }
    send_parcels(link);
    send_message(link, &(struct wire_message){ .kind = WIRE_BYE });
}

static void *link_main(void *argument)
{
    struct link *link = argument;
    say_hello(link);
    while (!atomic_load(&link->over) && !is_closing(link)) {
        receive(link);
        send_parcels(link);
        if (link->monitor)
            watch_connection(link);
        keep_time(link);
        wait_for_something(link);
    }
    wait_for_close(link);
    pthread_mutex_lock(&link->mutex);
    link->closed = true;
    pthread_mutex_unlock(&link->mutex);
    if (link->monitor)
        zmq_close(link->monitor);
    zmq_close(link->socket);
    return NULL;
}

/* ---- opening ---- */

static bool set_number(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

/* Only sockets of the operating system can be cut off and mended. */
static bool watch_socket(struct link *link, const struct link_config *config)
{
    if (!strncmp(config->endpoint, "inproc:", 7))
        return true;
    char name[64];
    snprintf(name, sizeof name, "inproc://monitor-%p", (void *)link);
    if (zmq_socket_monitor(link->socket, name, ZMQ_EVENT_HANDSHAKE_SUCCEEDED) != 0)
        return false;
    link->monitor = zmq_socket(config->context, ZMQ_PAIR);
    return link->monitor && set_number(link->monitor, ZMQ_LINGER, 0) &&
           zmq_connect(link->monitor, name) == 0;
}

static bool open_socket(struct link *link, const struct link_config *config, struct leti_error *err)
{
    link->socket = zmq_socket(config->context, ZMQ_DEALER);
    int64_t most = WIRE_FRAME_BYTES;
    bool is_ipv6 = strchr(config->endpoint, '[') != NULL;
    if (!link->socket || !set_number(link->socket, ZMQ_LINGER, LINGER_MS) ||
        !set_number(link->socket, ZMQ_SNDHWM, 0) || !set_number(link->socket, ZMQ_RCVHWM, 0) ||
        !set_number(link->socket, ZMQ_IPV6, is_ipv6) ||
        !set_number(link->socket, ZMQ_RECONNECT_IVL_MAX, 1000) ||
        zmq_setsockopt(link->socket, ZMQ_MAXMSGSIZE, &most, sizeof most) != 0 ||
        zmq_setsockopt(link->socket, ZMQ_ROUTING_ID, config->identity, strlen(config->identity)) !=
            0 ||
        !watch_socket(link, config) || zmq_connect(link->socket, config->endpoint) != 0)
        return leti_error_set(err, "%s: %s", config->endpoint, zmq_strerror(zmq_errno()));
    return true;
}

static void link_free(struct link *link)
{
    letter_free(link->letters);
    letter_free(link->fetched);
    letter_free(link->spare_letters);
    parcel_free(link->parcels.first);
    parcel_free(link->spare_parcels);
    wire_frame_free(&link->frame);
    pthread_cond_destroy(&link->arrived);
    pthread_mutex_destroy(&link->mutex);
    if (link->wake >= 0)
        close(link->wake);
    free(link->held);
    free(link->stage);
    free(link->identity);
    free(link);
}

bool link_open(const struct link_config *config, struct link **out, struct leti_error *err)
{
    struct link *link = calloc(1, sizeof *link);
    if (!link)
        return leti_error_set(err, "out of memory");
    link->last_letter = &link->letters;
    link->parcels.last = &link->parcels.first;
    link->head_timeout = config->head_timeout_ms * 1e-3;
    link->beat_every = 1;
    link->heard = clock_seconds();
    pthread_mutex_init(&link->mutex, NULL);
    pthread_cond_init(&link->arrived, NULL);
    link->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    link->stage = strdup(config->stage);
    link->identity = strdup(config->identity);
    if (link->wake < 0 || !link->stage || !link->identity) {
        leti_error_set(err, "a line to the head: %s", strerror(errno));
        goto fail;
    }
    if (!open_socket(link, config, err))
        goto fail;
    int status = pthread_create(&link->thread, NULL, link_main, link);
    if (status != 0) {
        leti_error_set(err, "a thread for the line to the head: %s", strerror(status));
        goto fail;
    }
    *out = link;
    return true;
fail:
    if (link->monitor)
        zmq_close(link->monitor);
    if (link->socket)
        zmq_close(link->socket);
    link_free(link);
    return false;
}

/* ---- the plugin's thread ---- */

struct letter *link_take(struct link *link, bool wait)
{
    if (!link->fetched) {
        pthread_mutex_lock(&link->mutex);
        while (wait && !link->letters && !atomic_load(&link->over))
            pthread_cond_wait(&link->arrived, &link->mutex);
        link->fetched = link->letters;
        link->letters = NULL;
        link->last_letter = &link->letters;
        pthread_mutex_unlock(&link->mutex);
    }
    struct letter *letter = link->fetched;
    if (letter)
        link->fetched = letter->next;
    return letter;
}

bool link_has_letter(const struct link *link)
{
    return link->fetched != NULL;
}

static struct parcel *parcel_blank(struct link *link)
{
    pthread_mutex_lock(&link->mutex);
    struct parcel *parcel = link->spare_parcels;
    if (parcel) {
        link->spare_parcels = parcel->next;
        link->n_spare_parcels--;
    }
    pthread_mutex_unlock(&link->mutex);
    return parcel ? parcel : calloc(1, sizeof *parcel);
}

bool link_send(struct link *link, const struct wire_message *message, enum link_hurry hurry,
               struct leti_error *err)
{
    struct parcel *parcel = parcel_blank(link);
    if (!parcel)
        return leti_error_set(err, "out of memory");
    parcel->next = NULL;
    if (!wire_encode(message, &parcel->frame, err)) {
        parcel_free(parcel);
        return false;
    }
    bool closes = message->kind == WIRE_RESULT && message->result.done;
    parcel->answers = closes ? message->result.unit : 0;
    pthread_mutex_lock(&link->mutex);
    bool closed = link->closed, wake = false;
    if (!closed) {
        *link->parcels.last = parcel;
        link->parcels.last = &parcel->next;
        link->parcels.n++;
        wake = !link->woken && (hurry == LINK_NOW || link->parcels.n >= MANY_PARCELS);
        link->woken |= wake;
    }
    pthread_mutex_unlock(&link->mutex);
    if (closed)
        parcel_free(parcel);
    if (wake)
        wake_thread(link);
    return true;
}

void link_flush(struct link *link)
{
    pthread_mutex_lock(&link->mutex);
    bool wake = link->parcels.n > 0 && !link->woken;
    link->woken |= wake;
    pthread_mutex_unlock(&link->mutex);
    if (wake)
        wake_thread(link);
}

bool link_stopping(const struct link *link)
{
    return atomic_load(&link->over) || atomic_load(&link->cancels) > 0;
}

bool link_over(const struct link *link)
{
    return atomic_load(&link->over);
}

void link_cancelled(struct link *link)
{
    atomic_fetch_sub(&link->cancels, 1);
}

void link_close(struct link *link, struct leti_error *why)
{
    pthread_mutex_lock(&link->mutex);
    link->closing = true;
    pthread_mutex_unlock(&link->mutex);
    wake_thread(link);
    pthread_join(link->thread, NULL);
    *why = link->why;
    link_free(link);
}
