/* SPDX-License-Identifier: MIT */
#include "common/ini.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/fd.h"
#include "common/ini_document.h"
#include "common/mem.h"
#include "common/path.h"

#define DEFAULT_SECTION "DEFAULT"
#define INCLUDE_SECTION "include"

/* Room for one more in an array that grows by doubling: its size is the next power of two. */
static void *grow(void *items, size_t count, size_t size)
{
    bool is_full = (count & (count - 1)) == 0;
    return is_full ? mem_resize(items, count ? count * 2 : 1, size) : items;
}

const char *ini_own(struct ini *ini, char *text)
{
    ini->strings = grow(ini->strings, ini->string_count, sizeof *ini->strings);
    ini->strings[ini->string_count++] = text;
    return text;
}

static void warn(struct ini *ini, char *text)
{
    ini->warnings = grow(ini->warnings, ini->warning_count, sizeof *ini->warnings);
    ini->warnings[ini->warning_count++] = text;
}

static struct ini_section *find_section(const struct ini *ini, const char *name)
{
    for (size_t i = 0; i < ini->section_count; i++) {
        if (strcmp(ini->sections[i].name, name) == 0)
            return &ini->sections[i];
    }
    return NULL;
}

static struct ini_key *find_key(const struct ini_section *section, const char *name)
{
    for (size_t i = 0; i < section->key_count; i++) {
        if (strcmp(section->keys[i].name, name) == 0)
            return &section->keys[i];
    }
    return NULL;
}

const struct ini_section *ini_section(const struct ini *ini, const char *name)
{
    return find_section(ini, name);
}

const struct ini_key *ini_key(const struct ini_section *section, const char *name)
{
    return find_key(section, name);
}

int ini_open_section(struct ini *ini, const char *name, const char *file, int line, size_t *index,
                     struct err *err)
{
    struct ini_section *section = find_section(ini, name);
    if (!section) {
        if (ini->section_count == INI_SECTIONS_MAX)
            return err_set(err, ERR_LIMIT, "%s:%d: more than %d sections", file, line,
                           INI_SECTIONS_MAX);
        ini->sections = grow(ini->sections, ini->section_count, sizeof *ini->sections);
        section = &ini->sections[ini->section_count++];
        *section = (struct ini_section){.name = name, .file = file, .line = line};
    }
    *index = (size_t)(section - ini->sections);
    return 0;
}

static int append_key(struct ini *ini, struct ini_section *section, const struct ini_key *key,
                      struct err *err)
{
    if (ini->key_count == INI_KEYS_MAX)
        return err_set(err, ERR_LIMIT, "%s:%d: more than %d keys", key->file, key->line,
                       INI_KEYS_MAX);
    section->keys = grow(section->keys, section->key_count, sizeof *section->keys);
    section->keys[section->key_count++] = *key;
    ini->key_count++;
    return 0;
}

int ini_put(struct ini *ini, size_t section, const struct ini_key *key, struct err *err)
{
    struct ini_key *old = find_key(&ini->sections[section], key->name);
    if (!old)
        return append_key(ini, &ini->sections[section], key, err);
    *old = *key;
    return 0;
}

/* Gives all sections the keys of [DEFAULT] that they do not have, and drops that section. */
static int spread_defaults(struct ini *ini, struct err *err)
{
    struct ini_section *found = find_section(ini, DEFAULT_SECTION);
    if (!found)
        return 0;
    struct ini_section defaults = *found;
    size_t behind = ini->section_count - (size_t)(found - ini->sections) - 1;
    memmove(found, found + 1, behind * sizeof *found);
    ini->section_count--;
    ini->key_count -= defaults.key_count;
    int result = 0;
    for (size_t i = 0; i < ini->section_count; i++) {
        for (size_t k = 0; k < defaults.key_count && result == 0; k++) {
            struct ini_key key = defaults.keys[k];
            key.is_default = true;
            if (!find_key(&ini->sections[i], key.name))
                result = append_key(ini, &ini->sections[i], &key, err);
        }
    }
    free(defaults.keys);
    return result;
}

