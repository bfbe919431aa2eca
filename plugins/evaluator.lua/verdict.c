/* verdict.c - what the user's function returned, checked and written down.
 *
 * Every value is read raw, whatever metatables say, and a key that has no meaning is an error:
 * one that is misspelt would be lost otherwise.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Raises "rules.lua: the verdict's <key> must be <wanted>, not <what it is>". */
static void refuse(lua_State *L, const char *key, const char *wanted, const char *got)
{
    luaL_error(L, "%s: the verdict's %s must be %s, not %s", state_of(L)->file, key, wanted, got);
}

/* The value on top of the stack as a text of less than max bytes, without a NUL in it. */
static void read_name(lua_State *L, const char *key, char *out, size_t max)
{
    size_t size;
    if (lua_type(L, -1) != LUA_TSTRING)
        refuse(L, key, "a string", luaL_typename(L, -1));
    const char *text = lua_tolstring(L, -1, &size);
    if (size >= max || memchr(text, '\0', size))
        luaL_error(L, "%s: the verdict's %s must be a string of less than %d bytes without a NUL",
                   state_of(L)->file, key, (int)max);
    memcpy(out, text, size + 1);
}

static void read_feedback(lua_State *L, struct sheet *sheet)
{
    size_t size;
    if (lua_type(L, -1) != LUA_TSTRING)
        refuse(L, "feedback", "a string", luaL_typename(L, -1));
    const char *text = lua_tolstring(L, -1, &size);
    if (size > TEXT_MAX_BYTES)
        luaL_error(L, "%s: the verdict's feedback must be at most %d bytes, not %I",
                   state_of(L)->file, (int)TEXT_MAX_BYTES, (lua_Integer)size);
    memcpy(sheet->feedback, text, size);
    sheet->answer.feedback_size = (uint32_t)size;
}

/* One score: its name at -2, its value at -1. */
static void read_score(lua_State *L, struct answer *answer)
{
    const char *file = state_of(L)->file;
    if (answer->n_scores == SCORES_MAX)
        luaL_error(L, "%s: the verdict has more than %d scores", file, (int)SCORES_MAX);
    struct score *score = &answer->scores[answer->n_scores];
    lua_pushvalue(L, -2);
    read_name(L, "score's name", score->name, sizeof score->name);
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TNUMBER)
        luaL_error(L, "%s: the score %s must be a number, not a %s", file, score->name,
                   luaL_typename(L, -1));
    score->value = lua_tonumber(L, -1);
    if (!isfinite(score->value))
        luaL_error(L, "%s: the score %s must be a finite number, not %f", file, score->name,
                   score->value);
    answer->n_scores++;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct score *)a)->name, ((const struct score *)b)->name);
}

/* In the order of their names, since a table has none. */
static void read_scores(lua_State *L, struct answer *answer)
{
    if (!lua_istable(L, -1))
        refuse(L, "scores", "a table of numbers by name", luaL_typename(L, -1));
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        read_score(L, answer);
    qsort(answer->scores, answer->n_scores, sizeof *answer->scores, by_name);
}

/* One entry of the verdict: its key at -2, its value at -1. */
static void read_entry(lua_State *L, struct sheet *sheet)
{
    struct answer *answer = &sheet->answer;
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
    if (!strcmp(key, "reason"))
        read_name(L, key, answer->reason, sizeof answer->reason);
    else if (!strcmp(key, "exception"))
        read_name(L, key, answer->exception, sizeof answer->exception);
    else if (!strcmp(key, "feedback"))
        read_feedback(L, sheet);
    else if (!strcmp(key, "scores"))
        read_scores(L, answer);
    else if (strcmp(key, "passed") != 0)
        luaL_error(L,
                   "%s: the verdict has an unknown key %s%s%s (passed, reason, exception, feedback "
                   "and scores are known)",
                   state_of(L)->file, *key ? "\"" : "of type ", *key ? key : luaL_typename(L, -2),
                   *key ? "\"" : "");
}

/* The table on top of the stack. */
static bool read_table(lua_State *L, struct sheet *sheet)
{
    lua_pushliteral(L, "passed");
    if (lua_rawget(L, -2) != LUA_TBOOLEAN)
        refuse(L, "passed", "true or false", luaL_typename(L, -1));
    bool passed = lua_toboolean(L, -1);
    lua_pop(L, 1);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        read_entry(L, sheet);
    return passed;
}

void state_read_verdict(lua_State *L, struct sheet *sheet)
{
    bool passed = false;
    if (lua_isboolean(L, -1))
        passed = lua_toboolean(L, -1);
    else if (lua_istable(L, -1))
        passed = read_table(L, sheet);
    else
        luaL_error(L, "%s: the function must return true, false or a table, not %s",
                   state_of(L)->file, luaL_typename(L, -1));
    if (!*sheet->answer.reason)
        strcpy(sheet->answer.reason, passed ? "passed" : "failed");
    sheet->answer.outcome = passed ? ANSWER_PASSED : ANSWER_FAILED;
}
