/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/nearest.h"
#include "common/settings.h"

#define LONG_BASE 256 /* getopt_long's value for row i is LONG_BASE + i; below are letters */

/* What getopt_long is to know, made from the tables. */
struct getopt_tables {
    struct option longs[OPTIONS_MAX + 1];
    char letters[2 * OPTIONS_MAX + 3];
};

static void add_rows(struct options *options, const struct cli_option *rows)
{
    for (; rows->name; rows++) {
        assert(options->slot_count < OPTIONS_MAX);
        options->slots[options->slot_count++].option = rows;
    }
}

static void make_getopt_tables(const struct options *options, enum options_order order,
                               struct getopt_tables *tables)
{
    memset(tables, 0, sizeof *tables);
    char *letters = tables->letters;
    if (order == OPTIONS_FIRST)
        *letters++ = '+';
    *letters++ = ':'; /* getopt stays silent, and tells a missing value from an unknown option */
    for (size_t i = 0; i < options->slot_count; i++) {
        const struct cli_option *row = options->slots[i].option;
        int takes = row->kind == OPTION_FLAG ? no_argument
                    : row->bare              ? optional_argument
                                             : required_argument;
        tables->longs[i] = (struct option){row->name, takes, NULL, LONG_BASE + (int)i};
        if (!row->letter)
            continue;
        *letters++ = row->letter;
        if (takes == required_argument)
            *letters++ = ':';
    }
}

static struct option_slot *slot_of(struct options *options, int found)
{
    if (found >= LONG_BASE)
        return &options->slots[found - LONG_BASE];
    for (size_t i = 0; i < options->slot_count; i++)
        if (options->slots[i].option->letter == found)
            return &options->slots[i];
    return NULL;
}

/* --- values --- */

static int check_by_key(const struct key *key, const char *text, int64_t *number, struct err *err)
{
    const struct key_table table = {.section = "", .keys = key, .key_count = 1};
    union {
        char *text;
        int64_t number;
        int choice;
        bool truth;
    } value = {0};
    if (keys_set_found(key, &value, text, err) < 0)
        return -1;
    if (key->type == KEY_INTEGER || key->type == KEY_DURATION || key->type == KEY_MEGABYTES)
        *number = value.number;
    keys_finish(&table, &value);
    return 0;
}

int option_check(const struct cli_option *option, const char *what, const char *text,
                 int64_t *number, struct err *err)
{
    *number = 0;
    struct key key;
    switch (option->kind) {
    case OPTION_FLAG:
    case OPTION_TEXT:
    case OPTION_LIST:
        return 0;
    case OPTION_NAME:
        return settings_check_name(what, text, err);
    case OPTION_KEY:
        key = *keys_find(option->keys, option->key);
        key.offset = 0;
        break;
    default:
        key = (struct key){.type = option->kind == OPTION_INTEGER ? KEY_INTEGER : KEY_DURATION,
                           .fallback = "1",
                           .min = option->min,
                           .max = option->max};
    }
    key.name = what;
    return check_by_key(&key, text, number, err);
}

static int take_value(struct option_slot *slot, const char *text, struct err *err)
{
    char what[80];
    if (!text)
        text = slot->option->bare;
    snprintf(what, sizeof what, "--%s=%s", slot->option->name, text ? text : "");
    if (slot->option->kind != OPTION_FLAG &&
        option_check(slot->option, what, text, &slot->number, err) < 0)
        return -1;
    if (slot->option->kind == OPTION_LIST) {
        slot->list = mem_resize(slot->list, slot->list_count + 1, sizeof *slot->list);
        slot->list[slot->list_count++] = text;
    }
    slot->given = true;
    slot->text = text;
    return 0;
}

/* --- complaints --- */

static int unknown_option(const struct options *options, const char *typed, struct err *err)
{
    char name[64];
    size_t length = strcspn(typed, "=");
    snprintf(name, sizeof name, "%.*s", (int)length, typed);
    struct nearest nearest = nearest_to(name);
    char known[64];
    for (size_t i = 0; i < options->slot_count; i++) {
        snprintf(known, sizeof known, "--%s", options->slots[i].option->name);
        size_t before = nearest.distance;
        nearest_consider(&nearest, known);
        if (nearest.distance < before)
            nearest.best = options->slots[i].option->name;
    }
    if (nearest.best)
        return err_set(err, ERR_INVALID, "unknown option %s; did you mean --%s?", name,
                       nearest.best);
    return err_set(err, ERR_INVALID, "unknown option %s; --help lists the options", name);
}

static int complain(struct options *options, int found, char **argv, struct err *err)
{
    struct option_slot *slot = optopt ? slot_of(options, optopt) : NULL;
    if (found == ':')
        return err_set(err, ERR_INVALID, "--%s needs a value: --%s=%s", slot->option->name,
                       slot->option->name, slot->option->value);
    if (slot)
        return err_set(err, ERR_INVALID, "--%s takes no value", slot->option->name);
    if (optopt)
        return err_set(err, ERR_INVALID, "unknown option -%c; --help lists the options", optopt);
    return unknown_option(options, argv[optind - 1], err);
}

/* --- parsing --- */

int options_parse(struct options *options, const struct cli_option *const *tables,
                  enum options_order order, int argc, char **argv, struct err *err)
{
    memset(options, 0, sizeof *options);
    for (; *tables; tables++)
        add_rows(options, *tables);
    struct getopt_tables getopt_tables;
    make_getopt_tables(options, order, &getopt_tables);

    optind = 0; /* glibc: start afresh */
    for (;;) {
        int found = getopt_long(argc, argv, getopt_tables.letters, getopt_tables.longs, NULL);
        if (found < 0)
            break;
        if (found == '?' || found == ':')
            return complain(options, found, argv, err);
        if (take_value(slot_of(options, found), optarg, err) < 0)
            return -1;
    }
    options->arguments = argv + optind;
    options->argument_count = argc - optind;
    return 0;
}

void options_finish(struct options *options)
{
    for (size_t i = 0; i < options->slot_count; i++)
        free(options->slots[i].list);
    memset(options, 0, sizeof *options);
}

/* --- reading --- */

static const struct option_slot *slot_named(const struct options *options, const char *name)
{
    for (size_t i = 0; i < options->slot_count; i++)
        if (strcmp(options->slots[i].option->name, name) == 0)
            return &options->slots[i];
    fprintf(stderr, "muster: no option table has --%s\n", name);
    abort();
}

bool options_given(const struct options *options, const char *name)
{
    return slot_named(options, name)->given;
}

const char *options_text(const struct options *options, const char *name, const char *fallback)
{
    const struct option_slot *slot = slot_named(options, name);
    return slot->given ? slot->text : fallback;
}

int64_t options_number(const struct options *options, const char *name, int64_t fallback)
{
    const struct option_slot *slot = slot_named(options, name);
    return slot->given ? slot->number : fallback;
}

const char *const *options_list(const struct options *options, const char *name, size_t *count)
{
    const struct option_slot *slot = slot_named(options, name);
    *count = slot->list_count;
    return slot->list;
}
