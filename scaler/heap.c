/* SPDX-License-Identifier: MIT */
#include "scaler/heap.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/mem.h"

static bool is_before(const struct heap_item *one, const struct heap_item *other)
{
    return one->at < other->at || (one->at == other->at && one->what < other->what);
}

static void swap(struct heap *heap, size_t one, size_t other)
{
    struct heap_item item = heap->items[one];
    heap->items[one] = heap->items[other];
    heap->items[other] = item;
}

static void rise(struct heap *heap, size_t at)
{
    for (; at > 0 && is_before(&heap->items[at], &heap->items[(at - 1) / 2]); at = (at - 1) / 2)
        swap(heap, at, (at - 1) / 2);
}

static void sink(struct heap *heap, size_t at)
{
    for (size_t child = 2 * at + 1; child < heap->count; child = 2 * at + 1) {
        if (child + 1 < heap->count && is_before(&heap->items[child + 1], &heap->items[child]))
            child++;
        if (!is_before(&heap->items[child], &heap->items[at]))
            break;
        swap(heap, at, child);
        at = child;
    }
}

void heap_push(struct heap *heap, double at, uint32_t what)
{
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity ? heap->capacity * 2 : 64;
        heap->items = mem_resize(heap->items, heap->capacity, sizeof *heap->items);
    }
    heap->items[heap->count++] = (struct heap_item){at, what};
    rise(heap, heap->count - 1);
}

static void remove_at(struct heap *heap, size_t at)
{
    heap->count--;
    if (at == heap->count)
        return;
    heap->items[at] = heap->items[heap->count];
    rise(heap, at);
    sink(heap, at);
}

struct heap_item heap_pop(struct heap *heap)
{
    struct heap_item top = heap->items[0];
    remove_at(heap, 0);
    return top;
}

void heap_remove(struct heap *heap, uint32_t what)
{
    for (size_t i = 0; i < heap->count; i++) {
        if (heap->items[i].what == what) {
            remove_at(heap, i);
            return;
        }
    }
}

double heap_next(const struct heap *heap)
{
    return heap->count ? heap->items[0].at : INFINITY;
}

void heap_finish(struct heap *heap)
{
    free(heap->items);
    *heap = (struct heap){0};
}
