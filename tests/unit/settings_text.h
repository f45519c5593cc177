/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_SETTINGS_TEXT_H
#define TESTS_UNIT_SETTINGS_TEXT_H

/* Settings from a text, and what is said of a wrong one. */
#include "tests/unit/test.h"

#include <string.h>

#include "common/settings.h"

static inline struct settings *parse(const char *text, struct err *err)
{
    return settings_parse("/etc/test.ini", text, strlen(text), err);
}

static inline struct settings *parsed(const char *text)
{
    struct err err = ERR_INIT;
    struct settings *settings = parse(text, &err);
    if (!settings)
        fail_msg("%s", err.text);
    return settings;
}

static inline void assert_refused(const char *text, const char *message)
{
    struct err err = ERR_INIT;
    assert_null(parse(text, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_string_equal(err.text, message);
}

#endif
