/* relay.h - one hub, used by the run's parts one after the other: passes what comes out of the
 * hub on to whoever is at work, and commits the store before anything follows from it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_RELAY_H
#define RUN_RELAY_H

#include "hub/hub.h"
#include "store/store.h"

struct relay {
    struct hub *hub;
    struct store *store;
    struct hub_handler to; /* of the part that is at work; a NULL there is an error of ours */
};

/* Creates the hub with the relay as its handler. The relay stays where it is. */
bool relay_open(struct relay *, const struct hub_config *, struct store *, struct leti_error *err);
void relay_close(struct relay *);

/* Handles what has come, waiting a moment for it, and commits. Says that the run was asked to
 * stop, as an error. */
bool relay_turn(struct relay *, struct leti_error *err);

/* Handles what comes of a hub that no relay has, until a handler of it sets *over. */
bool relay_wait(struct hub *, const bool *over, struct leti_error *err);

/* Writes a line of the log in a stage's name; a hub's handler for it, which needs no context. */
void relay_log(void *context, const struct stage *, enum leti_level, const char *text);

#endif
