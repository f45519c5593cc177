/* SPDX-License-Identifier: MIT */

/* What a program may say to $NOTIFY_SOCKET: a status that is taken is one line of UTF-8. */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "supervisor/programs/notify_message.h"

static bool are_same(const struct notify_message *one, const struct notify_message *other)
{
    return one->is_ready == other->is_ready && one->is_stopping == other->is_stopping &&
           one->is_alive == other->is_alive && one->wants_an_end == other->wants_an_end &&
           one->has_status == other->has_status && strcmp(one->status, other->status) == 0;
}

/* What is written says the same when it is read. */
static void check_writing(const struct notify_message *message)
{
    char text[NOTIFY_TEXT_SIZE];
    struct notify_message again, sum = *message;
    notify_message_write(message, text);
    notify_message_read(text, strlen(text), &again);
    FUZZ_ASSERT(are_same(message, &again));
    notify_message_add(&sum, &again);
    FUZZ_ASSERT(are_same(message, &sum));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct notify_message message;
    notify_message_read((const char *)data, size, &message);
    size_t length = strnlen(message.status, sizeof message.status);
    FUZZ_ASSERT(length < sizeof message.status && utf8_is_valid(message.status, length));
    for (size_t i = 0; i < length; i++)
        FUZZ_ASSERT((unsigned char)message.status[i] >= 0x20);
    FUZZ_ASSERT(message.has_status || length == 0);
    check_writing(&message);
    return 0;
}
