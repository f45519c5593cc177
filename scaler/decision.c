/* SPDX-License-Identifier: MIT */
#include "scaler/decision.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

/* Where a foreign reason was cut in the middle of a character. */
static void keep_valid(char *reason)
{
    if (utf8_is_valid(reason, strlen(reason)))
        return;
    for (; *reason; reason++)
        if ((unsigned char)*reason >= 0x80)
            *reason = '?';
}

void decision_set(struct decision *decision, int64_t to, enum term term, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(decision->reason, sizeof decision->reason, format, arguments);
    va_end(arguments);
    keep_valid(decision->reason);
    decision->to = to;
    decision->term = term;
}

const char *term_name(enum term term)
{
    static const char *const names[] = {
        [TERM_ENOUGH] = "enough",     [TERM_BACKLOG] = "backlog", [TERM_STEADY] = "steady",
        [TERM_SURPLUS] = "surplus",   [TERM_HOLD] = "hold",       [TERM_IDLE] = "idle",
        [TERM_RULES] = "rules",       [TERM_COMMAND] = "command", [TERM_FORCED] = "forced",
        [TERM_MIN] = "min",           [TERM_MAX] = "max",         [TERM_COOLDOWN] = "cooldown",
        [TERM_STALE] = "stale",       [TERM_HOST] = "host",       [TERM_BOTTLENECK] = "bottleneck",
        [TERM_FAILURES] = "failures", [TERM_BUDGET] = "budget",   [TERM_OFF] = "off",
        [TERM_FIXED] = "fixed",       [TERM_PAUSED] = "paused",
    };
    return names[term];
}
