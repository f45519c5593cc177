/* SPDX-License-Identifier: MIT */
#include "common/env_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/command.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/utf8.h"

#define BLANKS  "\t "
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS  "0123456789"

/* One text */

struct reader {
    const char *at;
    int line;
    char **pairs;
    size_t count;
};

static void skip_blanks(struct reader *reader)
{
    reader->at += strspn(reader->at, BLANKS);
}

static bool is_line_end(const char *at)
{
    return *at == '\0' || *at == '\n' || (*at == '\r' && (at[1] == '\n' || at[1] == '\0'));
}

static void skip_line(struct reader *reader)
{
    reader->at += strcspn(reader->at, "\n");
    reader->line += *reader->at == '\n';
    reader->at += *reader->at == '\n';
}

static size_t name_length(const char *text)
{
    return strspn(text, LETTERS) > 0 ? strspn(text, LETTERS DIGITS) : 0;
}

static char unescape(char letter)
{
    static const char from[] = "ntr", to[] = "\n\t\r";
    const char *found = strchr(from, letter);
    return found ? to[found - from] : letter;
}

/* Behind the opening quote. */
static int read_quoted(struct reader *reader, char quote, struct buf *value, struct err *err)
{
    int begun = reader->line;
    for (; *reader->at != quote; reader->at++) {
        if (*reader->at == '\0')
            return err_set(err, ERR_INVALID, "line %d: there is no closing %c", begun, quote);
        reader->line += *reader->at == '\n';
        if (quote == '"' && *reader->at == '\\' && reader->at[1] &&
            strchr("ntr\\\"$`", reader->at[1])) {
            reader->at++;
            buf_append(value, &(char){unescape(*reader->at)}, 1);
        } else {
            buf_append(value, reader->at, 1);
        }
    }
    reader->at++;
    skip_blanks(reader);
    if (!is_line_end(reader->at) && *reader->at != '#')
        return err_set(err, ERR_INVALID, "line %d: there is something behind the closing %c",
                       reader->line, quote);
    return 0;
}

/* To the line's end, or to a # behind a blank. */
static void read_bare(struct reader *reader, struct buf *value)
{
    const char *begin = reader->at, *end = begin;
    for (; !is_line_end(reader->at); reader->at++) {
        if (*reader->at == '#' && (reader->at == begin || strchr(BLANKS, reader->at[-1])))
            break;
        if (!strchr(BLANKS, *reader->at))
            end = reader->at + 1;
    }
    buf_append(value, begin, (size_t)(end - begin));
}

static int read_value(struct reader *reader, struct buf *value, struct err *err)
{
    skip_blanks(reader);
    char quote = *reader->at;
    if (quote == '\'' || quote == '"') {
        reader->at++;
        return read_quoted(reader, quote, value, err);
    }
    read_bare(reader, value);
    return 0;
}

static void skip_export(struct reader *reader)
{
    static const char word[] = "export";
    size_t length = sizeof word - 1;
    if (strncmp(reader->at, word, length) != 0 || !strchr(BLANKS, reader->at[length]) ||
        reader->at[length] == '\0')
        return;
    const char *name = reader->at + length;
    name += strspn(name, BLANKS);
    if (name_length(name) > 0)
        reader->at = name;
}

static int read_pair(struct reader *reader, struct err *err)
{
    skip_export(reader);
    const char *name = reader->at;
    size_t length = name_length(name);
    reader->at += length;
    skip_blanks(reader);
    if (length == 0 || *reader->at != '=')
        return err_set(err, ERR_INVALID,
                       "line %d: it is not NAME=value; names have letters, digits and _",
                       reader->line);
    reader->at++;
    struct buf value;
    buf_init(&value, ENV_FILE_MAX);
    int result = read_value(reader, &value, err);
    if (result == 0) {
        reader->pairs = mem_resize(reader->pairs, reader->count + 2, sizeof *reader->pairs);
        reader->pairs[reader->count++] = mem_printf("%.*s=%s", (int)length, name, buf_text(&value));
        reader->pairs[reader->count] = NULL;
    }
    buf_finish(&value);
    return result;
}

