/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/mem.h"
#include "common/utf8.h"
#include "queue/fingerprint.h"

/* Any exception that is UTF-8 has a pattern that is, a fingerprint that is always the same, and no
 * digit is left in it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fingerprint one, two;
    char *text = mem_strndup((const char *)bytes, size);
    if (utf8_is_valid(text, strlen(text))) {
        fingerprint_make(&one, "Mail", text);
        fingerprint_make(&two, "Mail", text);
        size_t length = strlen(one.pattern);
        FUZZ_ASSERT(strcmp(one.id, two.id) == 0);
        FUZZ_ASSERT(strlen(one.id) == FINGERPRINT_SIZE - 1);
        FUZZ_ASSERT(length <= FINGERPRINT_PATTERN_MAX && utf8_is_valid(one.pattern, length));
        FUZZ_ASSERT(strcspn(one.pattern, "0123456789") == length);
    }
    free(text);
    return 0;
}
