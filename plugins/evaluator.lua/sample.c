/* sample.c - a sample as a Lua table.
 * SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <lua.h>

static void set_bytes(lua_State *L, const char *key, struct leti_bytes bytes)
{
    lua_pushlstring(L, bytes.data, bytes.size);
    lua_setfield(L, -2, key);
}

static void set_integer(lua_State *L, const char *key, uint32_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, key);
}

static void push_problem(lua_State *L, const struct leti_problem *problem)
{
    lua_createtable(L, 0, 5);
    lua_pushstring(L, problem->id);
    lua_setfield(L, -2, "id");
    set_bytes(L, "prompt", problem->prompt);
    set_bytes(L, "tests", problem->tests);
    set_bytes(L, "reference", problem->reference);
    lua_createtable(L, 0, (int)problem->n_extra);
    for (size_t i = 0; i < problem->n_extra; i++)
        set_bytes(L, problem->extra[i].key, problem->extra[i].value);
    lua_setfield(L, -2, "extra");
}

void state_push_sample(lua_State *L, const struct leti_sample *sample,
                       const struct leti_problem *problem)
{
    static const char *const ends[] = {
        [LETI_FINISH_EOS] = "eos", [LETI_FINISH_STOP] = "stop", [LETI_FINISH_LENGTH] = "length"
    };
    lua_createtable(L, 0, 7);
    push_problem(L, problem);
    lua_setfield(L, -2, "problem");
    set_bytes(L, "program", sample->program);
    set_bytes(L, "raw", sample->raw);
    set_integer(L, "index", sample->index);
    set_integer(L, "iteration", sample->iteration);
    set_integer(L, "tokens", sample->tokens);
    lua_pushstring(L, sample->finish <= LETI_FINISH_LENGTH ? ends[sample->finish] : "length");
    lua_setfield(L, -2, "finish");
}
