/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/expression.h"
#include "worker/policy.h"

/* A line is an expression, what follows is a message and an answer: whatever they are, they are
 * judged and nothing takes for ever. */
static void match(const char *expression_text, const char *message, size_t length)
{
    regex_t expression;
    struct err err = ERR_INIT;
    int result = expression_compile(expression_text, &expression, &err);
    FUZZ_ASSERT((result == 0) == (err.code == ERR_NONE));
    if (result < 0)
        return;
    expression_matches(&expression, message,
                       length < POLICY_TEXT_MAX ? length : (size_t)POLICY_TEXT_MAX);
    regfree(&expression);
}

static void judge(const char *text, const char *message)
{
    struct policy_settings settings = {.name = "rule",
                                       .text = (char *)(uintptr_t)text,
                                       .expression = "",
                                       .job = "*?*",
                                       .queue = ""};
    struct policy_rule rule = {.settings = &settings};
    const struct policy policy = {.rules = &rule, .count = 1};
    const struct ending ending = {.kind = ENDING_EXCEPTION, .text = message};
    const struct job job = {.uuid = "u", .name = text, .queue = "q"};
    policy_find(&policy, &ending, &job);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct decision decision;
    struct err err = ERR_INIT;
    char *text = mem_strndup((const char *)bytes, size);
    size_t line = strcspn(text, "\n");
    const char *message = text[line] ? text + line + 1 : "";
    text[line] = '\0';
    match(text, message, strlen(message));
    judge(text, message);
    int result = policy_read_answer((const char *)bytes, size, &decision, &err);
    FUZZ_ASSERT((result == 0) == (err.code == ERR_NONE));
    FUZZ_ASSERT(decision.delay_ms >= -1 && decision.action < POLICY_COMMAND);
    free(text);
    return 0;
}
