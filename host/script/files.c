/* files - what a pipeline file finds its surroundings with: env, data, cached, here,
 * offline, require.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/state.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "script/places.h"

/* Takes a path that C allocated, and pushes it; raises *err where it is NULL. */
static const char *push_path(lua_State *L, char *path, const struct leti_error *err)
{
    if (!path)
        script_fail(L, script_push_where(L), "%s", err->text);
    /* Room for the string may be refused, with the path in our hands: Lua keeps it first. */
    char **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = path;
    luaL_setmetatable(L, "leti.path");
    lua_pushstring(L, path);
    lua_remove(L, -2);
    return lua_tostring(L, -1);
}

static int free_path(lua_State *L)
{
    free(*(char **)lua_touserdata(L, 1));
    return 0;
}

static int get_env(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const char *value = getenv(name);
    if (value)
        lua_pushstring(L, value);
    else if (lua_gettop(L) < 2)
        script_fail(L, script_push_where(L), "the environment variable %s must be set", name);
    else
        lua_settop(L, 2);
    return 1;
}

/* Notes that the file is not here. */
static void miss(lua_State *L, const char *kind, const char *name)
{
    struct leti_error err;
    if (!missing_add(&script_of(L)->draft->missing, kind, name, &err))
        script_fail(L, script_push_where(L), "%s", err.text);
}

static int find_data(lua_State *L)
{
    struct leti_error err;
    const char *name = luaL_checkstring(L, 1);
    char *path = places_find_data(name, script_of(L)->folder, &err);
    if (!path && script_of(L)->offline) {
        miss(L, "data", name);
        lua_settop(L, 1);
        return 1;
    }
    push_path(L, path, &err);
    return 1;
}

/* exists(path): whether something is there; opens nothing, for a pipe would wait. */
static int get_exists(lua_State *L)
{
    lua_pushboolean(L, access(luaL_checkstring(L, 1), F_OK) == 0);
    return 1;
}

/* Creates an empty file beside the path and pushes its name. */
static const char *push_beside(lua_State *L, const char *where, const char *path)
{
    size_t size = strlen(path) + sizeof ".XXXXXX";
    char *name = lua_newuserdatauv(L, size, 0);
    snprintf(name, size, "%s.XXXXXX", path);
    int fd = mkstemp(name);
    if (fd < 0)
        script_fail(L, where, "cannot write %s: %s", name, strerror(errno));
    close(fd);
    return name;
}

/* The file that the function wrote takes its place, whole. */
static bool publish(const char *beside, const char *path, struct leti_error *err)
{
    mode_t mask = umask(0);
    umask(mask);
    if (chmod(beside, 0666 & ~mask))
        return leti_error_set(err, "cannot write %s: %s", beside, strerror(errno));
    return file_sync_tree(beside, err) && file_rename(beside, path, err);
}

/* cached(name, function(path) ... end): the function runs only where the file is not there yet.
 * Two programs at once both write, and the later one's rename wins. */
static int get_cached(lua_State *L)
{
    struct leti_error err;
    const char *name = luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    const char *where = script_push_where(L);
    const char *path = push_path(L, places_cache(name, &err), &err);
    if (path_is_file(path))
        return 1;
    if (script_of(L)->offline) {
        miss(L, "cached", path);
        return 1;
    }

    const char *beside = push_beside(L, where, path);
    lua_pushvalue(L, 2);
    lua_pushstring(L, beside);
    if (lua_pcall(L, 1, 0, 0)) {
        unlink(beside);
        return lua_error(L);
    }
    if (!publish(beside, path, &err)) {
        unlink(beside);
        script_fail(L, where, "%s", err.text);
    }
    lua_pushstring(L, path);
    return 1;
}

static void add_search(luaL_Buffer *buffer, const char *folder, const char *below)
{
    const char *const patterns[] = { "/?.lua;", "/?/init.lua;" };
    for (size_t i = 0; i < 2; i++) {
        luaL_addstring(buffer, folder);
        luaL_addstring(buffer, below);
        luaL_addstring(buffer, patterns[i]);
    }
}

/* Modules are looked for beside the pipeline, above it, and in the pipelines folder. */
static void set_search_path(lua_State *L)
{
    const struct script *script = script_of(L);
    luaL_Buffer buffer;
    lua_getglobal(L, "package");
    luaL_buffinit(L, &buffer);
    add_search(&buffer, script->folder, "");
    add_search(&buffer, script->folder, "/..");
    add_search(&buffer, script->pipelines, "");
    luaL_pushresult(&buffer);
    lua_setfield(L, -2, "path");
    lua_pop(L, 1);
}

void script_define_files(lua_State *L)
{
    luaL_newmetatable(L, "leti.path");
    lua_pushcfunction(L, free_path);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    lua_register(L, "env", get_env);
    lua_register(L, "data", find_data);
    lua_register(L, "exists", get_exists);
    lua_register(L, "cached", get_cached);
    lua_pushboolean(L, script_of(L)->offline);
    lua_setglobal(L, "offline");
    lua_pushstring(L, script_of(L)->folder);
    lua_setglobal(L, "here");
    set_search_path(L);
}
