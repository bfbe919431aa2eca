/* state.h - a Lua state with limits, and the user's function in it.
 *
 * One a process. Its calls are made in children of that process, each a copy of the state as it
 * was when the file had been run.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exchange.h"
#include "leti/error.h"

typedef struct lua_State lua_State; /* as lua.h has it */

struct state {
    struct setup setup;
    const char *file, *function; /* as the user wrote them */
    struct sheet *sheet;
    size_t used_bytes;
    int64_t deadline_ns; /* of this process's processor time */
    lua_State *lua;      /* with the user's function on its stack, alone */
};

/* Runs the file and finds the function in what it returns. */
bool state_open(struct state *state, struct leti_error *err);

/* Gives the sample to the function and its answer to the sheet. Fails where the function is at
 * fault. */
bool state_judge(struct state *state, const struct leti_sample *sample,
                 const struct leti_problem *problem, struct leti_error *err);

/* Nanoseconds of processor time that this process has used. */
int64_t state_clock_ns(void);

/* The state that the running Lua is in. */
struct state *state_of(lua_State *);

/* libraries.c: opens what a judge may use. */
void state_open_libraries(lua_State *);

/* libraries.c: pushes the text file, which is the user's or lies below its folder, as a function;
 * errors will call it by its name from that folder. Raises one where it cannot be read or
 * compiled. */
void state_load_file(lua_State *, const char *path);

/* sample.c: pushes the sample as a table. */
void state_push_sample(lua_State *, const struct leti_sample *, const struct leti_problem *);

/* verdict.c: the value on top of the stack, which evaluate returned, to the sheet. Raises an error
 * where it is none that it may be. */
void state_read_verdict(lua_State *, struct sheet *);

#endif
