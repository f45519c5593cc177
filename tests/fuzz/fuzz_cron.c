/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/cron.h"
#include "common/mem.h"

/* What is accepted names a minute of the next years or none at all, and that minute matches. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct cron cron;
    struct err err = ERR_INIT;
    char *text = mem_strndup((const char *)bytes, size);
    int result = cron_parse(text, &cron, &err);
    FUZZ_ASSERT((result == 0) == (err.code == ERR_NONE));
    const struct tm after = {
        .tm_year = 124, .tm_mon = 1, .tm_mday = 29, .tm_hour = 23, .tm_min = 59};
    struct tm next;
    if (result == 0 && cron_next(&cron, &after, &next)) {
        FUZZ_ASSERT(cron_matches(&cron, &next));
        FUZZ_ASSERT(next.tm_year >= 124 && next.tm_year <= 135 && next.tm_wday < 7);
    }
    struct cron daytime;
    FUZZ_ASSERT(result < 0 || cron_parse_daytime(text, &daytime, NULL) == 0);
    free(text);
    return 0;
}