static int read_file(struct ini *ini, const char *path, struct err *err)
{
    char *text;
    size_t length;
    if (++ini->file_count > INI_FILES_MAX + 1)
        return err_set(err, ERR_LIMIT, "%s: more than %d files are included", path, INI_FILES_MAX);
    if (fd_read_file(path, INI_FILE_MAX, &text, &length, err) < 0)
        return -1;
    int result = ini_read_text(ini, ini_own(ini, mem_strdup(path)), text, length, err);
    free(text);
    return result;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Reads the files that match one pattern, sorted by name as in Python. */
static int include_pattern(struct ini *ini, const char *directory, const char *pattern,
                           struct err *err)
{
    char *path = path_resolve(directory, pattern);
    glob_t found;
    int status = glob(path, GLOB_NOSORT | GLOB_NOESCAPE, NULL, &found);
    int result = 0;
    if (status == GLOB_NOMATCH)
        warn(ini, mem_printf("[include] no file matches %s", path));
    else if (status != 0)
        result = err_set(err, ERR_SYSTEM, "[include] files: cannot look for %s", path);
    free(path);
    if (status != 0)
        return result;
    qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, compare_paths);
    for (size_t i = 0; i < found.gl_pathc && result == 0; i++)
        result = read_file(ini, found.gl_pathv[i], err);
    globfree(&found);
    return result;
}

static char *expand_patterns(const struct ini_key *files, const char *directory, struct err *err)
{
    struct utsname host;
    uname(&host);
    const struct ini_variable variables[] = {{.name = "here", .value = directory},
                                             {.name = "host_node_name", .value = host.nodename}};
    char *patterns = ini_expand(files->value, variables, 2, err);
    if (!patterns)
        err_prefix(err, "%s:%d: [include] files", files->file, files->line);
    return patterns;
}

static int include_files(struct ini *ini, const char *path, struct err *err)
{
    const struct ini_section *section = find_section(ini, INCLUDE_SECTION);
    if (!section)
        return 0;
    const struct ini_key *files = find_key(section, "files");
    if (!files)
        return err_set(err, ERR_INVALID,
                       "%s:%d: [include] names no files; write files = conf.d/*.ini", section->file,
                       section->line);
    char *directory = path_directory(path);
    char *patterns = expand_patterns(files, directory, err);
    int result = patterns ? 0 : -1;
    char *rest = NULL;
    for (char *pattern = patterns ? strtok_r(patterns, " \t\r\n", &rest) : NULL;
         pattern && result == 0; pattern = strtok_r(NULL, " \t\r\n", &rest))
        result = include_pattern(ini, directory, pattern, err);
    free(patterns);
    free(directory);
    return result;
}

static struct ini *finished(struct ini *ini, int result)
{
    if (result == 0)
        return ini;
    ini_destroy(ini);
    return NULL;
}

struct ini *ini_load(const char *path, struct err *err)
{
    struct ini *ini = mem_new(1, sizeof *ini);
    int result = read_file(ini, path, err);
    if (result == 0)
        result = include_files(ini, path, err);
    if (result == 0)
        result = spread_defaults(ini, err);
    return finished(ini, result);
}

static int refuse_include(const struct ini *ini, struct err *err)
{
    const struct ini_section *section = find_section(ini, INCLUDE_SECTION);
    if (!section)
        return 0;
    return err_set(err, ERR_INVALID, "%s:%d: [include] is only for files", section->file,
                   section->line);
}

struct ini *ini_load_text(const char *name, const char *text, size_t length, struct err *err)
{
    struct ini *ini = mem_new(1, sizeof *ini);
    int result = length > INI_FILE_MAX
                     ? err_set(err, ERR_LIMIT, "%s is larger than %u bytes", name, INI_FILE_MAX)
                     : ini_read_text(ini, ini_own(ini, mem_strdup(name)), text, length, err);
    if (result == 0)
        result = refuse_include(ini, err);
    if (result == 0)
        result = spread_defaults(ini, err);
    return finished(ini, result);
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

void ini_destroy(struct ini *ini)
{
    if (!ini)
        return;
    for (size_t i = 0; i < ini->section_count; i++)
        free(ini->sections[i].keys);
    free(ini->sections);
    free_texts(ini->warnings, ini->warning_count);
    free_texts(ini->strings, ini->string_count);
    free(ini);
}
