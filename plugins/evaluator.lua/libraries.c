/* libraries.c - what a judge may use of Lua: what computes, and nothing that reaches the machine.
 *
 * Left out are io, package, debug, what of os is not a clock, and what reads files or compiled
 * code. In the place of package there is a require for the files beside the user's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX_BYTES = 16 << 20 };

static const luaL_Reg whole[] = {
    { LUA_GNAME, luaopen_base },        { LUA_TABLIBNAME, luaopen_table },
    { LUA_STRLIBNAME, luaopen_string }, { LUA_MATHLIBNAME, luaopen_math },
    { LUA_UTF8LIBNAME, luaopen_utf8 },  { LUA_COLIBNAME, luaopen_coroutine },
};

/* ---- print ---- */

static void print_bytes(struct sheet *sheet, const char *bytes, size_t size)
{
    size_t room = sizeof sheet->printed - sheet->answer.printed_size;
    size_t n = size < room ? size : room;
    memcpy(sheet->printed + sheet->answer.printed_size, bytes, n);
    sheet->answer.printed_size += (uint32_t)n;
}

/* What it prints goes to the run's log; the beginning of it, if it is much. */
static int print(lua_State *L)
{
    struct sheet *sheet = state_of(L)->sheet;
    int n = lua_gettop(L);
    for (int i = 1; i <= n; i++) {
        size_t size;
        const char *text = luaL_tolstring(L, i, &size);
        print_bytes(sheet, text, size);
        print_bytes(sheet, i < n ? "\t" : "\n", 1);
        lua_pop(L, 1);
    }
    return 0;
}

/* ---- load, of text alone ---- */

/* load(chunk, name, mode, env) with another mode; the original is the upvalue. */
static int load(lua_State *L)
{
    int n = lua_gettop(L);
    if (n < 3)
        lua_settop(L, 3);
    if (n > 4)
        lua_settop(L, 4); /* the original knows no more */
    lua_pushliteral(L, "t");
    lua_replace(L, 3);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, n < 4 ? 3 : 4, LUA_MULTRET);
    return lua_gettop(L);
}

/* ---- files ---- */

/* Reads it into Lua's memory; the file is open only while nothing is raised. */
static void push_file(lua_State *L, const char *name)
{
    struct stat info;
    if (stat(name, &info) != 0)
        luaL_error(L, "%s: %s", name, strerror(errno));
    if (!S_ISREG(info.st_mode) || info.st_size > FILE_MAX_BYTES)
        luaL_error(L, "%s: not a file of at most %d MiB", name, FILE_MAX_BYTES >> 20);
    size_t size = (size_t)info.st_size;
    luaL_Buffer buffer;
    char *text = luaL_buffinitsize(L, &buffer, size);
    FILE *file = fopen(name, "re");
    if (!file)
        luaL_error(L, "%s: %s", name, strerror(errno));
    size_t n = fread(text, 1, size, file);
    fclose(file);
    if (n != size)
        luaL_error(L, "%s: read %d of its %d bytes", name, (int)n, (int)size);
    luaL_pushresultsize(&buffer, n);
}

/* Bytes of the path of the user's file that are its folder. */
static size_t folder_size(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash ? (size_t)(slash - file) + 1 : 0;
}

void state_load_file(lua_State *L, const char *path)
{
    size_t size, folder = folder_size(state_of(L)->file);
    push_file(L, path);
    const char *text = lua_tolstring(L, -1, &size);
    const char *chunk = lua_pushfstring(L, "@%s", path + folder); /* Lua cuts long names */
    if (luaL_loadbufferx(L, text, size, chunk, "t") != LUA_OK)
        lua_error(L);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

/* Pushes the path of a module: dots are folders, and none leads out of where the file is. */
static const char *push_module_path(lua_State *L, const char *module)
{
    const char *file = state_of(L)->file;
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    if (!*module || module[strspn(module, letters)] || *module == '.' || strstr(module, ".."))
        luaL_error(L, "require: \"%s\" is no name of a file beside %s", module, file);
    lua_pushlstring(L, file, folder_size(file));
    luaL_gsub(L, module, ".", "/");
    lua_pushliteral(L, ".lua");
    lua_concat(L, 3);
    return lua_tostring(L, -1);
}

/* What a module returned is the same for all who require it; the upvalue holds it by name. */
static int require(lua_State *L)
{
    const char *module = luaL_checkstring(L, 1);
    lua_settop(L, 1);
    if (lua_getfield(L, lua_upvalueindex(1), module) != LUA_TNIL)
        return 1;
    state_load_file(L, push_module_path(L, module));
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    if (lua_isnil(L, -1)) {
        lua_pushboolean(L, 1);
        lua_replace(L, -2);
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, lua_upvalueindex(1), module);
    return 1;
}

/* ---- all ---- */

static void remove_fields(lua_State *L, const char *library, const char *const *names)
{
    lua_getglobal(L, library);
    for (; *names; names++) {
        lua_pushnil(L);
        lua_setfield(L, -2, *names);
    }
    lua_pop(L, 1);
}

/* os with the named functions alone; the whole of it is never seen. */
static void open_clock(lua_State *L)
{
    static const char *const kept[] = { "time", "clock", "date", "difftime" };
    lua_pushcfunction(L, luaopen_os);
    lua_call(L, 0, 1);
    lua_newtable(L);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        lua_getfield(L, -2, kept[i]);
        lua_setfield(L, -2, kept[i]);
    }
    lua_setglobal(L, LUA_OSLIBNAME);
    lua_pop(L, 1);
}

/* The same numbers each time, for a verdict should not depend on luck. */
static void seed_random(lua_State *L)
{
    lua_getglobal(L, LUA_MATHLIBNAME);
    lua_getfield(L, -1, "randomseed");
    lua_pushinteger(L, 0);
    lua_call(L, 1, 0);
    lua_pop(L, 1);
}

void state_open_libraries(lua_State *L)
{
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        luaL_requiref(L, whole[i].name, whole[i].func, 1);
        lua_pop(L, 1);
    }
    remove_fields(L, LUA_GNAME, (const char *const[]){ "dofile", "loadfile", NULL });
    remove_fields(L, LUA_STRLIBNAME, (const char *const[]){ "dump", NULL });
    open_clock(L);
    seed_random(L);
    lua_getglobal(L, "load");
    lua_pushcclosure(L, load, 1);
    lua_setglobal(L, "load");
    lua_newtable(L);
    lua_pushcclosure(L, require, 1);
    lua_setglobal(L, "require");
    lua_pushcfunction(L, print);
    lua_setglobal(L, "print");
}
