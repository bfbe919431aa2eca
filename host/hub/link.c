/* link.c - a worker's line to the head: the socket, and a thread that owns it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "hub/link.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <zmq.h>

#include "base/clock.h"

enum { GRACE_MS = 1000, LINGER_MS = 1000 };

struct link {
    pthread_t thread;
    struct mailbox box;
    /* The thread's own. */
    void *socket, *monitor;
    char *stage, *identity;
    double head_timeout, beat_every, heard, beat_due;
    size_t connections;
    uint64_t *held; /* units that came and are not answered, told after a reconnect */
    size_t n_held, held_room;
    struct wire_frame frame;
};

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
    struct parcels parcels = mailbox_collect(&link->box);
    if (!parcels.n)
        return;
    for (struct parcel *parcel = parcels.first; parcel; parcel = parcel->next) {
        send_frame(link, &parcel->frame);
        if (parcel->answers)
            release(link, parcel->answers);
    }
    mailbox_recycle(&link->box, parcels);
}

/* ---- the thread: from the head ---- */

static void refused(struct link *link, const char *text)
{
    struct leti_error why;
    leti_error_set(&why, "the head refused: %s", text);
    mailbox_end(&link->box, why.text);
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
        atomic_fetch_add(&link->box.cancels, 1);
        break;
    case WIRE_ERROR:
        refused(link, message->error.data);
        return false;
    case WIRE_BYE:
        mailbox_end(&link->box, "");
        return false;
    default:
        return false;
    }
    mailbox_post(&link->box, letter);
    return true;
}

/* The head is the one that a worker trusts; what cannot be read from it is still left out. */
static void read_frame(struct link *link, zmq_msg_t *frame)
{
    struct letter *letter = mailbox_blank(&link->box);
    if (!letter)
        return;
    if (!wire_decode(zmq_msg_data(frame), zmq_msg_size(frame), &letter->arena, &letter->message,
                     NULL) ||
        !deliver(link, letter))
        mailbox_put(&link->box, letter);
}

static void receive(struct link *link)
{
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    while (!atomic_load(&link->box.over) && zmq_msg_recv(&frame, link->socket, ZMQ_DONTWAIT) >= 0) {
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
        mailbox_end(&link->box, "the head has been silent for too long");
}

static void wait_for_something(struct link *link)
{
    double wait = link->beat_due - clock_seconds();
    long wait_ms = wait <= 0 ? 0 : (long)(wait * 1000) + 1;
    zmq_pollitem_t items[] = {
        { .socket = link->socket, .events = ZMQ_POLLIN },
        { .fd = link->box.wake, .events = ZMQ_POLLIN },
        { .socket = link->monitor, .events = ZMQ_POLLIN },
    };
    /* A hub that ends shuts the context that it shares with its threads. */
    if (zmq_poll(items, link->monitor ? 3 : 2, wait_ms) < 0 && zmq_errno() == ETERM)
        mailbox_end(&link->box, "");
    if (items[1].revents & ZMQ_POLLIN)
        mailbox_sleep_off(&link->box);
}

/* The plugin's thread may never come back; the socket must not wait for it for ever. */
static void wait_for_close(struct link *link)
{
    double end = clock_seconds() + GRACE_MS * 1e-3;
    while (!mailbox_is_closing(&link->box) && clock_seconds() < end) {
        zmq_pollitem_t item = { .fd = link->box.wake, .events = ZMQ_POLLIN };
        zmq_poll(&item, 1, 20);
        if (item.revents & ZMQ_POLLIN)
            mailbox_sleep_off(&link->box);
    }
    send_parcels(link);
    send_message(link, &(struct wire_message){ .kind = WIRE_BYE });
}

static void *link_main(void *argument)
{
    struct link *link = argument;
    say_hello(link);
    while (!atomic_load(&link->box.over) && !mailbox_is_closing(&link->box)) {
        receive(link);
        send_parcels(link);
        if (link->monitor)
            watch_connection(link);
        keep_time(link);
        wait_for_something(link);
    }
    wait_for_close(link);
    mailbox_set_closed(&link->box);
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
    mailbox_free(&link->box);
    wire_frame_free(&link->frame);
    free(link->held);
    free(link->stage);
    free(link->identity);
    free(link);
}

static bool fill(struct link *link, const struct link_config *config, struct leti_error *err)
{
    link->head_timeout = config->head_timeout_ms * 1e-3;
    link->beat_every = 1;
    link->heard = clock_seconds();
    link->stage = strdup(config->stage);
    link->identity = strdup(config->identity);
    if (!link->stage || !link->identity)
        return leti_error_set(err, "out of memory");
    return open_socket(link, config, err);
}

bool link_open(const struct link_config *config, struct link **out, struct leti_error *err)
{
    struct link *link = calloc(1, sizeof *link);
    if (!link)
        return leti_error_set(err, "out of memory");
    if (!mailbox_open(&link->box, err)) {
        free(link);
        return false;
    }
    if (!fill(link, config, err))
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
    return mailbox_take(&link->box, wait);
}

void link_put(struct link *link, struct letter *letter)
{
    mailbox_put(&link->box, letter);
}

bool link_has_letter(const struct link *link)
{
    return link->box.fetched != NULL;
}

bool link_send(struct link *link, const struct wire_message *message, enum link_hurry hurry,
               struct leti_error *err)
{
    return mailbox_send(&link->box, message, hurry == LINK_NOW, err);
}

void link_flush(struct link *link)
{
    mailbox_flush(&link->box);
}

bool link_stopping(const struct link *link)
{
    return atomic_load(&link->box.over) || atomic_load(&link->box.cancels) > 0;
}

bool link_over(const struct link *link)
{
    return atomic_load(&link->box.over);
}

void link_cancelled(struct link *link)
{
    atomic_fetch_sub(&link->box.cancels, 1);
}

void link_close(struct link *link, struct leti_error *why)
{
    mailbox_set_closing(&link->box);
    pthread_join(link->thread, NULL);
    *why = link->box.why;
    link_free(link);
}
