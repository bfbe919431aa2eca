/* stages - what a pipeline file writes stages with: stage "name" { options }, >>, & and `..`.
 *
 * A stage is a userdata with a pointer into the draft, which owns it; stages that were joined are
 * a userdata with an array of such pointers, in order. Evaluators side by side stand one after
 * the other there: that they are evaluators says that they are side by side.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/state.h"

#include <lauxlib.h>
#include <stdlib.h>

static const char *const stage_type = "stage";
static const char *const chain_type = "stages";

struct chain {
    size_t n;
    struct stage *stages[];
};

struct stage **script_chain(lua_State *L, int index, size_t *n)
{
    struct stage **single = luaL_testudata(L, index, stage_type);
    if (single) {
        *n = 1;
        return single;
    }
    struct chain *chain = luaL_testudata(L, index, chain_type);
    if (!chain)
        return NULL;
    *n = chain->n;
    return chain->stages;
}

/* ---- operators ---- */

static const char *article(const char *word)
{
    return strchr("aeiou", word[0]) ? "an" : "a";
}

static const char *kind_of(const struct stage *stage)
{
    return kind_name(stage->plugin.desc->kind);
}

/* Both operands of the operator at 1 and 2; the word is what it does to them. */
static void operands(lua_State *L, const char *where, const char *verb, struct stage **chains[2],
                     size_t sizes[2])
{
    for (int i = 0; i < 2; i++) {
        chains[i] = script_chain(L, i + 1, &sizes[i]);
        if (chains[i])
            continue;
        const char *type = luaL_typename(L, i + 1);
        script_fail(L, where, "cannot %s %s %s: only stages can be", verb, article(type), type);
    }
}

static int push_chain(lua_State *L, struct stage **chains[2], const size_t sizes[2])
{
    size_t n = sizes[0] + sizes[1];
    struct chain *chain = lua_newuserdatauv(L, sizeof *chain + n * sizeof *chain->stages, 0);
    chain->n = n;
    memcpy(chain->stages, chains[0], sizes[0] * sizeof *chain->stages);
    memcpy(chain->stages + sizes[0], chains[1], sizes[1] * sizeof *chain->stages);
    luaL_setmetatable(L, chain_type);
    return 1;
}

/* Why `right` cannot follow `left`, NULL where it can. */
static const char *misfit(enum leti_kind left, enum leti_kind right)
{
    if (left == LETI_SOURCE || right == LETI_SOURCE)
        return "sources are given as problems = ..., outside of the flow";
    if (left == LETI_OBSERVER || right == LETI_OBSERVER)
        return "observers are given as observers = ..., outside of the flow";
    if (left == LETI_EVALUATOR && right == LETI_EVALUATOR)
        return "evaluators stand side by side: a >> (b & c) >> d";
    if ((int)right == (int)left + 1)
        return NULL;
    switch (left) {
    case LETI_GENERATOR:
        return "after a generator comes an evaluator";
    case LETI_EVALUATOR:
        return "after an evaluator comes a formatter";
    case LETI_FORMATTER:
        return "after a formatter comes a trainer";
    default:
        return "after a trainer nothing follows";
    }
}

static int connect(lua_State *L)
{
    struct stage **chains[2];
    size_t sizes[2];
    const char *where = script_push_where(L);
    operands(L, where, "connect", chains, sizes);
    const struct stage *left = chains[0][sizes[0] - 1], *right = chains[1][0];
    const char *why = misfit(left->plugin.desc->kind, right->plugin.desc->kind);
    if (why)
        script_fail(L, where, "cannot connect %s \"%s\" to %s \"%s\": %s", kind_of(left),
                    left->plugin.desc->name, kind_of(right), right->plugin.desc->name, why);
    return push_chain(L, chains, sizes);
}

/* Joins stages of one kind; anything else is an error that ends with `rule`. */
static int join(lua_State *L, enum leti_kind kind, const char *rule)
{
    struct stage **chains[2];
    size_t sizes[2];
    const char *where = script_push_where(L);
    operands(L, where, "join", chains, sizes);
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            if (chains[i][k]->plugin.desc->kind != kind)
                script_fail(L, where, "cannot join %s \"%s\": %s", kind_of(chains[i][k]),
                            chains[i][k]->plugin.desc->name, rule);
    return push_chain(L, chains, sizes);
}

static int join_evaluators(lua_State *L)
{
    return join(L, LETI_EVALUATOR, "only evaluators stand side by side: a >> (b & c) >> d");
}

static int join_sources(lua_State *L)
{
    return join(L, LETI_SOURCE, "only sources follow one another with ..");
}

/* ---- stage ---- */

static struct stage *add_stage(lua_State *L, const char *where)
{
    struct draft *draft = script_of(L)->draft;
    struct stage **stages = realloc(draft->stages, (draft->n_stages + 1) * sizeof *stages);
    if (stages)
        draft->stages = stages;
    struct stage *stage = stages ? calloc(1, sizeof *stage) : NULL;
    if (!stage)
        script_fail(L, where, "out of memory");
    stages[draft->n_stages++] = stage;
    stage->where = strdup(where);
    stage->settings.where = strdup(where);
    stage->host_settings.where = strdup(where);
    if (!stage->where || !stage->settings.where || !stage->host_settings.where)
        script_fail(L, where, "out of memory");
    return stage;
}

static int new_stage(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const char *where = script_push_where(L);
    struct stage *stage = add_stage(L, where);
    struct leti_error err;
    if (!plugin_find(name, &stage->plugin, &err))
        script_fail(L, where, "%s", err.text);
    *(struct stage **)lua_newuserdatauv(L, sizeof stage, 0) = stage;
    luaL_setmetatable(L, stage_type);
    return 1;
}

/* stage "name" { options }: the options, each for the host or for the plugin. */
static int set_options(lua_State *L)
{
    struct stage *stage = *(struct stage **)luaL_checkudata(L, 1, stage_type);
    const char *name = stage->plugin.desc->name;
    const char *where = script_push_where(L);
    if (!lua_istable(L, 2))
        script_fail(L, where, "%s: options must be a table, not a %s", name, luaL_typename(L, 2));
    if (stage->settings.n || stage->host_settings.n)
        script_fail(L, where, "%s: this stage has its options already", name);
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            script_fail(L, where, "%s: every option must have a name, as in { name = value }",
                        name);
        const char *key = lua_tostring(L, -2);
        bool host = option_find(host_options(stage->plugin.desc->kind), key) != NULL;
        int value = lua_gettop(L);
        script_put(L, value, key, script_push_where_of_key(L, where, key, 1), name,
                   host ? &stage->host_settings : &stage->settings);
        lua_settop(L, value);
    }
    lua_settop(L, 1);
    return 1;
}

static int describe(lua_State *L)
{
    size_t n;
    struct stage **stages = script_chain(L, 1, &n);
    lua_pushstring(L, stages && n == 1 ? stages[0]->plugin.desc->name : chain_type);
    return 1;
}

void script_define_stages(lua_State *L)
{
    static const luaL_Reg operators[] = {
        { "__shr", connect },
        { "__band", join_evaluators },
        { "__concat", join_sources },
        { "__tostring", describe },
        { NULL, NULL },
    };
    luaL_newmetatable(L, stage_type);
    luaL_setfuncs(L, operators, 0);
    lua_pushcfunction(L, set_options);
    lua_setfield(L, -2, "__call");
    luaL_newmetatable(L, chain_type);
    luaL_setfuncs(L, operators, 0);
    lua_pop(L, 2);
    lua_pushcfunction(L, new_stage);
    lua_setglobal(L, "stage");
}
