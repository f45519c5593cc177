/* SPDX-License-Identifier: MIT */
#include "scaler/line.h"

#include <stdlib.h>

#include "common/mem.h"

#define CAPACITY_MIN 256

static void grow(struct line *line)
{
    size_t capacity = line->capacity ? line->capacity * 2 : CAPACITY_MIN;
    struct waiting *items = mem_new(capacity, sizeof *items);
    for (size_t i = 0; i < line->count; i++)
        items[i] = line->items[(line->first + i) % line->capacity];
    free(line->items);
    *line = (struct line){.items = items, .count = line->count, .capacity = capacity};
}

void line_add(struct line *line, struct waiting waiting)
{
    if (line->count == line->capacity)
        grow(line);
    line->items[(line->first + line->count++) % line->capacity] = waiting;
}

struct waiting line_take(struct line *line)
{
    struct waiting head = line->items[line->first];
    line->first = (line->first + 1) % line->capacity;
    line->count--;
    return head;
}

double line_age(const struct line *line, double now, double nobody)
{
    return line->count > 0 ? now - line->items[line->first].due : nobody;
}

void line_finish(struct line *line)
{
    free(line->items);
    *line = (struct line){0};
}
