/* model - `leti model ...`: the program leti-model, since the host knows no language model.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "base/text.h"
#include "commands/commands.h"

/* Becomes the program where it exists; otherwise says where it was looked for. */
static void try(const char *folder, const char *below, char **argv, struct text *tried)
{
    struct text path = { 0 };
    text_printf(&path, "%s%s/leti-model", folder, below);
    if (path_is_file(text_string(&path)))
        execv(text_string(&path), argv);
    text_printf(tried, "%s%s (%s)", tried->size ? ", " : "", text_string(&path), strerror(errno));
    text_free(&path);
}

int command_model(int argc, char **argv)
{
    (void)argc;
    struct leti_error err;
    struct text tried = { 0 };
    char *program = path_program_folder(&err);
    if (!program)
        return command_fail("model", &err);
    try(program, "/../libexec", argv, &tried);
    try(program, "/../libexec/leti", argv, &tried);
    try(LETI_LIBEXEC_INSTALL_DIR, "", argv, &tried);
    free(program);
    leti_error_set(&err, "the program leti-model is missing: %s", text_string(&tried));
    text_free(&tried);
    return command_fail("model", &err);
}
