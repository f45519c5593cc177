/* SPDX-License-Identifier: MIT */
#include "common/command.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"

#define WHITESPACE " \t\r\n"

/* A growing NULL-terminated array of strings. */
struct words {
    char **items;
    size_t count;
};

static void words_add(struct words *words, char *word)
{
    words->items = mem_resize(words->items, words->count + 2, sizeof *words->items);
    words->items[words->count++] = word;
    words->items[words->count] = NULL;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

/* Supervisor's users have asked for years why a quoted " ;" ends their command. */
#define COMMENT_HINT                                                                               \
    " (; or # behind a space begins a comment, also inside quotes: write %%(semicolon)s or "       \
    "%%(hash)s)"

static int unclosed(struct err *err)
{
    return err_set(err, ERR_INVALID,
                   "no closing quotation; close the quote, or put \\ before it" COMMENT_HINT);
}

/* Both read on from behind the opening quote to behind the closing one; they return NULL where it
 * is missing. */
static const char *read_single_quoted(const char *at, struct buf *word)
{
    const char *end = strchr(at, '\'');
    if (!end)
        return NULL;
    buf_append(word, at, (size_t)(end - at));
    return end + 1;
}

static const char *read_double_quoted(const char *at, struct buf *word)
{
    for (; *at != '"'; at++) {
        /* Only the quote and the backslash can be escaped here; before others the backslash stays.
         */
        if (*at == '\\' && is_one_of(at[1], "\"\\"))
            at++;
        if (*at == '\0')
            return NULL;
        buf_append(word, at, 1);
    }
    return at + 1;
}

/* Reads one word that begins at `at`. Returns where it ends, or NULL with err. */
static const char *read_word(const char *at, struct buf *word, struct err *err)
{
    while (at && *at && !is_one_of(*at, WHITESPACE)) {
        if (*at == '\'') {
            at = read_single_quoted(at + 1, word);
        } else if (*at == '"') {
            at = read_double_quoted(at + 1, word);
        } else {
            if (*at == '\\' && *++at == '\0') {
                err_set(err, ERR_INVALID, "no escaped character; write \\\\ for a backslash");
                return NULL;
            }
            buf_append(word, at++, 1);
        }
    }
    if (!at)
        unclosed(err);
    return at;
}

char **command_split(const char *text, struct err *err)
{
    struct words words = {0};
    struct buf word;
    buf_init(&word, strlen(text));
    const char *at = text + strspn(text, WHITESPACE);
    while (at && *at) {
        at = read_word(at, &word, err);
        if (at) {
            words_add(&words, buf_steal(&word));
            at += strspn(at, WHITESPACE);
        }
    }
    buf_finish(&word);
    if (at && words.count > 0)
        return words.items;
    if (at)
        err_set(err, ERR_INVALID, "the command is empty; write a program and its arguments");
    command_free(words.items);
    return NULL;
}

/* What may stand without quotes in an environment, for Supervisor and so for us. */
static size_t bare_length(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.+-():");
}

/* Supervisor strips every quote at both ends of a value, also those inside the outer pair. */
static bool loses_quotes(const char *value, size_t length)
{
    return length > 0 && (is_one_of(value[0], "'\"") || is_one_of(value[length - 1], "'\""));
}

/* Finds the extent of a value, quoted or bare. Returns where it ends, or NULL with err. */
static const char *environment_value(const char *at, const char **value, size_t *length,
                                     struct err *err)
{
    if (!is_one_of(*at, "'\"")) {
        *value = at;
        *length = bare_length(at);
        if (*length == 0)
            err_set(err, ERR_INVALID, "a value is missing or needs quotes; write NAME=\"value\"");
        return *length ? at + *length : NULL;
    }
    const char *end = strchr(at + 1, *at);
    if (!end) {
        err_set(err, ERR_INVALID, "no closing quotation; write NAME=\"value\"" COMMENT_HINT);
        return NULL;
    }
    *value = at + 1;
    *length = (size_t)(end - *value);
    if (loses_quotes(*value, *length)) {
        err_set(err, ERR_INVALID, "a value cannot begin or end with a quote of its own");
        return NULL;
    }
    return end + 1;
}

/* Reads NAME=value with the comma behind it. Returns where the next one begins, or NULL with err.
 */
static const char *environment_pair(const char *at, struct words *pairs, struct err *err)
{
    const char *name = at;
    size_t name_length = bare_length(at);
    at += name_length;
    at += strspn(at, WHITESPACE);
    if (name_length == 0 || *at != '=') {
        err_set(err, ERR_INVALID,
                "a name and = are missing at \"%.20s\"; write NAME=value,NAME=value", name);
        return NULL;
    }
    at += 1 + strspn(at + 1, WHITESPACE);
    const char *value;
    size_t length;
    at = environment_value(at, &value, &length, err);
    if (!at) {
        err_prefix(err, "%.*s", (int)name_length, name);
        return NULL;
    }
    at += strspn(at, WHITESPACE);
    if (*at != ',' && *at != '\0') {
        err_set(err, ERR_INVALID,
                "%.*s: \"%.20s\" is behind its value; put a comma between variables, and quotes "
                "around a value with other characters than A-Z a-z 0-9 _/.+-():",
                (int)name_length, name, at);
        return NULL;
    }
    words_add(pairs, mem_printf("%.*s=%.*s", (int)name_length, name, (int)length, value));
    at += *at == ',';
    return at + strspn(at, WHITESPACE);
}

char **command_environment(const char *text, struct err *err)
{
    struct words pairs = {.items = mem_new(1, sizeof(char *))};
    const char *at = text + strspn(text, WHITESPACE);
    while (at && *at)
        at = environment_pair(at, &pairs, err);
    if (at)
        return pairs.items;
    command_free(pairs.items);
    return NULL;
}

/* Puts one "NAME=value" in the place of the one that has its name, or at the end. */
static void put_variable(struct words *words, const char *pair)
{
    size_t name_length = strcspn(pair, "=");
    for (size_t i = 0; i < words->count; i++) {
        const char *other = words->items[i];
        if (strncmp(other, pair, name_length) == 0 && other[name_length] == '=') {
            free(words->items[i]);
            words->items[i] = mem_strdup(pair);
            return;
        }
    }
    words_add(words, mem_strdup(pair));
}

char **command_merge_environment(char *const *base, char *const *additions)
{
    struct words words = {.items = mem_new(1, sizeof(char *))};
    for (; base && *base; base++)
        words_add(&words, mem_strdup(*base));
    for (; additions && *additions; additions++)
        put_variable(&words, *additions);
    return words.items;
}

void command_free(char **words)
{
    for (char **word = words; word && *word; word++)
        free(*word);
    free(words);
}
