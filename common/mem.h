/* SPDX-License-Identifier: MIT */
#ifndef COMMON_MEM_H
#define COMMON_MEM_H

#include <stddef.h>

/*
 * Allocation that does not fail. Everything that is sized by input goes through a capped buffer
 * (buf.h) or a checked count first, so what is left are small objects: when the host cannot give even
 * those, the process ends with a message and its supervisor starts it again (no job is lost by that).
 */

/* Zeroed memory for count objects of size bytes; never NULL. The caller frees it with free(). */
void *mem_new(size_t count, size_t size);

/* realloc for count objects of size bytes, overflow checked; new memory is not zeroed. */
void *mem_resize(void *memory, size_t count, size_t size);

/* Zeroed memory, of which only the pages that were written to take any: for large buffers that may never be
 * used. Given back with its size; NULL is accepted. */
void *mem_pages(size_t size);
void mem_pages_free(void *memory, size_t size);

/* Copies of a string; NULL stays NULL. The caller frees them. */
char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t length);

/* A new formatted string, owned by the caller. */
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An arena: many small copies that live and die together (the jobs of one reservation). */
struct arena_block;

struct arena {
    struct arena_block *head;
};

/* Bytes aligned for any object, uninitialised; they live until arena_reset or arena_finish. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_strndup(struct arena *arena, const char *text, size_t length);

/* Forgets all that was handed out and keeps one block for the next round. */
void arena_reset(struct arena *arena);
void arena_finish(struct arena *arena);

#endif
