/* script - runs a pipeline file and takes out of Lua what it describes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/script.h"

#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/path.h"
#include "script/state.h"

struct script *script_of(lua_State *L)
{
    return *(struct script **)lua_getextraspace(L);
}

/* The frame of the pipeline file if only functions that it called stand in between, as where a
 * task's module makes a stage for it; else the frame that called the running C function. */
static bool find_frame(lua_State *L, lua_Debug *at)
{
    const char *name = script_of(L)->name;
    for (int level = 1; lua_getstack(L, level, at); level++) {
        if (!lua_getinfo(L, "Sl", at) || at->currentline < 1)
            break;
        if (at->source[0] == '@' && !strcmp(at->source + 1, name))
            return true;
    }
    return lua_getstack(L, 1, at) && lua_getinfo(L, "Sl", at) && at->currentline > 0;
}

const char *script_push_where(lua_State *L)
{
    lua_Debug at = { 0 };
    if (!find_frame(L, &at))
        return lua_pushstring(L, "the pipeline");
    const char *name = at.source[0] == '@' ? at.source + 1 : at.short_src;
    return lua_pushfstring(L, "%s:%d", name, at.currentline);
}

void script_fail(lua_State *L, const char *where, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lua_pushfstring(L, "%s: %s", where, text);
    lua_error(L);
    abort(); /* lua_error does not return */
}

/* ---- the run ---- */

/* Everything that may raise an error, so that it is caught in one place. */
static int run_protected(lua_State *L)
{
    const struct script *script = script_of(L);
    luaL_openlibs(L);
    script_define_stages(L);
    script_define_pipeline(L);
    script_define_files(L);
    if (script->text[0] == LUA_SIGNATURE[0])
        return luaL_error(L, "%s: binary Lua; a pipeline is a text", script->name);
    lua_pushfstring(L, "@%s", script->name);
    if (luaL_loadbufferx(L, script->text, strlen(script->text), lua_tostring(L, -1), "t"))
        return lua_error(L);
    lua_call(L, 0, 1);
    script_read_pipeline(L, script->name);
    return 0;
}

/* Errors are one line for a person, whatever the script raised. */
static void take_error(lua_State *L, const char *name, struct leti_error *err)
{
    const char *message = lua_tostring(L, -1);
    if (!message) {
        leti_error_set(err, "%s: the script raised a %s instead of a message", name,
                       luaL_typename(L, -1));
        return;
    }
    leti_error_set(err, "%s", message);
    if (!err)
        return;
    char *out = err->text;
    for (const char *in = err->text; *in; in++) {
        if (*in != '\n' && *in != '\t')
            *out++ = *in;
        else if (out > err->text && out[-1] != ' ')
            *out++ = ' ';
    }
    *out = '\0';
}

static char *folder_of(const char *name, struct leti_error *err)
{
    char *folder = path_folder(name);
    char *absolute = folder ? realpath(folder, NULL) : NULL;
    if (!absolute)
        leti_error_set(err, "%s: the folder of the pipeline cannot be found", name);
    free(folder);
    return absolute;
}

bool script_run(const char *text, const char *name, const char *pipelines, bool offline,
                struct draft *out, struct leti_error *err)
{
    struct draft draft = { 0 };
    struct script script = {
        .draft = &draft, .text = text, .name = name, .pipelines = pipelines, .offline = offline
    };
    script.folder = folder_of(name, err);
    if (!script.folder)
        return false;
    bool ok = false;
    lua_State *L = luaL_newstate();
    if (!L) {
        leti_error_set(err, "%s: out of memory", name);
        goto end;
    }
    *(struct script **)lua_getextraspace(L) = &script;
    lua_pushcfunction(L, run_protected);
    ok = lua_pcall(L, 0, 0, 0) == LUA_OK;
    if (!ok)
        take_error(L, name, err);
    lua_close(L);
end:
    free(script.folder);
    if (ok)
        *out = draft;
    else
        draft_free(&draft);
    return ok;
}

/* ---- ends ---- */

void stage_destroy(struct stage *stage)
{
    if (!stage)
        return;
    options_free(stage->option_memory);
    settings_free(&stage->settings);
    settings_free(&stage->host_settings);
    plugin_close(&stage->plugin);
    free(stage->where);
    free(stage);
}

void draft_free(struct draft *draft)
{
    for (size_t i = 0; i < draft->n_tests; i++) {
        settings_free(&draft->tests[i].settings);
        free(draft->tests[i].problems.sources);
    }
    free(draft->tests);
    for (size_t i = 0; i < draft->n_stages; i++)
        stage_destroy(draft->stages[i]);
    free(draft->stages);
    free(draft->flow);
    free(draft->observers);
    free(draft->problems.sources);
    free(draft->validation.sources);
    settings_free(&draft->settings);
    missing_free(&draft->missing);
    *draft = (struct draft){ 0 };
}
