/* SPDX-License-Identifier: MIT */
#include "supervisor/scaling/diary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"

#define NAME      "scaling-history"
#define SLACK     (64u << 10) /* the last line before it was put aside */
#define FILE_MODE 0644

/* --- Writing --- */

static void put_aside_when_full(int fd, const char *path)
{
    struct stat status;
    if (fstat(fd, &status) < 0 || status.st_size < (off_t)DIARY_MAX)
        return;
    char *aside = mem_printf("%s.1", path);
    rename(path, aside);
    free(aside);
}

/* One write, so that a line is there as a whole or, where the disk is full, not at all. */
static int append(const char *path, const char *line, struct err *err)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return err_errno(err, errno, "cannot open %s", path);
    ssize_t put = write(fd, line, strlen(line));
    int result = put == (ssize_t)strlen(line) ? 0 : err_errno(err, errno, "cannot write %s", path);
    put_aside_when_full(fd, path);
    close(fd);
    return result;
}

int diary_write(const char *datadir, const cJSON *entry, struct err *err)
{
    char *text = cJSON_PrintUnformatted(entry);
    char *line = mem_printf("%s\n", text);
    char *path = mem_printf("%s/" NAME, datadir);
    int result = append(path, line, err);
    free(path);
    free(line);
    cJSON_free(text);
    return result;
}

/* --- Reading --- */

/* What is being read; the newest entries come last, those that are too many go from the front. */
struct reading {
    const char *queue; /* NULL: all */
    size_t limit;
    cJSON *list;
    size_t count;
};

static void take_line(struct reading *reading, const char *line, size_t length)
{
    cJSON *entry = json_parse(line, length, NULL);
    const char *whose = json_get_string(entry, "queue", NULL);
    if (!whose || (reading->queue && strcmp(reading->queue, whose) != 0)) {
        cJSON_Delete(entry);
        return;
    }
    cJSON_AddItemToArray(reading->list, entry);
    if (++reading->count <= reading->limit)
        return;
    cJSON_Delete(cJSON_DetachItemFromArray(reading->list, 0));
    reading->count--;
}

static int read_file(struct reading *reading, const char *path, struct err *err)
{
    char *text;
    size_t length;
    struct err cause = ERR_INIT;
    if (fd_read_file(path, DIARY_MAX + SLACK, &text, &length, &cause) < 0)
        return cause.code == ERR_NOT_FOUND ? 0 : err_set(err, cause.code, "%s", cause.text);
    for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
        take_line(reading, line, (size_t)(end - line));
    free(text);
    return 0;
}

cJSON *diary_read(const char *datadir, const char *queue, size_t limit, struct err *err)
{
    char *path = mem_printf("%s/" NAME, datadir), *aside = mem_printf("%s.1", path);
    struct reading reading = {.queue = queue, .limit = limit, .list = cJSON_CreateArray()};
    if (read_file(&reading, aside, err) < 0 || read_file(&reading, path, err) < 0) {
        cJSON_Delete(reading.list);
        reading.list = NULL;
    }
    free(path);
    free(aside);
    return reading.list;
}
