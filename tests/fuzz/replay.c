/* replay - puts files through a fuzz target, once each: replay PATH...
 *
 * Linked with one target, in a build without libFuzzer. A folder stands for the files in it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "model/files.h"
#include "fuzz.h"

enum { INPUT_LIMIT = 16 << 20 };

static size_t replayed;

static void replay_file(const char *path)
{
    struct leti_error err;
    char *data;
    size_t size;
    if (!lm_file_read(path, INPUT_LIMIT, &data, &size, &err)) {
        fprintf(stderr, "replay: %s\n", err.text);
        exit(1);
    }
    /* A copy of exactly its size, so that a read beyond it is seen. */
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact)
        abort();
    memcpy(exact, data, size);
    free(data);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    replayed++;
}

static void replay(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir && errno != ENOTDIR) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    if (!dir) {
        replay_file(path);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(dir));) {
        char file[PATH_MAX];
        if (entry->d_name[0] == '.')
            continue;
        int n = snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (n > 0 && n < (int)sizeof file)
            replay_file(file);
    }
    closedir(dir);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("%zu inputs replayed\n", replayed);
    return replayed > 0 ? 0 : 1;
}
