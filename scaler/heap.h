/* SPDX-License-Identifier: MIT */
#ifndef SCALER_HEAP_H
#define SCALER_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* A heap of numbered things by their time, the earliest on top; of equal times, the lower number.
 */
struct heap_item {
    double at;
    uint32_t what;
};

struct heap {
    struct heap_item *items; /* zeroed memory is an empty heap */
    size_t count, capacity;
};

/* Adds a thing; the heap grows as it needs. heap_pop takes the earliest one out. */
void heap_push(struct heap *heap, double at, uint32_t what);
struct heap_item heap_pop(struct heap *heap); /* not of an empty one */
void heap_finish(struct heap *heap);

/* The earliest time; infinity where the heap is empty. */
double heap_next(const struct heap *heap);

/* Takes a thing out wherever it is; nothing happens where it is not there. */
void heap_remove(struct heap *heap, uint32_t what);

#endif
