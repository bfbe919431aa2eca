/* hash - SHA-256 of what a result depends on: data files, model folders, pipelines.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"

enum { PART_BYTES = 1 << 16 };

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(struct hash), "struct hash is too small");
_Static_assert(crypto_hash_sha256_BYTES == HASH_BYTES, "SHA-256 has 32 bytes");

static crypto_hash_sha256_state *sha256(struct hash *hash)
{
    return (crypto_hash_sha256_state *)(void *)hash->state;
}

void hash_begin(struct hash *hash)
{
    crypto_hash_sha256_init(sha256(hash));
}

void hash_add(struct hash *hash, const void *bytes, size_t size)
{
    if (size)
        crypto_hash_sha256_update(sha256(hash), bytes, size);
}

void hash_add_part(struct hash *hash, const void *bytes, size_t size)
{
    unsigned char prefix[8];
    for (int i = 0; i < 8; i++)
        prefix[i] = (unsigned char)((uint64_t)size >> (8 * i));
    hash_add(hash, prefix, sizeof prefix);
    hash_add(hash, bytes, size);
}

void hash_end(struct hash *hash, unsigned char out[HASH_BYTES])
{
    crypto_hash_sha256_final(sha256(hash), out);
}

void hash_end_text(struct hash *hash, char out[HASH_TEXT])
{
    unsigned char bytes[HASH_BYTES];
    hash_end(hash, bytes);
    sodium_bin2hex(out, HASH_TEXT, bytes, sizeof bytes);
}

void hash_of(const void *bytes, size_t size, char out[HASH_TEXT])
{
    struct hash hash;
    hash_begin(&hash);
    hash_add(&hash, bytes, size);
    hash_end_text(&hash, out);
}

bool hash_of_file(const char *path, char out[HASH_TEXT], struct leti_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return leti_error_set(err, "cannot read %s: %s", path, strerror(errno));
    struct hash hash;
    hash_begin(&hash);
    char part[PART_BYTES];
    ssize_t got;
    while ((got = read(fd, part, sizeof part)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            hash_add(&hash, part, (size_t)got);
    if (got < 0)
        leti_error_set(err, "cannot read %s: %s", path, strerror(errno));
    close(fd);
    if (got < 0)
        return false;
    hash_end_text(&hash, out);
    return true;
}

static bool ends_with(const char *name, const char *end)
{
    size_t size = strlen(name), end_size = strlen(end);
    return size >= end_size && !strcmp(name + size - end_size, end);
}

static int is_model_file(const struct dirent *entry)
{
    const char *name = entry->d_name;
    return !strcmp(name, "config.json") || !strcmp(name, "tokenizer.json") ||
           ends_with(name, ".safetensors") || ends_with(name, ".safetensors.index.json") ||
           ends_with(name, ".gguf");
}

/* Not alphasort, whose order is the locale's. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_entry(struct hash *hash, const char *folder, const char *name,
                      struct leti_error *err)
{
    char *path = path_join(folder, name);
    if (!path)
        return leti_error_set(err, "out of memory");
    char content[HASH_TEXT];
    bool ok = hash_of_file(path, content, err);
    free(path);
    if (!ok)
        return false;
    hash_add_part(hash, name, strlen(name));
    hash_add_part(hash, content, strlen(content));
    return true;
}

bool hash_of_model(const char *path, char out[HASH_TEXT], struct leti_error *err)
{
    if (path_is_file(path))
        return hash_of_file(path, out, err);
    struct dirent **entries;
    int n = scandir(path, &entries, is_model_file, by_bytes);
    if (n < 0)
        return leti_error_set(err, "cannot read %s: %s", path, strerror(errno));
    struct hash hash;
    hash_begin(&hash);
    bool ok = true;
    for (int i = 0; i < n; i++) {
        ok = ok && add_entry(&hash, path, entries[i]->d_name, err);
        free(entries[i]);
    }
    free(entries);
    if (ok)
        hash_end_text(&hash, out);
    return ok;
}
