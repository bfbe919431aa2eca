/* lines - on which line a table's key stands, so that an error points at it.
 *
 * Lua knows the line of a call, not those of the keys in its table. The text is looked through
 * for `key =` in the braces that follow; where that is not plain, the line of the call stays.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/state.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdlib.h>

#include "base/file.h"

enum { LARGEST_FILE = 16 << 20 };

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Behind the string or comment that begins at p; p itself where none does. */
static const char *skip_quiet(const char *p)
{
    if (p[0] == '-' && p[1] == '-')
        return p + strcspn(p, "\n");
    if (*p != '"' && *p != '\'')
        return p;
    const char *end = p + 1;
    while (*end && *end != '\n' && *end != *p)
        end += end[0] == '\\' && end[1] ? 2 : 1;
    return *end ? end + 1 : end;
}

static bool is_key(const char *p, const char *before, const char *key)
{
    size_t size = strlen(key);
    if (is_word(*before) || *before == '.' || strncmp(p, key, size))
        return false;
    p += size;
    p += strspn(p, " \t");
    return p[0] == '=' && p[1] != '=';
}

/* The line of the key in the first braces at or after the line `from`, at this depth of braces;
 * 0 where it stands there never or more than once. */
static int find_key(const char *text, int from, const char *key, int depth)
{
    int line = 1, open = 0, found = 0;
    const char *begin = text;
    while (line < from && (begin = strchr(begin, '\n'))) {
        begin++;
        line++;
    }
    for (const char *p = begin; p && *p; p++) {
        const char *behind = skip_quiet(p);
        if (behind > p) {
            p = behind - 1;
            continue;
        }
        line += *p == '\n';
        open += (*p == '{') - (*p == '}');
        if (*p == '}' && open <= 0)
            break;
        if (open != depth || p == text || !is_key(p, p - 1, key))
            continue;
        if (found)
            return 0;
        found = line;
    }
    return found;
}

const char *script_push_where_of_key(lua_State *L, const char *where, const char *key, int depth)
{
    const struct script *script = script_of(L);
    const char *colon = strrchr(where, ':');
    int line = 0;
    if (colon) {
        char *name = strndup(where, (size_t)(colon - where)), *text = NULL;
        size_t size;
        int from = atoi(colon + 1);
        if (name && !strcmp(name, script->name))
            line = find_key(script->text, from, key, depth);
        else if (name && file_read(name, LARGEST_FILE, &text, &size, NULL))
            line = find_key(text, from, key, depth);
        free(name);
        free(text);
    }
    if (!line)
        return lua_pushstring(L, where);
    lua_pushlstring(L, where, (size_t)(colon - where));
    lua_pushfstring(L, ":%d", line);
    lua_concat(L, 2);
    return lua_tostring(L, -1);
}
