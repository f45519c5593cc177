/* SPDX-License-Identifier: MIT */
#include "cli/confirm.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static bool answer_is_yes(void)
{
    char line[16];
    return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}

int confirm(const struct context *context, struct err *err, const char *question, ...)
{
    const struct options *options = &context->options;
    if (options_given(options, "yes") || options_given(options, "force") || !isatty(STDIN_FILENO))
        return 0;
    va_list args;
    va_start(args, question);
    vfprintf(stderr, question, args);
    va_end(args);
    fputs("? [y/N] ", stderr);
    if (answer_is_yes())
        return 0;
    return err_set(err, ERR_CONFLICT, "not confirmed; nothing was changed");
}
