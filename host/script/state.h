/* state.h - what the parts of the script share while Lua runs.
 *
 * Functions that take a lua_State here may raise Lua errors, which unwind past C frames: memory
 * is therefore held by the state below or by Lua itself, never by a local alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCRIPT_STATE_H
#define SCRIPT_STATE_H

#include "script/script.h"

typedef struct lua_State lua_State; /* as lua.h has it */

struct script {
    struct draft *draft;
    const char *text, *name; /* of the pipeline file */
    char *folder;            /* of the pipeline file, absolute */
    const char *pipelines;   /* folder */
    bool offline;            /* files that are not here are noted in the draft */
};

struct script *script_of(lua_State *);

/* Pushes "mbpp.lua:12", the line of the pipeline file that called the running C function or the
 * function of a module that did; where there is none, the line of the module. */
const char *script_push_where(lua_State *);

/* lines.c: pushes where the key stands of the table that the call at `where` was given, as near as
 * can be told. depth: 1 for the table's own keys, more for those of tables inside. */
const char *script_push_where_of_key(lua_State *, const char *where, const char *key, int depth);

/* Raises "where: message". */
__attribute__((format(printf, 3, 4), noreturn)) void script_fail(lua_State *, const char *where,
                                                                 const char *format, ...);

/* values.c: Lua values as settings. The value at index (a table means a list) becomes the setting
 * `name`; whose: "evaluate" or so, for errors. */
void script_put(lua_State *, int index, const char *name, const char *where, const char *whose,
                struct settings *out);

/* stages.c: `stage`, and the operators that join stages. */
void script_define_stages(lua_State *);
/* The stages of the value at index, a stage or several that were joined; NULL where it is neither.
 * They stay in Lua's memory. */
struct stage **script_chain(lua_State *, int index, size_t *n);

/* describe.c: `pipeline`. */
void script_define_pipeline(lua_State *);
/* Fills the draft from what the file returned, which is on top of the stack. */
void script_read_pipeline(lua_State *, const char *file);

/* files.c: `env`, `data`, `cached`, `here`, `offline`, and where `require` looks. */
void script_define_files(lua_State *);

#endif
