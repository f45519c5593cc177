/* SPDX-License-Identifier: MIT */

/* The control socket of a configuration that is wrong elsewhere: a master that was started before
 * that has to be reached all the same. */
#include "common/settings_socket.h"

#include <stdlib.h>
#include <string.h>

#include "common/ini.h"
#include "common/mem.h"
#include "common/settings.h"
#include "common/settings_document.h"

/* The keys that the socket's place follows from. */
static const struct {
    const char *section, *key;
} wanted[] = {
    {"muster", "datadir"},
    {"muster", "socket"},
    {"supervisord", "pidfile"},
};
enum { SECTION_COUNT = 2 };

static bool is_wanted(const char *section, const char *key)
{
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (strcmp(wanted[i].section, section) == 0 && strcmp(wanted[i].key, key) == 0)
            return true;
    return false;
}

/* A section with the wanted keys alone. keys must be freed. */
static struct ini_section reduced(const struct ini_section *section)
{
    struct ini_section result = *section;
    result.keys = mem_new(section->key_count, sizeof *result.keys);
    result.key_count = 0;
    for (size_t i = 0; i < section->key_count; i++)
        if (is_wanted(section->name, section->keys[i].name))
            result.keys[result.key_count++] = section->keys[i];
    return result;
}

static char *socket_of(const struct ini *ini, const char *path, struct err *err)
{
    static const char *const names[SECTION_COUNT] = {"muster", "supervisord"};
    struct ini_section sections[SECTION_COUNT];
    struct ini part = {.sections = sections};
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        const struct ini_section *section = ini_section(ini, names[i]);
        if (section)
            sections[part.section_count++] = reduced(section);
    }
    struct settings *settings = settings_from_document(&part, path, false, err);
    char *result = settings ? mem_strdup(settings->muster.socket) : NULL;
    settings_destroy(settings);
    for (size_t i = 0; i < part.section_count; i++)
        free(sections[i].keys);
    return result;
}

char *settings_socket(const char *path, struct err *err)
{
    struct ini *ini = ini_load(path, err);
    char *result = ini ? socket_of(ini, path, err) : NULL;
    ini_destroy(ini);
    return result;
}
