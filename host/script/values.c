/* values - Lua values as settings: everything becomes text, which the option tables read again.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/state.h"

#include <lauxlib.h>
#include <stdlib.h>

/* Pushes the shortest of two notations that gives the same number. */
static void push_number(lua_State *L, int index)
{
    int is_whole;
    lua_Integer whole = lua_tointegerx(L, index, &is_whole);
    if (is_whole) {
        lua_pushfstring(L, "%I", whole);
        return;
    }
    char digits[32];
    double value = lua_tonumber(L, index);
    snprintf(digits, sizeof digits, "%.15g", value);
    if (strtod(digits, NULL) != value)
        snprintf(digits, sizeof digits, "%.17g", value);
    lua_pushstring(L, digits);
}

/* Pushes the value's text; says what it is instead where it has none. */
static const char *push_scalar(lua_State *L, int index)
{
    size_t size;
    const char *bytes;
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false");
        return NULL;
    case LUA_TNUMBER:
        push_number(L, index);
        return NULL;
    case LUA_TSTRING:
        bytes = lua_tolstring(L, index, &size);
        if (strlen(bytes) != size)
            return "text with a NUL";
        lua_pushvalue(L, index);
        return NULL;
    default:
        return luaL_typename(L, index);
    }
}

/* The table's length, where it has items 1 .. n and nothing else. */
static bool is_list(lua_State *L, int table, size_t *n)
{
    size_t keys = 0;
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1))
        keys++;
    *n = lua_rawlen(L, table);
    return keys == *n;
}

/* Pushes a table that keeps the texts alive, and an array of them. */
static const char *const *push_texts(lua_State *L, int table, size_t n, const char *name,
                                     const char *where, const char *whose)
{
    const char **texts = lua_newuserdatauv(L, (n + 1) * sizeof *texts, 0);
    lua_newtable(L);
    int anchor = lua_gettop(L);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, table, (lua_Integer)i + 1);
        const char *wrong = push_scalar(L, lua_gettop(L));
        if (wrong)
            script_fail(L, where, "%s: item %zu of \"%s\" cannot be a %s", whose, i + 1, name,
                        wrong);
        texts[i] = lua_tostring(L, -1);
        lua_rawseti(L, anchor, (lua_Integer)i + 1);
        lua_pop(L, 1);
    }
    return texts;
}

static void put(lua_State *L, const char *name, const char *const *texts, size_t n, bool list,
                const char *where, struct settings *out)
{
    struct leti_error err;
    if (!settings_put(out, name, texts, n, list, where, &err))
        script_fail(L, where, "%s", err.text);
}

void script_put(lua_State *L, int index, const char *name, const char *where, const char *whose,
                struct settings *out)
{
    int top = lua_gettop(L);
    if (lua_istable(L, index)) {
        size_t n;
        if (!is_list(L, index, &n))
            script_fail(L, where, "%s: option \"%s\" must be a value or a list of values", whose,
                        name);
        put(L, name, push_texts(L, index, n, name, where, whose), n, true, where, out);
    } else {
        const char *wrong = push_scalar(L, index);
        if (wrong)
            script_fail(L, where, "%s: option \"%s\" cannot be a %s", whose, name, wrong);
        const char *text = lua_tostring(L, -1);
        put(L, name, &text, 1, false, where, out);
    }
    lua_settop(L, top);
}
