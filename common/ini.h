/* SPDX-License-Identifier: MIT */
#ifndef COMMON_INI_H
#define COMMON_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * A configuration file in Supervisor's dialect (that of Python's configparser as Supervisor sets it up), read
 * with inih through a reader of ours that normalises each logical line first; docs/configuration.md has the
 * rules. The result is a document: sections in the order of their first appearance, merged where they repeat;
 * keys in lower case, the last one wins. Values are as written: expansion is ini_expand's.
 */
#define INI_FILE_MAX     (4u << 20) /* bytes of one file, and of one value */
#define INI_FILES_MAX    1000       /* files that [include] may bring in */
#define INI_SECTIONS_MAX 10000      /* of a document */
#define INI_KEYS_MAX     100000     /* of a document, in all */

struct ini_key {
    const char *name; /* lower case */
    const char *value;
    const char *file; /* where it stands, as given or found by [include] */
    int line;         /* from 1 */
    bool is_default;  /* it comes from [DEFAULT], which feeds all sections */
};

struct ini_section {
    const char *name; /* without brackets, as written */
    const char *file; /* of its first appearance */
    int line;
    struct ini_key *keys;
    size_t key_count;
};

struct ini {
    struct ini_section *sections;
    size_t section_count;
    char **warnings; /* e.g. an include pattern that matches nothing; one text each */
    size_t warning_count;
    size_t key_count; /* of all sections */
    size_t file_count;
    /* the strings that the above point to are owned by the document */
    char **strings;
    size_t string_count;
};

/* Reads a file and what its [include] section names (globs relative to the file, sorted, not recursive). The
 * caller owns the document and ends it with ini_destroy. NULL with err ("file:line: what is wrong") on
 * failure. */
struct ini *ini_load(const char *path, struct err *err);

/* Reads a text as if it were a file of this name; [include] is refused. */
struct ini *ini_load_text(const char *name, const char *text, size_t length, struct err *err);

/* Frees the document; sections, keys and texts that were found in it end with it. Accepts NULL. */
void ini_destroy(struct ini *ini);

/* The section of this name, NULL where there is none; the key of this name likewise. */
const struct ini_section *ini_section(const struct ini *ini, const char *name);
const struct ini_key *ini_key(const struct ini_section *section, const char *name);

/* One name and its value for expansion. */
struct ini_variable {
    const char *name;
    const char *value;
    bool is_number; /* usable with %d, %02d, %x …; value is its decimal text */
};

/* Python's % formatting of value: %(name)s, %(name)02d, %%. Beside the variables there are the environment as
 * ENV_NAME, and semicolon, hash, newline, tab, space, for what the dialect would take for a comment or trim.
 * Returns a malloc'd string, or NULL with err (ERR_INVALID: a lone %, an unknown name with the list of the
 * known ones, a bad format; ERR_LIMIT past INI_FILE_MAX). */
char *ini_expand(const char *value, const struct ini_variable *variables, size_t count,
                 struct err *err);

/* Appends a value (UTF-8, no control characters but newline and tab) in the form that ini_load_text and
 * ini_expand turn into this value again. Returns 0, or -1 past the cap. */
int ini_escape(const char *value, struct buf *out);

#endif
