/* state.c - runs the user's Lua within its limits.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STEPS = 10000 }; /* between two looks at the clock */

struct state *state_of(lua_State *L)
{
    return *(struct state **)lua_getextraspace(L);
}

int64_t state_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- limits ---- */

static void *allocate(void *arg, void *block, size_t old_size, size_t new_size)
{
    struct state *state = arg;
    size_t had = block ? old_size : 0; /* without a block it is a kind of object */
    if (new_size == 0) {
        free(block);
        state->used_bytes -= had;
        return NULL;
    }
    if (new_size > had && new_size - had > state->setup.memory_bytes - state->used_bytes)
        return NULL;
    void *grown = realloc(block, new_size);
    if (grown)
        state->used_bytes += new_size - had;
    return grown;
}

/* Pushes "rules.lua:12: ", the innermost line of Lua that runs at this level or above; "" where
 * there is none. */
static void push_where(lua_State *L, int level)
{
    lua_Debug at;
    for (; lua_getstack(L, level, &at); level++)
        if (lua_getinfo(L, "Sl", &at) && at.currentline > 0) {
            lua_pushfstring(L, "%s:%d: ", at.short_src, at.currentline);
            return;
        }
    lua_pushliteral(L, "");
}

static void look_at_the_clock(lua_State *L, lua_Debug *at)
{
    (void)at;
    const struct state *state = state_of(L);
    if (state_clock_ns() <= state->deadline_ns)
        return;
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%g", (double)state->setup.timeout_ns / 1e9);
    push_where(L, 0); /* a hook has no level of its own */
    lua_pushfstring(L, "timed out after %s s of processor time", seconds);
    lua_concat(L, 2);
    lua_error(L);
}

/* ---- errors ---- */

/* What a person is told, whatever was raised. */
static int describe(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TSTRING)
        return 1;
    const char *type = luaL_typename(L, 1);
    push_where(L, 1);
    lua_pushfstring(L, "raised a %s instead of a message", type);
    lua_concat(L, 2);
    return 1;
}

/* Whether the text starts with a place in a file, as Lua's own messages do. */
static bool has_place(const char *text)
{
    const char *colon = strchr(text, ':');
    return colon && colon[1] >= '0' && colon[1] <= '9';
}

/* The error on top of the stack; always told with a file's name. */
static bool take_error(struct state *state, int rc, struct leti_error *err)
{
    const char *text = lua_tostring(state->lua, -1);
    if (rc == LUA_ERRMEM)
        return leti_error_set(err, "%s: out of memory, which is limited to %llu MiB", state->file,
                              (unsigned long long)(state->setup.memory_bytes >> 20));
    if (!text)
        text = "an error without a message";
    if (has_place(text) || strncmp(text, state->file, strlen(state->file)) == 0)
        return leti_error_set(err, "%s", text);
    return leti_error_set(err, "%s: %s", state->file, text);
}

/* Calls function(arg) where errors are caught, for at most the time limit. */
static bool protect(struct state *state, lua_CFunction function, void *arg, struct leti_error *err)
{
    lua_State *L = state->lua;
    state->deadline_ns = state_clock_ns() + (int64_t)state->setup.timeout_ns;
    lua_settop(L, 0);
    lua_pushcfunction(L, describe);
    lua_pushcfunction(L, function);
    lua_pushlightuserdata(L, arg);
    int rc = lua_pcall(L, 1, 0, 1);
    return rc == LUA_OK || take_error(state, rc, err);
}

/* ---- the file ---- */

/* Leaves the user's function in the place of what the file returned. */
static void take_function(lua_State *L, const struct state *state)
{
    const char *name = state->function;
    if (!*name && !lua_isfunction(L, -1))
        luaL_error(L,
                   "%s: must return a function, not a %s (or, with the option function, a table "
                   "of functions)",
                   state->file, luaL_typename(L, -1));
    if (!*name)
        return;
    if (!lua_istable(L, -1))
        luaL_error(L, "%s: must return a table with the function %s, not a %s", state->file, name,
                   luaL_typename(L, -1));
    lua_pushstring(L, name);
    if (lua_rawget(L, -2) != LUA_TFUNCTION)
        luaL_error(L, "%s: what it returns has a %s as %s, not a function", state->file,
                   luaL_typename(L, -1), name);
}

static int open_protected(lua_State *L)
{
    struct state *state = lua_touserdata(L, 1);
    state_open_libraries(L);
    state_load_file(L, state->file);
    lua_call(L, 0, 1);
    take_function(L, state);
    lua_rawsetp(L, LUA_REGISTRYINDEX, state);
    return 0;
}

bool state_open(struct state *state, struct leti_error *err)
{
    state->lua = lua_newstate(allocate, state);
    if (!state->lua)
        return leti_error_set(err, "%s: no memory for Lua", state->file);
    *(struct state **)lua_getextraspace(state->lua) = state;
    lua_sethook(state->lua, look_at_the_clock, LUA_MASKCOUNT, STEPS);
    return protect(state, open_protected, state, err);
}

/* ---- a sample ---- */

struct call {
    struct state *state;
    const struct leti_sample *sample;
    const struct leti_problem *problem;
};

static int judge_protected(lua_State *L)
{
    const struct call *call = lua_touserdata(L, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, call->state);
    state_push_sample(L, call->sample, call->problem);
    lua_call(L, 1, 1);
    state_read_verdict(L, call->state->sheet);
    return 0;
}

bool state_judge(struct state *state, const struct leti_sample *sample,
                 const struct leti_problem *problem, struct leti_error *err)
{
    struct call call = { state, sample, problem };
    return protect(state, judge_protected, &call, err);
}
