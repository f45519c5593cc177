/* SPDX-License-Identifier: MIT */
#ifndef COMMON_KEYS_H
#define COMMON_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * Key tables: one row a configuration key, which is the single source of its parsing, range,
 * default, reload behaviour, environment variable, help, and of the sample file and the manual
 * (after pgbouncer's and git's tables). A section's values live in a plain struct; a row says at
 * which offset.
 */
/* The value of an integer or a duration that may be unset (its fallback is ""), and is. */
#define KEY_UNSET INT64_MIN

enum key_type {
    KEY_STRING,      /* char *, owned, never NULL ("" where unset) */
    KEY_PATH,        /* char *, one line; who reads the file makes it absolute (path_resolve) */
    KEY_NAME,        /* char *: a name of one line; who knows the names checks it */
    KEY_COMMAND,     /* char *, checked to split into words as a shell would (command.h) */
    KEY_ENVIRONMENT, /* char *: NAME="value",NAME2=value, checked */
    KEY_READY,       /* char *: how a program shows that it is ready (check.h) */
    KEY_HEALTH,      /* char *: how it shows that it is well, likewise; "" where unset */
    KEY_USER,        /* char *: a user's name or number, who exists; "" where unset */
    KEY_OWNER,       /* char *: user or user:group, who exist; "" where unset */
    KEY_FILE,        /* char *: a path, ~ and ~user expanded, whose directory exists; "" where
                        unset. As under Supervisor a relative one is below the working directory */
    KEY_DIRECTORY,   /* char *: a directory, likewise, which exists; "" where unset */
    KEY_LOG_FILE,    /* char *: as KEY_FILE, or one of the words KEY_LOG_… below */
    KEY_INTEGER,     /* int64_t */
    KEY_BOOLEAN,     /* bool: yes true on 1, no false off 0 */
    KEY_DURATION, /* int64_t milliseconds; written as seconds ("3", "0.5") or with ms, s, m, h, d */
    KEY_MEGABYTES,  /* int64_t bytes; written as MB ("128") or with KB, MB, GB */
    KEY_BYTES,      /* int64_t bytes; written plain ("4096") or with KB, MB, GB */
    KEY_PROCESSORS, /* int64_t thousandths of a processor; written as processors ("1.5") or per cent
                       of one ("150%") */
    KEY_CHOICE,     /* int: the index in choices */
    KEY_SET,        /* uint32_t: a bit for each of choices that is named, separated by commas */
    KEY_OCTAL,      /* int: a file mode or umask in octal digits, up to max; -1 where unset */
    KEY_SIGNAL,     /* int: TERM, SIGTERM or 15; 0 where unset */
    KEY_EXIT_CODES, /* struct exit_codes: "0,2" */

    /* char *, checked; NULL where unset, because there are many of them that few programs set */
    KEY_RLIMIT,      /* process_limits.h; max: of the numbers, 0 where they are bytes */
    KEY_IONICE,      /* likewise */
    KEY_ENV_FILES,   /* env_file.h: paths, separated by commas, - before one that may be missing */
    KEY_ENV_SOURCES, /* likewise: NAME:PATH, separated by commas */
    KEY_WHOLE_PATH,  /* an absolute path */
    KEY_CRON,        /* for cron_parse */
    KEY_ZONE,        /* a time zone, for zone_check */
    KEY_OPTIONAL_COMMAND, /* as KEY_COMMAND */
    KEY_SOCKETS,          /* for socket_list_parse */
    KEY_DAYTIME,          /* for cron_parse_daytime */
    KEY_OPTIONAL_OWNER,   /* as KEY_OWNER */
};

/* What KEY_LOG_FILE may be beside a path, as it is kept. */
#define KEY_LOG_NONE   "NONE"
#define KEY_LOG_AUTO   "AUTO"
#define KEY_LOG_SYSLOG "syslog"

/* A set of exit statuses, 0 to 255. */
struct exit_codes {
    uint64_t bits[4];
};

