/* SPDX-License-Identifier: MIT */
#include "common/settings_read.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/path.h"
#include "common/settings_document.h"

#define OWN_NAMES 2 /* here, host_node_name */

int settings_refuse(struct settings_reader *reader, const struct ini_section *section,
                    const char *key, const struct err *cause)
{
    if (!section)
        return err_set(reader->err, cause->code, "%s", cause->text);
    const struct ini_key *place = ini_key(section, key);
    return err_set(reader->err, cause->code, "%s:%d: [%s] %s", place ? place->file : section->file,
                   place ? place->line : section->line, section->name, cause->text);
}

const struct ini_section *settings_section(const struct settings_reader *reader, const char *prefix,
                                           const char *name)
{
    size_t length = strlen(prefix);
    for (size_t i = 0; reader->ini && i < reader->ini->section_count; i++) {
        const struct ini_section *section = &reader->ini->sections[i];
        if (strncmp(section->name, prefix, length) == 0 &&
            strcmp(section->name + length, name) == 0)
            return section;
    }
    return NULL;
}

char *settings_expand(const struct settings_reader *reader, const struct ini_key *key,
                      const struct settings_names *names, struct err *err)
{
    size_t count = names ? names->count : 0;
    char *here = path_directory(key->file);
    struct ini_variable *variables = mem_new(count + OWN_NAMES, sizeof *variables);
    variables[0] = (struct ini_variable){.name = "here", .value = here};
    variables[1] = (struct ini_variable){.name = "host_node_name", .value = reader->host};
    if (count > 0)
        memcpy(variables + OWN_NAMES, names->variables, count * sizeof *variables);
    char *text = ini_expand(key->value, variables, count + OWN_NAMES, err);
    free(variables);
    free(here);
    return text;
}

/* "50%" of a processor: nobody shall have to write 50%%. */
static bool is_share(const struct key *row, const char *value)
{
    return row->type == KEY_PROCESSORS && strcmp(value + strspn(value, "0123456789."), "%") == 0;
}

/* The text of a value as it is meant: expanded, and a path made absolute. */
static char *value_of(const struct settings_reader *reader, const struct ini_key *key,
                      const struct key *row, const struct settings_names *names, struct err *err)
{
    char *text = is_share(row, key->value) ? mem_strdup(key->value)
                                           : settings_expand(reader, key, names, err);
    if (!text) {
        err_prefix(err, "%s", row->name);
        return NULL;
    }
    if (row->type != KEY_PATH)
        return text;
    char *here = path_directory(key->file);
    char *path = path_resolve(here, text);
    free(here);
    free(text);
    return path;
}

static int set_key(const struct settings_reader *reader, const struct key_table *table,
                   void *values, const struct ini_section *section, const struct ini_key *key,
                   const struct settings_names *names, struct err *err)
{
    const struct key *row = keys_find(table, key->name);
    if (!row && key->is_default)
        return 0;
    if (!row && reader->is_supervisors_file) {
        settings_warn(reader->settings,
                      mem_printf("%s:%d: [%s] %s is ignored: there is no such key", key->file,
                                 key->line, section->name, key->name));
        return 0;
    }
    if (!row)
        return keys_set(table, values, key->name, "", err);
    char *text = value_of(reader, key, row, names, err);
    int result = text ? keys_set_found(row, values, text, err) : -1;
    free(text);
    return result;
}

int settings_apply_key(struct settings_reader *reader, const struct key_table *table, void *values,
                       const struct ini_section *section, const struct ini_key *key,
                       const struct settings_names *names)
{
    struct err cause = ERR_INIT;
    if (set_key(reader, table, values, section, key, names, &cause) < 0)
        return settings_refuse(reader, section, key->name, &cause);
    return 0;
}

int settings_apply_section(struct settings_reader *reader, const struct key_table *table,
                           void *values, const struct ini_section *section,
                           const struct settings_names *names)
{
    for (size_t i = 0; section && i < section->key_count; i++) {
        if (settings_apply_key(reader, table, values, section, &section->keys[i], names) < 0)
            return -1;
    }
    return 0;
}
