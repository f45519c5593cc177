/* SPDX-License-Identifier: MIT */
#include "common/expression.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What is counted of an expression while it is read. */
struct measure {
    long repeats; /* of all {m,n}, multiplied */
    int depth;
};

/* Behind a bracket expression that begins here: "[]abc]", "[^]abc]", "[[:alpha:]]". */
static const char *skip_brackets(const char *at)
{
    at++;
    if (*at == '^')
        at++;
    if (*at == ']')
        at++;
    while (*at && *at != ']') {
        char kind = at[0] == '[' && at[1] && strchr(":.=", at[1]) ? at[1] : '\0';
        const char *close = at + 1;
        while (kind && *close && !(close[0] == kind && close[1] == ']' && close > at + 1))
            close++;
        at = kind && *close ? close + 2 : at + 1;
    }
    return *at ? at + 1 : at;
}

/* The larger number of "{m,n}" at this brace; 1 where there is none. */
static long repeats_at(const char *brace)
{
    long most = 1;
    for (const char *at = brace + 1; *at && *at != '}';) {
        char *end;
        long number = isdigit((unsigned char)*at) ? strtol(at, &end, 10) : 0;
        if (number > most)
            most = number;
        at = isdigit((unsigned char)*at) ? end : at + 1;
    }
    return most;
}

static int refuse_repeats(struct err *err)
{
    return err_set(err, ERR_LIMIT, "its repetitions {m,n} multiply to more than %d",
                   EXPRESSION_REPEAT_MAX);
}

static int measure_at(const char *at, struct measure *measure, struct err *err)
{
    if (at[0] == '\\' && isdigit((unsigned char)at[1]))
        return err_set(err, ERR_INVALID,
                       "it refers back to a group (\\%c), which can take for ever", at[1]);
    if (*at == '{') {
        long repeats = repeats_at(at);
        if (repeats > EXPRESSION_REPEAT_MAX ||
            (measure->repeats *= repeats) > EXPRESSION_REPEAT_MAX)
            return refuse_repeats(err);
    }
    measure->depth += (*at == '(') - (*at == ')');
    if (measure->depth > EXPRESSION_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "more than %d groups are within each other",
                       EXPRESSION_DEPTH_MAX);
    return 0;
}

static int check(const char *text, struct err *err)
{
    struct measure measure = {.repeats = 1};
    if (strlen(text) > EXPRESSION_MAX)
        return err_set(err, ERR_LIMIT, "it is longer than %d bytes", EXPRESSION_MAX);
    for (const char *at = text; *at;) {
        if (measure_at(at, &measure, err) < 0)
            return -1;
        if (*at == '[')
            at = skip_brackets(at);
        else
            at += at[0] == '\\' && at[1] ? 2 : 1;
    }
    return 0;
}

int expression_compile(const char *text, regex_t *expression, struct err *err)
{
    if (check(text, err) < 0)
        return err_prefix(err, "the expression \"%.80s\"", text);
    int result = regcomp(expression, text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
    if (result == 0)
        return 0;
    char why[128];
    regerror(result, expression, why, sizeof why);
    return err_set(err, ERR_INVALID, "the expression \"%.80s\": %s", text, why);
}

bool expression_matches(const regex_t *expression, const char *text, size_t length)
{
    regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)length};
    return regexec(expression, text, 1, &range, REG_STARTEND) == 0;
}
