/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/ini.h"
#include "common/settings.h"

static void print(const struct settings *settings, struct buf *out)
{
    buf_init(out, INI_FILE_MAX);
    FUZZ_ASSERT(settings_print(settings, out) == 0);
}

/* What was accepted is printed, read and printed again as the same text. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct err err = ERR_INIT;
    struct settings *settings = settings_parse("/fuzz.ini", (const char *)bytes, size, &err);
    FUZZ_ASSERT((settings != NULL) == (err.code == ERR_NONE));
    if (!settings)
        return 0;
    struct buf first, second;
    print(settings, &first);
    struct settings *again = settings_parse("/fuzz.ini", buf_text(&first), first.length, NULL);
    FUZZ_ASSERT(again);
    print(again, &second);
    FUZZ_ASSERT(strcmp(buf_text(&first), buf_text(&second)) == 0);
    buf_finish(&first);
    buf_finish(&second);
    settings_destroy(settings);
    settings_destroy(again);
    return 0;
}
