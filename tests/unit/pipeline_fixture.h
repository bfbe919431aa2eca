/* pipeline_fixture.h - a folder with a model, and pipelines of plugins that do nothing.
 *
 * Header only: the tests of pipelines are several programs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_PIPELINE_FIXTURE_H
#define UNIT_PIPELINE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "script/pipeline.h"

static char folder[] = "/tmp/leti-pipeline-XXXXXX";
static char file[64]; /* the name that the texts below are given */

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

__attribute__((unused)) static int begin(void **state)
{
    (void)state;
    char plugins[1024];
    snprintf(plugins, sizeof plugins, "%s/tests/plugins", getenv("LETI_BUILD_DIR"));
    if (!mkdtemp(folder) || setenv("LETI_PLUGIN_PATH", plugins, 1) ||
        setenv("XDG_CACHE_HOME", in_folder("cache"), 1) ||
        setenv("LETI_PIPELINES", in_folder("pipelines"), 1) || unsetenv("LETI_DATA"))
        return -1;
    snprintf(file, sizeof file, "%s/x.lua", folder);
    return file_make_folders(in_folder("model"), NULL) &&
                   file_make_folders(in_folder("pipelines/tasks"), NULL)
               ? 0
               : -1;
}

__attribute__((unused)) static int end(void **state)
{
    (void)state;
    return file_remove_tree(folder, NULL) ? 0 : -1;
}

__attribute__((unused)) static struct pipeline *open_with(const char *text,
                                                          const char *const *overrides, size_t n)
{
    struct leti_error err = { 0 };
    struct pipeline *p = NULL;
    if (!pipeline_open_text(text, file, overrides, n, &p, &err))
        fail_msg("%s", err.text);
    return p;
}

/* What is refused says exactly this, after the name of the file. */
__attribute__((unused)) static void check_refused_with(const char *text, const char *override,
                                                       const char *expected)
{
    struct leti_error err = { 0 };
    struct pipeline *p = NULL;
    assert_false(pipeline_open_text(text, file, &override, override ? 1 : 0, &p, &err));
    assert_null(p);
    const char *said = err.text;
    if (!strncmp(said, file, strlen(file)))
        said += strlen(file);
    if (strcmp(said, expected))
        fail_msg("said \"%s\"\nnot  \"%s\"", said, expected);
}

__attribute__((unused)) static void check_refused(const char *text, const char *expected)
{
    check_refused_with(text, NULL, expected);
}

#define STAGES                                                                                     \
    "local g = stage 'generator.sound' { model = 'model', samples = 128, temperature = 0.5 }\n"    \
    "local e = stage 'evaluator.sound' { timeout = 7, replicas = 8 }\n"                            \
    "local f = stage 'formatter.sound'\n"                                                          \
    "local t = stage 'trainer.sound' { epochs = 3, words = { 'a', 'b' } }\n"                       \
    "local s, s2 = stage 'source.sound' {}, stage 'source.sound' { textual = false }\n"

__attribute__((unused)) static const char whole[] =
    STAGES "return pipeline {\n"
           "  iterations = 50, seed = 7, problems = s,\n"
           "  flow = g >> e >> f >> t,\n"
           "  test = { problems = s2, temperature = 0.2 },\n"
           "  post = { '\\nclass', '\\nprint' },\n"
           "}\n";

__attribute__((unused)) static const char *value_of(const struct settings *settings,
                                                    const char *name)
{
    const struct setting *setting = settings_get(settings, name);
    assert_non_null(setting);
    return setting->values[0];
}

#endif