char **env_file_parse(const char *text, size_t length, struct err *err)
{
    struct reader reader = {.at = text, .line = 1, .pairs = mem_new(1, sizeof(char *))};
    int result = 0;
    if (strlen(text) != length)
        result = err_set(err, ERR_INVALID, "line 1: there is a NUL byte in the file");
    if (strncmp(reader.at, "\xef\xbb\xbf", 3) == 0)
        reader.at += 3;
    while (result == 0 && *reader.at) {
        skip_blanks(&reader);
        if (!is_line_end(reader.at) && *reader.at != '#')
            result = read_pair(&reader, err);
        if (result == 0)
            skip_line(&reader);
    }
    if (result == 0)
        return reader.pairs;
    command_free(reader.pairs);
    return NULL;
}

/* Lists of files */

/* A regular file only: a pipe or a device would be waited for. */
static int read_file(const char *path, char **text, size_t *length, struct err *err)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return err_errno(err, errno, "cannot open %s", path);
    if (!S_ISREG(status.st_mode))
        return err_set(err, ERR_INVALID, "%s is not a plain file", path);
    return fd_read_file(path, ENV_FILE_MAX, text, length, err);
}

static int read_env_file(const char *path, const struct env_sink *sink, struct err *err)
{
    char *text;
    size_t length;
    bool may_be_missing = path[0] == '-';
    path += may_be_missing;
    if (may_be_missing && access(path, F_OK) < 0 && errno == ENOENT)
        return 0;
    if (read_file(path, &text, &length, err) < 0)
        return -1;
    char **pairs = env_file_parse(text, length, err);
    explicit_bzero(text, length);
    free(text);
    if (!pairs)
        return err_prefix(err, "%s", path);
    for (char **pair = pairs; *pair; pair++)
        sink->put(sink->context, *pair);
    free(pairs);
    return 0;
}

static int read_env_source(const char *item, const struct env_sink *sink, struct err *err)
{
    char *text;
    size_t length;
    const char *path = strchr(item, ':') + 1;
    int name = (int)(path - 1 - item);
    if (read_file(path, &text, &length, err) < 0)
        return err_prefix(err, "%.*s", name, item);
    bool has_nul = strlen(text) != length;
    if (!has_nul && length > 0 && text[length - 1] == '\n')
        text[length - 1] = '\0';
    if (!has_nul)
        sink->put(sink->context, mem_printf("%.*s=%s", name, item, text));
    explicit_bzero(text, length);
    free(text);
    return has_nul ? err_set(err, ERR_INVALID, "%.*s: there is a NUL byte in %s", name, item, path)
                   : 0;
}

/* What is done with each item of a list. */
typedef int (*item_function)(const char *item, const struct env_sink *sink, struct err *err);

static int each_item(const char *list, item_function function, const struct env_sink *sink,
                     struct err *err)
{
    int result = 0;
    for (const char *at = list; at && *at && result == 0;) {
        at += strspn(at, BLANKS "\n");
        size_t length = strcspn(at, ","), kept = length;
        while (kept > 0 && strchr(BLANKS "\n", at[kept - 1]))
            kept--;
        char *item = mem_strndup(at, kept);
        result = function(item, sink, err);
        free(item);
        at += length + (at[length] == ',');
    }
    return result;
}

static int check_env_file(const char *item, const struct env_sink *sink, struct err *err)
{
    (void)sink;
    if (item[item[0] == '-'] == '/')
        return 0;
    return err_set(err, ERR_INVALID,
                   "\"%.200s\" is not an absolute path; write /PATH, %%(here)s/PATH, or -/PATH for "
                   "a file that may be missing",
                   item);
}

static int check_env_source(const char *item, const struct env_sink *sink, struct err *err)
{
    (void)sink;
    size_t length = name_length(item);
    if (length > 0 && item[length] == ':' && item[length + 1] == '/')
        return 0;
    return err_set(err, ERR_INVALID,
                   "\"%.200s\" is not NAME:/PATH; write e.g. TOKEN:/run/secrets/token", item);
}

int env_files_check(const char *list, struct err *err)
{
    return each_item(list, check_env_file, NULL, err);
}

int env_files_read(const char *list, const struct env_sink *sink, struct err *err)
{
    return each_item(list, read_env_file, sink, err);
}

int env_sources_check(const char *list, struct err *err)
{
    return each_item(list, check_env_source, NULL, err);
}

int env_sources_read(const char *list, const struct env_sink *sink, struct err *err)
{
    return each_item(list, read_env_source, sink, err);
}
