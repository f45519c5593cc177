/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "queue/metrics.h"

#define PRINT_MAX (4u << 20)

/* Figures from a store, which others may have written: what is taken is printed so that it reads
 * the same. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct metrics metrics = {0}, again = {0};
    struct err err = ERR_INIT;
    char *text = malloc(size + 1); /* a note's value ends with a NUL */
    memcpy(text, bytes, size);
    text[size] = '\0';
    if (metrics_parse(text, size, &metrics, &err) == 0) {
        struct buf one, other;
        buf_init(&one, PRINT_MAX);
        buf_init(&other, PRINT_MAX);
        FUZZ_ASSERT(metrics_print(&metrics, &one) == 0);
        FUZZ_ASSERT(metrics_parse(buf_text(&one), one.length, &again, &err) == 0);
        FUZZ_ASSERT(metrics_print(&again, &other) == 0);
        FUZZ_ASSERT(strcmp(buf_text(&one), buf_text(&other)) == 0);
        buf_finish(&one);
        buf_finish(&other);
    } else {
        FUZZ_ASSERT(err.code != ERR_NONE);
    }
    metrics_reset(&metrics);
    metrics_reset(&again);
    free(text);
    return 0;
}
