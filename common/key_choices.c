/* SPDX-License-Identifier: MIT */

/* Choices among words: yes or no, one of a list, several of a list. */
#include "common/key_types.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"

#define WHITE_SPACE " \t\n"
#define ONE_OF      "one of "
#define SEVERAL_OF  "some of "

static int describe_choices(const struct key *key, const char *introduction, struct buf *out)
{
    int result = buf_text_append(out, introduction);
    for (int i = 0; key->choices[i] && result == 0; i++)
        result = buf_printf(out, "%s%.*s", i ? ", " : "", (int)strcspn(key->choices[i], "|"),
                            key->choices[i]);
    return result;
}

static int parse_boolean(const struct key *key, const char *text, void *value, struct err *err)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"yes", true}, {"true", true},   {"on", true},   {"1", true},
                 {"no", false}, {"false", false}, {"off", false}, {"0", false}};
    (void)key;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(words[i].word, text) == 0) {
            *(bool *)value = words[i].value;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID,
                   "\"%.80s\" is not a yes or no; write yes, true, on, 1, no, false, "
                   "off or 0",
                   text);
}

static int print_boolean(const struct key *key, const void *value, struct buf *out)
{
    (void)key;
    return buf_text_append(out, *(const bool *)value ? "yes" : "no");
}

static void copy_boolean(void *to, const void *from)
{
    *(bool *)to = *(const bool *)from;
}

static bool equal_boolean(const void *a, const void *b)
{
    return *(const bool *)a == *(const bool *)b;
}

/* A choice may have several names, "sqlite|database": the first is the one that is written. */
static bool choice_has_name(const char *choice, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = choice;; at++) {
        size_t part = strcspn(at, "|");
        if (part == length && strncasecmp(at, name, length) == 0)
            return true;
        at += part;
        if (*at == '\0')
            return false;
    }
}

static int find_choice(const struct key *key, const char *text, const char *introduction,
                       struct err *err)
{
    for (int i = 0; key->choices[i]; i++) {
        if (choice_has_name(key->choices[i], text))
            return i;
    }
    struct buf known;
    buf_init(&known, ERR_TEXT_MAX / 2);
    describe_choices(key, introduction, &known);
    err_set(err, ERR_INVALID, "\"%.80s\" is not one of its values; write %s", text,
            buf_text(&known));
    buf_finish(&known);
    return -1;
}

static int parse_choice(const struct key *key, const char *text, void *value, struct err *err)
{
    int choice = find_choice(key, text, ONE_OF, err);
    if (choice >= 0)
        *(int *)value = choice;
    return choice < 0 ? -1 : 0;
}

static int print_choice(const struct key *key, const void *value, struct buf *out)
{
    const char *choice = key->choices[*(const int *)value];
    return buf_append(out, choice, strcspn(choice, "|"));
}

static int describe_choice(const struct key *key, struct buf *out)
{
    return describe_choices(key, ONE_OF, out);
}

static int describe_set(const struct key *key, struct buf *out)
{
    return describe_choices(key, SEVERAL_OF, out);
}

/* Takes one word of a list off, without the white space around it; the caller frees it. */
static char *take_word(const char **at)
{
    const char *begin = *at + strspn(*at, WHITE_SPACE);
    size_t length = strcspn(begin, ",");
    *at = begin + length;
    while (length > 0 && strchr(WHITE_SPACE, begin[length - 1]))
        length--;
    return mem_strndup(begin, length);
}

static int parse_set(const struct key *key, const char *text, void *value, struct err *err)
{
    uint32_t set = 0;
    for (const char *at = text; *text; at++) {
        char *word = take_word(&at);
        int choice = find_choice(key, word, SEVERAL_OF, err);
        free(word);
        if (choice < 0)
            return -1;
        set |= UINT32_C(1) << choice;
        if (*at == '\0')
            break;
    }
    *(uint32_t *)value = set;
    return 0;
}

static int print_set(const struct key *key, const void *value, struct buf *out)
{
    const char *comma = "";
    for (int i = 0; key->choices[i]; i++) {
        if (!(*(const uint32_t *)value & (UINT32_C(1) << i)))
            continue;
        if (buf_printf(out, "%s%.*s", comma, (int)strcspn(key->choices[i], "|"), key->choices[i]) <
            0)
            return -1;
        comma = ",";
    }
    return 0;
}

static void copy_set(void *to, const void *from)
{
    memcpy(to, from, sizeof(uint32_t));
}

static bool equal_set(const void *a, const void *b)
{
    return *(const uint32_t *)a == *(const uint32_t *)b;
}

const struct key_type_operations key_boolean = {
    .parse = parse_boolean,
    .print = print_boolean,
    .values = "yes or no",
    .copy = copy_boolean,
    .equal = equal_boolean,
};
const struct key_type_operations key_choice = {
    .parse = parse_choice,
    .print = print_choice,
    .describe = describe_choice,
    .copy = key_int_copy,
    .equal = key_int_equal,
};
const struct key_type_operations key_set = {
    .parse = parse_set,
    .print = print_set,
    .describe = describe_set,
    .copy = copy_set,
    .equal = equal_set,
};
