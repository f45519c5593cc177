/* SPDX-License-Identifier: MIT */
#include "common/mem.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_BLOCK_MIN 8192

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) char bytes[];
};

static void out_of_memory(void)
{
    static const char message[] = "muster: out of memory\n";
    fwrite(message, 1, sizeof message - 1, stderr);
    abort();
}

void *mem_new(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

void *mem_resize(void *memory, size_t count, size_t size)
{
    void *grown = reallocarray(memory, count ? count : 1, size ? size : 1);
    if (!grown)
        out_of_memory();
    return grown;
}

void *mem_pages(size_t size)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        out_of_memory();
    return memory;
}

void mem_pages_free(void *memory, size_t size)
{
    if (memory)
        munmap(memory, size);
}

char *mem_strdup(const char *text)
{
    return text ? mem_strndup(text, strlen(text)) : NULL;
}

char *mem_strndup(const char *text, size_t length)
{
    if (!text)
        return NULL;
    char *copy = mem_new(length + 1, 1);
    memcpy(copy, text, length);
    return copy;
}

char *mem_printf(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        out_of_memory();
    return text;
}

static struct arena_block *block_new(size_t size)
{
    struct arena_block *block = malloc(sizeof *block + size);
    if (!block)
        out_of_memory();
    block->next = NULL;
    block->size = size;
    block->used = 0;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    size = (size + align - 1) & ~(align - 1);
    struct arena_block *block = arena->head;
    if (!block || block->size - block->used < size) {
        block = block_new(size > ARENA_BLOCK_MIN ? size : ARENA_BLOCK_MIN);
        block->next = arena->head;
        arena->head = block;
    }
    void *memory = block->bytes + block->used;
    block->used += size;
    return memory;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *kept = NULL;
    struct arena_block *block = arena->head;
    while (block) {
        struct arena_block *next = block->next;
        if (!kept && block->size == ARENA_BLOCK_MIN) {
            kept = block;
            kept->next = NULL;
            kept->used = 0;
        } else {
            free(block);
        }
        block = next;
    }
    arena->head = kept;
}

void arena_finish(struct arena *arena)
{
    arena_reset(arena);
    free(arena->head);
    arena->head = NULL;
}
