/* SPDX-License-Identifier: MIT */
#include "common/settings_read.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/nearest.h"
#include "common/settings_document.h"

/* All sections there are; those whose name ends with a colon take one behind it. */
static const char *const sections[] = {
    /* clang-format off */
    "muster",
    "connection:",
    "worker_options",
    "queue:",
    "include",
    SETTINGS_SNAPSHOT_SECTION,
    "job:",
    "policy:",
    "auto_scaling",
    "monitoring",
    "notify:",
    "schedule:",
    "supervisord",
    "program:",
    "group:",
    "eventlistener:",
    "fcgi-program:",
    "rpcinterface:",
    "unix_http_server",
    "unix_http_server:",
    "inet_http_server",
    "inet_http_server:",
    "supervisorctl",
    /* clang-format on */
};
#define SECTION_COUNT (sizeof sections / sizeof sections[0])

static bool is_named(const char *pattern, const char *name)
{
    size_t length = strlen(pattern);
    if (pattern[length - 1] == ':')
        return strncmp(pattern, name, length) == 0;
    return strcmp(pattern, name) == 0;
}

static int refuse_unknown(const struct ini_section *section, struct err *err)
{
    const char *colon = strchr(section->name, ':');
    const char *rest = colon ? colon + 1 : "";
    char *prefix =
        mem_strndup(section->name, colon ? (size_t)(rest - section->name) : strlen(section->name));
    struct nearest nearest = nearest_to(prefix);
    for (size_t i = 0; i < SECTION_COUNT; i++)
        nearest_consider(&nearest, sections[i]);
    const char *meant = nearest.best;
    if (meant)
        err_set(err, ERR_INVALID, "%s:%d: [%.100s] there is no such section; did you mean [%s%s]?",
                section->file, section->line, section->name, meant,
                meant[strlen(meant) - 1] != ':' ? ""
                : rest[0]                       ? rest
                                                : "NAME");
    else
        err_set(err, ERR_INVALID,
                "%s:%d: [%.100s] there is no such section; there are [muster], [connection:NAME], "
                "[worker_options], [queue:NAME]",
                section->file, section->line, section->name);
    free(prefix);
    return -1;
}

static int check_section(struct settings_reader *reader, const struct ini_section *section)
{
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        if (is_named(sections[i], section->name))
            return 0;
    }
    if (!reader->is_supervisors_file)
        return refuse_unknown(section, reader->err);
    settings_warn(reader->settings, mem_printf("%s:%d: [%s] is ignored: there is no such section",
                                               section->file, section->line, section->name));
    return 0;
}

int settings_check_sections(struct settings_reader *reader)
{
    for (size_t i = 0; i < reader->ini->section_count; i++) {
        if (check_section(reader, &reader->ini->sections[i]) < 0)
            return -1;
    }
    return 0;
}
