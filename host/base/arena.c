/* arena.c - memory that is taken piece by piece and given back all at once.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16, BLOCK_BYTES = 8192, KEPT_BYTES = 1 << 20 };

struct arena_block {
    struct arena_block *older;
    size_t used, room;
    _Alignas(ALIGNMENT) char bytes[];
};

/* Stands before each piece. */
struct piece {
    _Alignas(ALIGNMENT) size_t size;
};

static struct arena_block *block_create(struct arena_block *older, size_t room)
{
    struct arena_block *block = malloc(sizeof *block + room);
    if (block)
        *block = (struct arena_block){ .older = older, .room = room };
    return block;
}

static void blocks_free(struct arena_block *block)
{
    while (block) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 4 || (arena->limit && size > arena->limit - arena->taken))
        return NULL;
    size_t need = (sizeof(struct piece) + size + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct arena_block *block = arena->block;
    if (!block || need > block->room - block->used) {
        size_t room = block && block->room < KEPT_BYTES ? 2 * block->room : BLOCK_BYTES;
        block = block_create(block, need > room ? need : room);
        if (!block)
            return NULL;
        arena->block = block;
    }
    struct piece *piece = (struct piece *)(block->bytes + block->used);
    block->used += need;
    arena->taken += size;
    piece->size = size;
    ((char *)(piece + 1))[size] = '\0';
    return piece + 1;
}

void *arena_array(struct arena *arena, size_t n, size_t size)
{
    return size && n > SIZE_MAX / size ? NULL : arena_alloc(arena, n * size);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    char *copy = arena_alloc(arena, size);
    if (copy && size)
        memcpy(copy, bytes, size);
    return copy;
}

size_t arena_size(const void *piece)
{
    return ((const struct piece *)piece)[-1].size;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *block = arena->block;
    arena->taken = 0;
    if (!block)
        return;
    blocks_free(block->older);
    block->older = NULL;
    block->used = 0;
    if (block->room > KEPT_BYTES)
        arena_free(arena);
}

void arena_free(struct arena *arena)
{
    blocks_free(arena->block);
    arena->block = NULL;
    arena->taken = 0;
}
