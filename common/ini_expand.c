/* SPDX-License-Identifier: MIT */
#include "common/ini.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/utf8.h"

#define FIELD_MAX 1000 /* width and precision */

/* Names for what cannot stand in a value, or not at every place of it. */
static const struct ini_variable characters[] = {
    {.name = "semicolon", .value = ";"}, {.name = "hash", .value = "#"},
    {.name = "newline", .value = "\n"},  {.name = "tab", .value = "\t"},
    {.name = "space", .value = " "},
};
#define CHARACTER_COUNT (sizeof characters / sizeof characters[0])

/* A value being expanded: what is read, what is there, what came out. */
struct expansion {
    const char *at;
    const struct ini_variable *variables;
    size_t count;
    struct buf out;
    struct err *err;
};

/* The part of %(name)-+ #05.3d behind the name. */
struct format {
    bool left, plus, space, alternative, zero;
    size_t width;
    int precision; /* -1: none */
    char conversion;
};

static const struct ini_variable *find_in(const struct ini_variable *variables, size_t count,
                                          const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(variables[i].name, name) == 0)
            return &variables[i];
    }
    return NULL;
}

/* Sets *found to the variable of this name. Returns false where there is none. */
static bool find_variable(const struct expansion *expansion, const char *name,
                          struct ini_variable *found)
{
    const struct ini_variable *given = find_in(expansion->variables, expansion->count, name);
    if (!given)
        given = find_in(characters, CHARACTER_COUNT, name);
    *found = given ? *given : (struct ini_variable){.name = name};
    if (!given && strncmp(name, "ENV_", 4) == 0)
        found->value = getenv(name + 4);
    return found->value != NULL;
}

static int unknown_name(struct expansion *expansion, const char *name)
{
    struct buf known;
    buf_init(&known, ERR_TEXT_MAX / 2);
    for (size_t i = 0; i < expansion->count; i++)
        buf_printf(&known, "%s, ", expansion->variables[i].name);
    for (size_t i = 0; i < CHARACTER_COUNT; i++)
        buf_printf(&known, "%s, ", characters[i].name);
    err_set(expansion->err, ERR_INVALID,
            "there is no %%(%.80s)s; the names are %sand ENV_X for each environment variable X",
            name, buf_text(&known));
    buf_finish(&known);
    return -1;
}

static size_t read_number(const char **at)
{
    size_t number = 0;
    for (; isdigit((unsigned char)**at); (*at)++)
        number = number > FIELD_MAX ? number : number * 10 + (size_t)(**at - '0');
    return number;
}

static struct format read_format(const char **at)
{
    struct format format = {.precision = -1};
    for (; **at && strchr("-+ #0", **at); (*at)++) {
        format.left |= **at == '-';
        format.plus |= **at == '+';
        format.space |= **at == ' ';
        format.alternative |= **at == '#';
        format.zero |= **at == '0';
    }
    format.width = read_number(at);
    if (**at == '.') {
        (*at)++;
        format.precision = (int)read_number(at);
    }
    *at += **at && strchr("hlL", **at); /* Python takes a length and ignores it */
    format.conversion = **at;
    *at += **at != '\0';
    return format;
}

static int pad(struct buf *out, char c, size_t width, size_t used)
{
    for (; used < width; used++) {
        if (buf_append(out, &c, 1) < 0)
            return -1;
    }
    return 0;
}

/* Puts sign and digits, or a text, into the field. */
static int put_field(struct buf *out, const struct format *format, const char *sign,
                     const char *text, size_t length)
{
    size_t used = strlen(sign) + utf8_count(text, length);
    bool zeros = format->zero && !format->left && format->conversion != 's';
    if (!format->left && !zeros && pad(out, ' ', format->width, used) < 0)
        return -1;
    if (buf_text_append(out, sign) < 0 || (zeros && pad(out, '0', format->width, used) < 0) ||
        buf_append(out, text, length) < 0)
        return -1;
    return format->left ? pad(out, ' ', format->width, used) : 0;
}

static int put_text(struct buf *out, const struct format *format, const char *text)
{
    size_t length = 0;
    for (int left = format->precision; text[length] && left != 0; left--) {
        size_t sequence = utf8_length(text + length, strlen(text + length));
        length += sequence ? sequence : 1;
    }
    return put_field(out, format, "", text, length);
}

static const char *number_prefix(const struct format *format)
{
    if (!format->alternative)
        return "";
    return format->conversion == 'o'   ? "0o"
           : format->conversion == 'x' ? "0x"
           : format->conversion == 'X' ? "0X"
                                       : "";
}

