/* SPDX-License-Identifier: MIT */
#include "worker/classes.h"

#include <stdlib.h>
#include <string.h>

#define ANY_CLASS "*"

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct protocol_class *)a)->name,
                  ((const struct protocol_class *)b)->name);
}

void classes_set(struct classes *classes, const struct frame *hello)
{
    arena_reset(&classes->arena);
    classes->count = hello->class_count;
    classes->sorted = arena_alloc(&classes->arena, hello->class_count * sizeof hello->classes[0]);
    for (size_t i = 0; i < hello->class_count; i++) {
        const char *name = hello->classes[i].name;
        classes->sorted[i] = hello->classes[i];
        classes->sorted[i].name = arena_strndup(&classes->arena, name, strlen(name));
    }
    if (classes->count > 1)
        qsort(classes->sorted, classes->count, sizeof classes->sorted[0], compare);
}

void classes_finish(struct classes *classes)
{
    arena_finish(&classes->arena);
    classes->count = 0;
}

static const struct protocol_class *find(const struct classes *classes, const char *name)
{
    const struct protocol_class key = {.name = name};
    return bsearch(&key, classes->sorted, classes->count, sizeof key, compare);
}

const struct protocol_class *classes_find(const struct classes *classes, const char *name)
{
    if (classes->count == 0)
        return NULL;
    const struct protocol_class *found = find(classes, name);
    return found ? found : find(classes, ANY_CLASS);
}

bool classes_lack(const struct classes *classes, const char *name)
{
    return classes->count > 0 && !classes_find(classes, name);
}

static void apply(int64_t *limit, int64_t declared)
{
    if (declared != PROTOCOL_UNSET)
        *limit = declared;
}

void classes_apply(const struct classes *classes, const char *name, struct worker_options *options)
{
    const struct protocol_class *class = classes_find(classes, name);
    if (!class)
        return;
    apply(&options->timeout, class->timeout_ms);
    apply(&options->max_attempts, class->max_attempts);
    apply(&options->backoff_delay, class->backoff_delay_ms);
    apply(&options->backoff_max, class->backoff_max_ms);
    if (class->backoff != PROTOCOL_UNSET)
        options->backoff = (int)class->backoff;
}