/* Whether a status is in the set; false for one that is not within 0 to 255. */
bool exit_codes_have(const struct exit_codes *codes, int status);

/* What a changed value needs on reload; a section's need is that of its most demanding changed key.
 */
enum key_reload {
    RELOAD_NONE,    /* nothing to do: the new value is used from now on */
    RELOAD_WORKERS, /* the workers of that queue are replaced, gracefully */
    RELOAD_RESTART, /* only a restart of musterd changes it; said in a warning */
};

struct key {
    const char *name;
    const char *alias; /* another name that is read, or NULL */
    enum key_type type;
    size_t offset;
    const char *fallback; /* the default, as it would be written */
    int64_t min, max;     /* of numbers; of times in ms, of sizes in bytes */
    const char *const
        *choices; /* NULL-terminated, for KEY_CHOICE and KEY_SET; "a|b" has two names */
    enum key_reload reload;
    bool is_secret;       /* shown to nobody */
    const char *variable; /* environment variable that overrides the file, or NULL */
    const char *help;     /* one line for the sample and the manual */
};

struct key_table {
    const char *section; /* "muster", or "queue:" where a name follows */
    const char *help;
    const struct key *keys;
    size_t key_count;
    const char *example; /* a name for the sample where one follows, or NULL */
    const char *more;    /* what the sample has behind it, as a comment: lines of a file; or NULL */
    bool is_commented; /* the sample has its head as a comment: the section itself has a meaning */
};

/* Fills values (zeroed memory) with the table's defaults. They are valid by construction: a test
 * sets each. */
void keys_set_defaults(const struct key_table *table, void *values);

/* Sets one key from its text. Returns 0, or -1 with err ("key: what is wrong; what would be right";
 * an unknown key names the nearest known one). */
int keys_set(const struct key_table *table, void *values, const char *name, const char *text,
             struct err *err);

/* Likewise, a key of the table that values belong to: nothing is looked for. */
int keys_set_found(const struct key *key, void *values, const char *text, struct err *err);

/* Applies the environment variables of the table's rows, but not those that begin with `except`
 * (NULL: all). Returns 0, or -1 with err naming the variable. */
int keys_set_from_environment(const struct key_table *table, void *values, const char *except,
                              struct err *err);

/* Copies all values into other (zeroed memory, or filled before). */
void keys_copy(const struct key_table *table, void *to, const void *from);
void keys_finish(const struct key_table *table, void *values);

/* For values that are kept by the thousand: frees each text and puts it at room, one behind the
 * other, or where it is the default, has the table's own stand for it. keys_packed_size says how
 * many bytes that takes; keys_pack returns where they end. From then on the values are only read,
 * and never finished. */
size_t keys_packed_size(const struct key_table *table, void *values);
char *keys_pack(const struct key_table *table, void *values, char *room);

/* Calls changed (may be NULL) for each key whose values differ. Returns the highest need, or -1
 * where nothing differs. */
int keys_compare(const struct key_table *table, const void *old_values, const void *new_values,
                 void (*changed)(void *context, const struct key *key), void *context);

/* True where the values are equal, but for those of keys that are left out. */
bool keys_equal(const struct key_table *table, const void *one, const void *other,
                bool (*is_left_out)(const struct key *key));

/* Appends "key = value" lines for all keys, to be read by ini_load_text, ini_expand and keys_set
 * again. Returns 0, or -1 past the cap. */
int keys_print(const struct key_table *table, const void *values, struct buf *out);

/* The value of one key as text, as it would be written. Returns 0, or -1 past the cap. */
int keys_print_value(const struct key *key, const void *values, struct buf *out);

/* Appends what the key's values may be, for people: "1 to 256", "one of text, json". Returns 0, or
 * -1 past the cap. */
int keys_describe(const struct key *key, struct buf *out);

/* The key of this name or alias, whatever their case; NULL where the table has none. */
const struct key *keys_find(const struct key_table *table, const char *name);

#endif
