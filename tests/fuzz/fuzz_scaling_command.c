/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/utf8.h"
#include "scaler/command.h"

/* Whatever a scaling command answers, what is taken is within the bounds and can be shown. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct policy policy = {.kind = SCALING_COMMAND, .min = 2, .max = 8};
    struct scaling_command_answer answer;
    struct err err = ERR_INIT;
    int result = scaling_command_answer(&policy, (const char *)bytes, size, &answer, &err);
    FUZZ_ASSERT((result == 0) == (err.code == ERR_NONE));
    if (result == 0) {
        FUZZ_ASSERT(answer.workers >= 2 && answer.workers <= 8);
        FUZZ_ASSERT(strnlen(answer.reason, REASON_SIZE) < REASON_SIZE);
        FUZZ_ASSERT(utf8_is_valid(answer.reason, strlen(answer.reason)));
        FUZZ_ASSERT(!strchr(answer.reason, '\n'));
    }
    return 0;
}
