/* mailbox.c - what the two threads of a worker share: letters in, parcels out.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "hub/mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { SPARE_LETTERS = 128, SPARE_PARCELS = 256, MANY_PARCELS = 16 };

static void letters_free(struct letter *letter)
{
    while (letter) {
        struct letter *next = letter->next;
        arena_free(&letter->arena);
        free(letter);
        letter = next;
    }
}

static void parcels_free(struct parcel *parcel)
{
    while (parcel) {
        struct parcel *next = parcel->next;
        wire_frame_free(&parcel->frame);
        free(parcel);
        parcel = next;
    }
}

bool mailbox_open(struct mailbox *box, struct leti_error *err)
{
    box->last_letter = &box->letters;
    box->parcels.last = &box->parcels.first;
    box->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (box->wake < 0)
        return leti_error_set(err, "eventfd: %s", strerror(errno));
    pthread_mutex_init(&box->mutex, NULL);
    pthread_cond_init(&box->arrived, NULL);
    return true;
}

void mailbox_free(struct mailbox *box)
{
    letters_free(box->letters);
    letters_free(box->fetched);
    letters_free(box->spare_letters);
    parcels_free(box->parcels.first);
    parcels_free(box->spare_parcels);
    pthread_cond_destroy(&box->arrived);
    pthread_mutex_destroy(&box->mutex);
    close(box->wake);
}

/* ---- letters ---- */

struct letter *mailbox_blank(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    struct letter *letter = box->spare_letters;
    if (letter) {
        box->spare_letters = letter->next;
        box->n_spare_letters--;
    }
    pthread_mutex_unlock(&box->mutex);
    return letter ? letter : calloc(1, sizeof *letter);
}

void mailbox_post(struct mailbox *box, struct letter *letter)
{
    letter->next = NULL;
    pthread_mutex_lock(&box->mutex);
    bool was_empty = !box->letters;
    *box->last_letter = letter;
    box->last_letter = &letter->next;
    if (was_empty)
        pthread_cond_signal(&box->arrived);
    pthread_mutex_unlock(&box->mutex);
}

struct letter *mailbox_take(struct mailbox *box, bool wait)
{
    if (!box->fetched) {
        pthread_mutex_lock(&box->mutex);
        while (wait && !box->letters && !atomic_load(&box->over))
            pthread_cond_wait(&box->arrived, &box->mutex);
        box->fetched = box->letters;
        box->letters = NULL;
        box->last_letter = &box->letters;
        pthread_mutex_unlock(&box->mutex);
    }
    struct letter *letter = box->fetched;
    if (letter)
        box->fetched = letter->next;
    return letter;
}

void mailbox_put(struct mailbox *box, struct letter *letter)
{
    arena_reset(&letter->arena);
    letter->next = NULL;
    pthread_mutex_lock(&box->mutex);
    bool keep = box->n_spare_letters < SPARE_LETTERS;
    if (keep) {
        letter->next = box->spare_letters;
        box->spare_letters = letter;
        box->n_spare_letters++;
    }
    pthread_mutex_unlock(&box->mutex);
    if (!keep)
        letters_free(letter);
}

/* ---- parcels ---- */

static void wake(struct mailbox *box)
{
    uint64_t one = 1;
    while (write(box->wake, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void mailbox_sleep_off(struct mailbox *box)
{
    uint64_t count;
    while (read(box->wake, &count, sizeof count) < 0 && errno == EINTR)
        ;
}

static struct parcel *blank_parcel(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    struct parcel *parcel = box->spare_parcels;
    if (parcel) {
        box->spare_parcels = parcel->next;
        box->n_spare_parcels--;
        parcel->next = NULL;
    }
    pthread_mutex_unlock(&box->mutex);
    return parcel ? parcel : calloc(1, sizeof *parcel);
}

bool mailbox_send(struct mailbox *box, const struct wire_message *message, bool now,
                  struct leti_error *err)
{
    struct parcel *parcel = blank_parcel(box);
    if (!parcel)
        return leti_error_set(err, "out of memory");
    if (!wire_encode(message, &parcel->frame, err)) {
        parcels_free(parcel);
        return false;
    }
    bool closes = message->kind == WIRE_RESULT && message->result.done;
    parcel->answers = closes ? message->result.unit : 0;
    pthread_mutex_lock(&box->mutex);
    bool closed = box->closed, must_wake = false;
    if (!closed) {
        *box->parcels.last = parcel;
        box->parcels.last = &parcel->next;
        box->parcels.n++;
        must_wake = !box->woken && (now || box->parcels.n >= MANY_PARCELS);
        box->woken |= must_wake;
    }
    pthread_mutex_unlock(&box->mutex);
    if (closed)
        parcels_free(parcel);
    if (must_wake)
        wake(box);
    return true;
}

void mailbox_flush(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    bool must_wake = box->parcels.n > 0 && !box->woken;
    box->woken |= must_wake;
    pthread_mutex_unlock(&box->mutex);
    if (must_wake)
        wake(box);
}

struct parcels mailbox_collect(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    struct parcels parcels = box->parcels;
    box->parcels = (struct parcels){ .last = &box->parcels.first };
    box->woken = false;
    pthread_mutex_unlock(&box->mutex);
    return parcels;
}

void mailbox_recycle(struct mailbox *box, struct parcels sent)
{
    pthread_mutex_lock(&box->mutex);
    bool keep = box->n_spare_parcels + sent.n <= SPARE_PARCELS;
    if (keep) {
        *sent.last = box->spare_parcels;
        box->spare_parcels = sent.first;
        box->n_spare_parcels += sent.n;
    }
    pthread_mutex_unlock(&box->mutex);
    if (!keep)
        parcels_free(sent.first);
}

/* ---- the end ---- */

void mailbox_end(struct mailbox *box, const char *why)
{
    pthread_mutex_lock(&box->mutex);
    if (!atomic_exchange(&box->over, true))
        leti_error_set(&box->why, "%s", why);
    pthread_cond_broadcast(&box->arrived);
    pthread_mutex_unlock(&box->mutex);
}

bool mailbox_is_closing(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    bool closing = box->closing;
    pthread_mutex_unlock(&box->mutex);
    return closing;
}

void mailbox_set_closing(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    box->closing = true;
    pthread_mutex_unlock(&box->mutex);
    wake(box);
}

void mailbox_set_closed(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    box->closed = true;
    pthread_mutex_unlock(&box->mutex);
}
