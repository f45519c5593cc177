/* SPDX-License-Identifier: MIT */

/* What a program may say to $NOTIFY_SOCKET: a status that is taken is one line of UTF-8. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "supervisor/programs/notify_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct notify_message message;
    notify_message_read((const char *)data, size, &message);
    size_t length = strnlen(message.status, sizeof message.status);
    FUZZ_ASSERT(length < sizeof message.status && utf8_is_valid(message.status, length));
    for (size_t i = 0; i < length; i++)
        FUZZ_ASSERT((unsigned char)message.status[i] >= 0x20);
    FUZZ_ASSERT(message.has_status || length == 0);
    return 0;
}
