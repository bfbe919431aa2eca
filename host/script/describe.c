/* describe - pipeline { }: what the file returns, taken apart into the draft.
 *
 * The table stays an ordinary one, so that a file can take another's pipeline, change it and
 * return it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/state.h"

#include <lauxlib.h>
#include <stdlib.h>

static const char where_key; /* its address is the key of the line of pipeline { } */

static int mark_pipeline(lua_State *L)
{
    const char *where = script_push_where(L);
    if (!lua_istable(L, 1))
        script_fail(L, where, "pipeline takes a table, not a %s", luaL_typename(L, 1));
    lua_rawsetp(L, 1, &where_key);
    lua_settop(L, 1);
    return 1;
}

void script_define_pipeline(lua_State *L)
{
    lua_pushcfunction(L, mark_pipeline);
    lua_setglobal(L, "pipeline");
}

/* ---- parts of the table ---- */

/* Appends the stages to an array that the draft holds. */
static void append(lua_State *L, const char *where, struct stage ***to, size_t *n_to,
                   struct stage *const *stages, size_t n)
{
    struct stage **grown = realloc(*to, (*n_to + n + 1) * sizeof *grown);
    if (!grown)
        script_fail(L, where, "out of memory");
    *to = grown;
    memcpy(grown + *n_to, stages, n * sizeof *grown);
    *n_to += n;
}

/* `problems`: a source, several joined by .., or a list of such. */
static void read_problems(lua_State *L, int index, const char *where, const char *whose,
                          struct problem_set *out)
{
    size_t n;
    struct stage **stages = script_chain(L, index, &n);
    if (stages) {
        for (size_t i = 0; i < n; i++)
            if (stages[i]->plugin.desc->kind != LETI_SOURCE)
                script_fail(L, where, "%s: problems come from sources, not from %s \"%s\"", whose,
                            kind_name(stages[i]->plugin.desc->kind), stages[i]->plugin.desc->name);
        append(L, where, &out->sources, &out->n_sources, stages, n);
        return;
    }
    if (!lua_istable(L, index) || !lua_rawlen(L, index))
        script_fail(L, where, "%s: problems must be a source or a list of sources, not a %s", whose,
                    lua_istable(L, index) ? "table without items" : luaL_typename(L, index));
    luaL_checkstack(L, 8, "problems");
    size_t items = lua_rawlen(L, index);
    for (size_t i = 1; i <= items; i++) {
        lua_rawgeti(L, index, (lua_Integer)i);
        if (lua_istable(L, -1))
            script_fail(L, where, "%s: item %zu of problems must be a source, not a table", whose,
                        i);
        read_problems(L, lua_gettop(L), where, whose, out);
        lua_pop(L, 1);
    }
}

static void add_observer(lua_State *L, const char *where, struct stage *stage, struct draft *draft)
{
    const struct leti_plugin *desc = stage->plugin.desc;
    if (desc->kind != LETI_OBSERVER)
        script_fail(L, where, "pipeline: observers must be observers, not %s \"%s\"",
                    kind_name(desc->kind), desc->name);
    for (size_t i = 0; i < draft->n_observers; i++)
        if (draft->observers[i] == stage)
            script_fail(L, where, "pipeline: observer \"%s\" is there twice", desc->name);
    append(L, where, &draft->observers, &draft->n_observers, &stage, 1);
}

/* `observers`: a stage, or a list of stages. */
static void read_observers(lua_State *L, int index, const char *where, struct draft *draft)
{
    size_t n;
    struct stage **stages = script_chain(L, index, &n);
    for (size_t i = 0; stages && i < n; i++)
        add_observer(L, where, stages[i], draft);
    if (stages)
        return;
    if (!lua_istable(L, index))
        script_fail(L, where, "pipeline: observers must be a stage or a list of stages, not a %s",
                    luaL_typename(L, index));
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        if (!lua_isinteger(L, -2))
            script_fail(L, where, "pipeline: observers must be a list, without names");
    size_t items = lua_rawlen(L, index);
    for (size_t i = 1; i <= items; i++) {
        lua_rawgeti(L, index, (lua_Integer)i);
        stages = script_chain(L, -1, &n);
        if (!stages || n != 1)
            script_fail(L, where, "pipeline: item %zu of observers must be a stage, not a %s", i,
                        stages ? "chain of them" : luaL_typename(L, -1));
        add_observer(L, where, stages[0], draft);
        lua_pop(L, 1);
    }
}

static void read_flow(lua_State *L, int index, const char *where, struct draft *draft)
{
    size_t n;
    struct stage **stages = script_chain(L, index, &n);
    if (!stages)
        script_fail(L, where, "pipeline: flow must be stages joined by >>, not a %s",
                    luaL_typename(L, index));
    if (stages[0]->plugin.desc->kind == LETI_SOURCE)
        script_fail(L, where, "pipeline: sources are given as problems = ..., not in the flow");
    if (stages[0]->plugin.desc->kind == LETI_OBSERVER)
        script_fail(L, where, "pipeline: observers are given as observers = ..., not in the flow");
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (stages[i] == stages[k])
                script_fail(L, where, "pipeline: %s \"%s\" is in the flow twice",
                            kind_name(stages[i]->plugin.desc->kind), stages[i]->plugin.desc->name);
    append(L, where, &draft->flow, &draft->n_flow, stages, n);
}

