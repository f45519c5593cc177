/* SPDX-License-Identifier: MIT */
#include "common/cgroup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/mem.h"

#define TEXT_MAX      (1u << 20)
#define CPU_PERIOD_US 100000
#define ESCAPE_DIGITS 3
#define NAME_PREFIX   "program-" /* no file of the kernel's begins so */

/* The end of the line that begins here. */
static const char *line_end(const char *line)
{
    return line + strcspn(line, "\n");
}

static const char *next_line(const char *line)
{
    const char *end = line_end(line);
    return *end ? end + 1 : end;
}

char *cgroup_parse_path(const char *text)
{
    for (const char *line = text; *line; line = next_line(line))
        if (strncmp(line, "0::/", 4) == 0)
            return mem_strndup(line + 3, (size_t)(line_end(line) - line) - 3);
    return NULL;
}

/* The n-th field of a line, from 0, with its escapes (\040) resolved; NULL where there are fewer.
 */
static char *field(const char *line, const char *end, int n)
{
    for (; n > 0; n--) {
        line = memchr(line, ' ', (size_t)(end - line));
        if (!line)
            return NULL;
        line++;
    }
    const char *space = memchr(line, ' ', (size_t)(end - line));
    char *text = mem_strndup(line, (size_t)((space ? space : end) - line)), *to = text;
    for (const char *from = text; *from; to++) {
        char digits[ESCAPE_DIGITS + 1] = "";
        if (*from == '\\')
            memcpy(digits, from + 1, strnlen(from + 1, ESCAPE_DIGITS));
        bool is_escape = strspn(digits, "01234567") == ESCAPE_DIGITS && strcmp(digits, "000") != 0;
        *to = is_escape ? (char)strtol(digits, NULL, 8) : *from;
        from += is_escape ? 1 + ESCAPE_DIGITS : 1;
    }
    *to = '\0';
    return text;
}

/* What of path is below root; NULL where it is not. */
static const char *part_below(const char *root, const char *path)
{
    size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    bool is_below = strncmp(root, path, length) == 0 && (path[length] == '/' || !path[length]);
    if (!is_below || strncmp(path, "/..", 3) == 0)
        return NULL;
    return strcmp(path + length, "/") == 0 ? path + length + 1 : path + length;
}

char *cgroup_parse_mount(const char *mountinfo, const char *path, const char **below)
{
    enum { ROOT = 3, PLACE = 4 };
    static const char type[] = " - cgroup2 ";
    for (const char *line = mountinfo; *line; line = next_line(line)) {
        const char *end = line_end(line);
        if (!memmem(line, (size_t)(end - line), type, sizeof type - 1))
            continue;
        char *root = field(line, end, ROOT), *place = field(line, end, PLACE);
        *below = root && place ? part_below(root, path) : NULL;
        free(root);
        if (*below)
            return place;
        free(place);
    }
    return NULL;
}

bool cgroup_has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = text; at && *at;) {
        size_t own = strcspn(at, " \n");
        if (own == length && strncmp(at, word, length) == 0)
            return true;
        at += own;
        at += strspn(at, " \n");
    }
    return false;
}

uint64_t cgroup_count(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = text; line && *line; line = next_line(line))
        if (strncmp(line, name, length) == 0 && line[length] == ' ' &&
            isdigit((unsigned char)line[length + 1]))
            return strtoull(line + length + 1, NULL, 10);
    return 0;
}

const char *cgroup_cpu_max(int64_t thousandths, char text[CGROUP_CPU_MAX_SIZE])
{
    if (thousandths == 0)
        snprintf(text, CGROUP_CPU_MAX_SIZE, "max %d", CPU_PERIOD_US);
    else
        snprintf(text, CGROUP_CPU_MAX_SIZE, "%" PRId64 " %d", thousandths * (CPU_PERIOD_US / 1000),
                 CPU_PERIOD_US);
    return text;
}

char *cgroup_name(const char *thing)
{
    struct buf name;
    buf_init(&name, TEXT_MAX);
    buf_text_append(&name, NAME_PREFIX);
    for (; *thing; thing++)
        if (*thing == '/' || *thing == '%' || iscntrl((unsigned char)*thing))
            buf_printf(&name, "%%%02X", (unsigned char)*thing);
        else
            buf_printf(&name, "%c", *thing);
    char *text = mem_strdup(buf_text(&name));
    buf_finish(&name);
    return text;
}

bool cgroup_is_name(const char *name)
{
    return strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)) == 0;
}

/* What the machine says */

static char *read_text(const char *path, struct err *err)
{
    char *text;
    size_t length;
    return fd_read_file(path, TEXT_MAX, &text, &length, err) < 0 ? NULL : text;
}

/* The place of the mount, with *below a malloc'd text. */
static char *find(pid_t pid, char **below, struct err *err)
{
    char *file = mem_printf("/proc/%d/cgroup", (int)pid), *place = NULL;
    char *text = read_text(file, err);
    char *mounts = text ? read_text("/proc/self/mountinfo", err) : NULL;
    char *path = mounts ? cgroup_parse_path(text) : NULL;
    const char *rest = NULL;
    if (path)
        place = cgroup_parse_mount(mounts, path, &rest);
    if (place)
        *below = mem_strdup(rest);
    else if (mounts)
        err_set(err, ERR_NOT_FOUND, "no cgroup v2 is mounted that shows our group");
    free(path);
    free(mounts);
    free(text);
    free(file);
    return place;
}

char *cgroup_directory(pid_t pid, struct err *err)
{
    char *below = NULL;
    char *place = find(pid, &below, err);
    char *directory = place ? mem_printf("%s%s", place, below) : NULL;
    free(place);
    free(below);
    return directory;
}

bool cgroup_machine_has(const char *controller)
{
    char *below = NULL;
    char *place = find(getpid(), &below, NULL);
    char *text = place ? cgroup_read(place, "cgroup.controllers") : NULL;
    bool has = cgroup_has_word(text, controller);
    free(text);
    free(place);
    free(below);
    return has;
}

char *cgroup_read(const char *directory, const char *file)
{
    char *path = mem_printf("%s/%s", directory, file);
    char *text = read_text(path, NULL);
    free(path);
    return text;
}

/* Where the kernel knows it, O_NONBLOCK keeps us from waiting for pages that a lower limit frees.
 */
int cgroup_write(const char *directory, const char *file, const char *text)
{
    char *path = mem_printf("%s/%s", directory, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t written = fd >= 0 ? write(fd, text, strlen(text)) : -1;
    int cause = errno;
    fd_close(&fd);
    free(path);
    errno = cause;
    return written < 0 ? -1 : 0;
}
