/* SPDX-License-Identifier: MIT */

/* A check as it is configured, and the first bytes of an answer to one by HTTP. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/mem.h"
#include "supervisor/programs/watch_decide.h"

static void parse(const char *text, bool of_health)
{
    struct check check;
    if (check_parse(text, of_health, &check, NULL) < 0)
        return;
    bool has_address = check.kind >= CHECK_TCP && check.kind <= CHECK_HTTP;
    FUZZ_ASSERT(has_address == (check.address_length > 0));
    FUZZ_ASSERT((check.kind >= CHECK_HTTP) == (check.target != NULL));
    FUZZ_ASSERT(check.kind != CHECK_HTTP || !strpbrk(check.target, " \r\n"));
    check_finish(&check);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int status = watch_http_status((const char *)data, size);
    FUZZ_ASSERT(status >= -1 && status <= 999 && (status != 0 || size < HTTP_STATUS_BYTES));
    char *text = mem_strndup((const char *)data, size);
    parse(text, true);
    parse(text, false);
    free(text);
    return 0;
}