/* Puts the value on top of the stack. */
static void put_top(lua_State *L, const char *key, const char *where, int depth, const char *whose,
                    struct settings *out)
{
    int value = lua_gettop(L);
    script_put(L, value, key, script_push_where_of_key(L, where, key, depth), whose, out);
    lua_settop(L, value);
}

static const char *check_key(lua_State *L, int index, const char *where, const char *whose)
{
    if (lua_type(L, index) != LUA_TSTRING)
        script_fail(L, where, "%s: every item must have a name, as in { name = value }", whose);
    return lua_tostring(L, index);
}

/* depth: of its keys, seen from pipeline { }. */
static void read_test(lua_State *L, int index, const char *where, int depth, struct draft *draft)
{
    struct draft_test *tests = realloc(draft->tests, (draft->n_tests + 1) * sizeof *tests);
    if (!tests)
        script_fail(L, where, "out of memory");
    draft->tests = tests;
    struct draft_test *test = &tests[draft->n_tests++];
    *test = (struct draft_test){ 0 };
    test->settings.where = strdup(where);
    if (!test->settings.where)
        script_fail(L, where, "out of memory");

    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        const char *key = check_key(L, -2, where, "test");
        if (!strcmp(key, "problems"))
            read_problems(L, lua_gettop(L), where, "test", &test->problems);
        else
            put_top(L, key, where, depth, "test", &test->settings);
    }
    if (!test->problems.n_sources)
        script_fail(L, where, "test: problems must be set: a source stage");
}

/* `test`: one table, or a list of them. */
static void read_tests(lua_State *L, int index, const char *where, struct draft *draft)
{
    if (!lua_istable(L, index))
        script_fail(L, where, "pipeline: test must be a table, not a %s", luaL_typename(L, index));
    size_t n = lua_rawlen(L, index);
    if (!n) {
        read_test(L, index, where, 2, draft);
        return;
    }
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(L, index, (lua_Integer)i);
        if (!lua_istable(L, -1))
            script_fail(L, where, "pipeline: item %zu of test must be a table, not a %s", i,
                        luaL_typename(L, -1));
        read_test(L, lua_gettop(L), where, 3, draft);
        lua_pop(L, 1);
    }
}

/* `validation`: { problems = ... }, or just what stands there. */
static void read_validation(lua_State *L, int index, const char *where, struct draft *draft)
{
    size_t n;
    int top = lua_gettop(L);
    if (!script_chain(L, index, &n) && lua_istable(L, index) && !lua_rawlen(L, index)) {
        for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
            const char *key = check_key(L, -2, where, "validation");
            if (strcmp(key, "problems") != 0)
                script_fail(L, where, "validation: no option \"%s\"; it has problems", key);
        }
        lua_getfield(L, index, "problems");
        if (lua_isnil(L, -1))
            script_fail(L, where, "validation: problems must be set: a source stage");
        index = lua_gettop(L);
    }
    read_problems(L, index, where, "validation", &draft->validation);
    lua_settop(L, top);
}

static void read_key(lua_State *L, const char *key, int value, const char *where,
                     struct draft *draft)
{
    if (!strcmp(key, "flow"))
        read_flow(L, value, where, draft);
    else if (!strcmp(key, "problems"))
        read_problems(L, value, where, "pipeline", &draft->problems);
    else if (!strcmp(key, "observers"))
        read_observers(L, value, where, draft);
    else if (!strcmp(key, "test"))
        read_tests(L, value, where, draft);
    else if (!strcmp(key, "validation"))
        read_validation(L, value, where, draft);
    else
        put_top(L, key, where, 1, "pipeline", &draft->settings);
}

void script_read_pipeline(lua_State *L, const char *file)
{
    int table = lua_gettop(L);
    if (!lua_istable(L, table) || lua_rawgetp(L, table, &where_key) != LUA_TSTRING)
        script_fail(L, file, "the file must return pipeline { ... }, not a %s",
                    luaL_typename(L, table));
    const char *where = lua_tostring(L, -1);
    struct draft *draft = script_of(L)->draft;
    draft->settings.where = strdup(where);
    if (!draft->settings.where)
        script_fail(L, where, "out of memory");

    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        if (lua_touserdata(L, -2) == &where_key)
            continue;
        read_key(L, check_key(L, -2, where, "pipeline"), lua_gettop(L), where, draft);
    }
    if (!draft->n_flow)
        script_fail(L, where, "pipeline: flow must be set: stages joined by >>");
}
