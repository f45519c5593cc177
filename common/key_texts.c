/* SPDX-License-Identifier: MIT */

/* Texts: what is kept as it was written, after a check. */
#include "common/key_types.h"

#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/command.h"
#include "common/mem.h"
#include "common/utf8.h"

static void store_string(void *value, const char *text)
{
    char *copy = mem_strdup(text);
    free(*(char **)value);
    *(char **)value = copy;
}

/* Values go on into other files, logs and terminals: text only. */
int key_text(const char *text, void *value, struct err *err)
{
    if (!utf8_is_valid(text, strlen(text)))
        return err_set(err, ERR_INVALID, "the value is not UTF-8");
    for (const char *at = text; *at; at++) {
        if (((unsigned char)*at < 0x20 && !strchr("\n\t", *at)) || *at == 0x7f)
            return err_set(err, ERR_INVALID, "the value has a control character (0x%02x)",
                           (unsigned)*at);
    }
    store_string(value, text);
    return 0;
}

int key_text_line(const char *text, void *value, struct err *err)
{
    if (strchr(text, '\n'))
        return err_set(err, ERR_INVALID, "the value has several lines; write one");
    return key_text(text, value, err);
}

static int parse_string(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    return key_text(text, value, err);
}

static int parse_line(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    return key_text_line(text, value, err);
}

int key_check_command(const char *text, struct err *err)
{
    char **words = text[0] ? command_split(text, err) : NULL;
    if (text[0] && !words)
        return -1;
    command_free(words);
    return 0;
}

static int parse_command(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    return key_check_command(text, err) < 0 ? -1 : key_text(text, value, err);
}

static int parse_environment(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    char **pairs = command_environment(text, err);
    if (!pairs)
        return -1;
    command_free(pairs);
    return key_text(text, value, err);
}

static int parse_check(const char *text, bool of_health, void *value, struct err *err)
{
    struct check check;
    if (check_parse(text, of_health, &check, err) < 0)
        return -1;
    check_finish(&check);
    return key_text_line(text, value, err);
}

static int parse_ready(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    return parse_check(text, false, value, err);
}

static int parse_health(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    return parse_check(text, true, value, err);
}

int key_text_print(const struct key *key, const void *value, struct buf *out)
{
    (void)key;
    return buf_text_append(out, *(char *const *)value);
}

void key_text_copy(void *to, const void *from)
{
    store_string(to, *(char *const *)from);
}

bool key_text_equal(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b) == 0;
}

void key_text_finish(void *value)
{
    free(*(char **)value);
    *(char **)value = NULL;
}

const struct key_type_operations key_string = KEY_TEXT_TYPE(parse_string, "text");
const struct key_type_operations key_path =
    KEY_TEXT_TYPE(parse_line, "a path, relative to the file");
const struct key_type_operations key_name = KEY_TEXT_TYPE(parse_line, "a name");
const struct key_type_operations key_command =
    KEY_TEXT_TYPE(parse_command, "a program and its arguments");
const struct key_type_operations key_environment =
    KEY_TEXT_TYPE(parse_environment, "NAME=value,NAME=\"value\"");
const struct key_type_operations key_ready =
    KEY_TEXT_TYPE(parse_ready, "started, notify, exit, fd:N, or a check as for health");
const struct key_type_operations key_health = KEY_TEXT_TYPE(
    parse_health, "tcp:HOST:PORT, unix:/PATH, http://HOST:PORT/PATH, or command PROGRAM …");
