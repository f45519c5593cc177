/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include <expat.h>

#include "supervisor/control/rpc.h"
#include "tests/fuzz/fuzz_master.h"

static void on_answer(void *context, int status, const struct buf *answer)
{
    ++*(int *)context;
    FUZZ_ASSERT(status == 200 || status == 400);
    XML_Parser expat = XML_ParserCreate(NULL);
    FUZZ_ASSERT(status == 400 ||
                XML_Parse(expat, buf_text(answer), (int)answer->length, 1) == XML_STATUS_OK);
    XML_ParserFree(expat);
}

/* The body of a call: none has to be waited for, so each is answered once, by XML where it could be
 * read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int answers = 0;
    const struct rpc_caller caller = {.uid = -1, .user = "ann"};
    rpc_call(fuzz_master(), &caller, (const char *)data, size, on_answer, &answers);
    FUZZ_ASSERT(answers == 1);
    return 0;
}
