/* SPDX-License-Identifier: MIT */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/keys.h"

/*
 * The options of a command: one row each, which is the single source of parsing, validation, help,
 * the manual and the completion. Values are read by the same code as configuration keys
 * (common/keys.h), so that "5m" or "128MB" mean the same on a command line and in a file.
 */
enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_LIST, /* a text that may be given several times */
    OPTION_NAME, /* of a queue or a connection */
    OPTION_INTEGER,
    OPTION_DURATION, /* milliseconds */
    OPTION_KEY,      /* whatever the configuration key of the same meaning takes */
};

struct cli_option {
    const char *name; /* without its dashes */
    char letter;      /* the short form, 0 where there is none */
    enum option_kind kind;
    const char *value; /* what help calls the value; NULL for a flag */
    const char *help;
    const char *bare;             /* the value where it is given without one; NULL: it needs one */
    int64_t min, max;             /* OPTION_INTEGER; OPTION_DURATION in milliseconds */
    const struct key_table *keys; /* OPTION_KEY: the key's table */
    const char *key;              /* OPTION_KEY: its name */
};

#define OPTIONS_END                                                                                \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* Tables may have this many rows together; a test parses with every command's. */
#define OPTIONS_MAX 40

struct option_slot {
    const struct cli_option *option;
    bool given;
    const char *text; /* the value as given; points into argv */
    int64_t number;   /* INTEGER, DURATION */
    const char **list;
    size_t list_count;
};

/* Parsed options. The strings belong to the argv that was parsed. */
struct options {
    struct option_slot slots[OPTIONS_MAX];
    size_t slot_count;
    char **arguments; /* what is not an option */
    int argument_count;
};

/* Where options may stand. */
enum options_order {
    OPTIONS_ANYWHERE, /* up to "--" */
    OPTIONS_FIRST,    /* only before the first argument: what follows is somebody else's */
};

/* Parses argv[1] and on by the rows of tables (a NULL-terminated array of tables). argv is
 * permuted. Returns 0, or -1 with err naming option, value and what would be right. To be ended
 * with options_finish either way. */
int options_parse(struct options *options, const struct cli_option *const *tables,
                  enum options_order order, int argc, char **argv, struct err *err);
void options_finish(struct options *options);

/* Values by name; asking for a name that no table has is a mistake of the programmer and ends the
 * process. */
bool options_given(const struct options *options, const char *name);
const char *options_text(const struct options *options, const char *name, const char *fallback);
int64_t options_number(const struct options *options, const char *name, int64_t fallback);
const char *const *options_list(const struct options *options, const char *name, size_t *count);

/* Checks a text as if it were the value of this option, e.g. an argument that has the meaning of
 * one. what is how the messages call it. Returns 0 and *number (0 where it has none), or -1 with
 * err. */
int option_check(const struct cli_option *option, const char *what, const char *text,
                 int64_t *number, struct err *err);

#endif
