/* SPDX-License-Identifier: MIT */
#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, enum err_code code, const char *format, ...)
{
    if (!err || err->code != ERR_NONE)
        return -1;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    err->code = code;
    return -1;
}

static enum err_code code_of_errno(int errno_value)
{
    switch (errno_value) {
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    case ENOENT:
        return ERR_NOT_FOUND;
    default:
        return ERR_SYSTEM;
    }
}

int err_errno(struct err *err, int errno_value, const char *format, ...)
{
    if (!err || err->code != ERR_NONE)
        return -1;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    if (length >= 0 && (size_t)length < sizeof err->text)
        snprintf(err->text + length, sizeof err->text - (size_t)length, ": %s",
                 strerror(errno_value));
    err->code = code_of_errno(errno_value);
    return -1;
}

int err_prefix(struct err *err, const char *format, ...)
{
    if (!err || err->code == ERR_NONE)
        return -1;
    char rest[ERR_TEXT_MAX];
    memcpy(rest, err->text, sizeof rest);
    va_list args;
    va_start(args, format);
    int length = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    if (length >= 0 && (size_t)length < sizeof err->text)
        snprintf(err->text + length, sizeof err->text - (size_t)length, ": %.*s",
                 (int)(sizeof rest - 1), rest);
    return -1;
}

void err_clear(struct err *err)
{
    if (!err)
        return;
    err->code = ERR_NONE;
    err->text[0] = '\0';
}

const char *err_code_name(enum err_code code)
{
    static const char *const names[] = {
        [ERR_NONE] = "none",         [ERR_INVALID] = "invalid",
        [ERR_NOT_FOUND] = "not_found", [ERR_CONFLICT] = "conflict",
        [ERR_UNAVAILABLE] = "unavailable", [ERR_LIMIT] = "limit",
        [ERR_FULL] = "full",         [ERR_SYSTEM] = "system",
    };
    return names[code];
}

int err_exit_code(const struct err *err)
{
    switch (err->code) {
    case ERR_NONE:
        return 0;
    case ERR_INVALID:
    case ERR_LIMIT:
        return 2;
    case ERR_NOT_FOUND:
        return 3;
    case ERR_UNAVAILABLE:
        return 4;
    default:
        return 1;
    }
}
