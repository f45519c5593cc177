/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "supervisor/notifier/message.h"

static const struct notify_settings settings = {.to = "ops@example.org", .from = "muster@here"};

/* Between the headers and the text is one empty line, and no header has come from the event. */
static void check_mail(const struct message *message)
{
    struct buf out;
    buf_init(&out, MESSAGE_MAX);
    if (message_mail(message, &settings, &out) == 0) {
        const char *text = buf_text(&out);
        const char *end = strstr(text, "\n\n");
        FUZZ_ASSERT(end);
        int lines = 1;
        for (const char *at = text; at < end; at++)
            lines += *at == '\n';
        FUZZ_ASSERT(lines == 6);
    }
    buf_finish(&out);
}

static void check_slack(const struct message *message)
{
    struct buf out;
    buf_init(&out, MESSAGE_MAX);
    if (message_slack(message, &out) == 0) {
        cJSON *tree = json_parse(buf_text(&out), out.length, NULL);
        FUZZ_ASSERT(json_get_string(tree, "text", NULL));
        cJSON_Delete(tree);
    }
    buf_finish(&out);
}

/* What the notifier reads: whatever the line, what is sent of it is well-formed. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct message message;
    struct err err = ERR_INIT;
    if (message_read(&message, (const char *)bytes, size, &err) == 0) {
        FUZZ_ASSERT(message.severity != 0);
        check_mail(&message);
        check_slack(&message);
    } else {
        FUZZ_ASSERT(err.code != ERR_NONE);
    }
    message_finish(&message);
    return 0;
}