static int put_number(struct buf *out, const struct format *format, int64_t number)
{
    char digits[FIELD_MAX + 32], sign[8];
    uint64_t size = number < 0 ? -(uint64_t)number : (uint64_t)number;
    int precision = format->precision > 0 ? format->precision : 1;
    int length;
    switch (format->conversion) {
    case 'o':
        length = snprintf(digits, sizeof digits, "%.*" PRIo64, precision, size);
        break;
    case 'x':
        length = snprintf(digits, sizeof digits, "%.*" PRIx64, precision, size);
        break;
    case 'X':
        length = snprintf(digits, sizeof digits, "%.*" PRIX64, precision, size);
        break;
    default:
        length = snprintf(digits, sizeof digits, "%.*" PRIu64, precision, size);
        break;
    }
    snprintf(sign, sizeof sign, "%s%s",
             number < 0      ? "-"
             : format->plus  ? "+"
             : format->space ? " "
                             : "",
             number_prefix(format));
    return put_field(out, format, sign, digits, (size_t)length);
}

static int bad_format(struct expansion *expansion, const char *name)
{
    return err_set(
        expansion->err, ERR_INVALID,
        "the format behind %%(%.80s) is wrong; write %%(name)s, or for numbers %%(name)d or "
        "%%(name)02d",
        name);
}

/* Expands %(name)format, with `at` behind the opening bracket. */
static int expand_name(struct expansion *expansion, const char *name)
{
    struct ini_variable variable;
    if (!find_variable(expansion, name, &variable))
        return unknown_name(expansion, name);
    struct format format = read_format(&expansion->at);
    if (format.width > FIELD_MAX || format.precision > FIELD_MAX)
        return bad_format(expansion, name);
    int result;
    if (format.conversion == 's')
        result = put_text(&expansion->out, &format, variable.value);
    else if (variable.is_number && format.conversion && strchr("diuoxX", format.conversion))
        result = put_number(&expansion->out, &format, strtoll(variable.value, NULL, 10));
    else
        return bad_format(expansion, name);
    return result < 0 ? err_set(expansion->err, ERR_LIMIT, "the value gets longer than %u bytes",
                                INI_FILE_MAX)
                      : 0;
}

/* Takes the name in (name) off, brackets in it are counted as in Python. NULL where it does not
 * end. */
static char *take_name(const char **at)
{
    const char *begin = *at + 1;
    const char *end = begin;
    for (int depth = 1; *end; end++) {
        depth += (*end == '(') - (*end == ')');
        if (depth == 0)
            break;
    }
    if (*end == '\0')
        return NULL;
    *at = end + 1;
    return mem_strndup(begin, (size_t)(end - begin));
}

/* Expands what is behind a %. */
static int expand_one(struct expansion *expansion)
{
    expansion->at++;
    if (*expansion->at == '%') {
        expansion->at++;
        return buf_append(&expansion->out, "%", 1);
    }
    char *name = *expansion->at == '(' ? take_name(&expansion->at) : NULL;
    if (!name)
        return err_set(expansion->err, ERR_INVALID,
                       "a lone %% at \"%%%.20s\"; write %%%% for the character, %%(name)s for a "
                       "variable",
                       expansion->at);
    int result = expand_name(expansion, name);
    free(name);
    return result;
}

char *ini_expand(const char *value, const struct ini_variable *variables, size_t count,
                 struct err *err)
{
    struct expansion expansion = {.at = value, .variables = variables, .count = count, .err = err};
    buf_init(&expansion.out, INI_FILE_MAX);
    int result = 0;
    while (*expansion.at && result == 0) {
        size_t plain = strcspn(expansion.at, "%");
        result = buf_append(&expansion.out, expansion.at, plain);
        expansion.at += plain;
        if (result == 0 && *expansion.at)
            result = expand_one(&expansion);
    }
    char *text = result == 0 ? buf_steal(&expansion.out) : NULL;
    if (!text)
        err_set(err, ERR_LIMIT, "the value gets longer than %u bytes", INI_FILE_MAX);
    buf_finish(&expansion.out);
    return text;
}

/* White space at an end would be trimmed. */
static bool is_at_end(const char *value, const char *at)
{
    return at == value || at[1] == '\0';
}

static int escape_character(const char *value, const char *at, struct buf *out)
{
    if (*at == '%')
        return buf_text_append(out, "%%");
    for (size_t i = 0; i < CHARACTER_COUNT; i++) {
        if (*at == characters[i].value[0] && (*at != ' ' || is_at_end(value, at)))
            return buf_printf(out, "%%(%s)s", characters[i].name);
    }
    return buf_append(out, at, 1);
}

int ini_escape(const char *value, struct buf *out)
{
    for (const char *at = value; *at; at++) {
        if (escape_character(value, at, out) < 0)
            return -1;
    }
    return 0;
}
