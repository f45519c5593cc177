/* SPDX-License-Identifier: MIT */
#include "supervisor/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"

#define OPEN_FLAGS (O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)

char *audit_path(const struct settings *settings)
{
    const char *named = settings->monitoring.audit_log;
    if (named[0])
        return mem_strdup(named);
    return settings->serves_queues ? mem_printf("%s/audit.log", settings->muster.datadir)
                                   : mem_strdup("");
}

/* -1 where it cannot be opened, and where there is none: nothing is kept without a data directory.
 */
static int open_file(const char *path)
{
    if (!*path)
        return -1;
    int fd = open(path, OPEN_FLAGS | O_CREAT, 0640);
    if (fd < 0)
        log_write(LOG_WARN, "the audit log %s cannot be opened: %s", path, strerror(errno));
    return fd;
}

void audit_init(struct audit *audit, const char *path, struct feed *feed)
{
    *audit =
        (struct audit){.path = mem_strdup(path), .remembered = cJSON_CreateArray(), .feed = feed};
    audit->fd = open_file(path);
}

void audit_finish(struct audit *audit)
{
    if (!audit->path)
        return;
    fd_close(&audit->fd);
    cJSON_Delete(audit->remembered);
    free(audit->path);
}

void audit_reopen(struct audit *audit)
{
    int fd = open_file(audit->path);
    if (fd < 0)
        return;
    fd_close(&audit->fd);
    audit->fd = fd;
}

static void put_order(cJSON *line, const cJSON *order)
{
    char *text = order ? cJSON_PrintUnformatted(order) : NULL;
    if (text && strlen(text) <= AUDIT_TEXT_MAX)
        cJSON_AddRawToObject(line, "order", text);
    else
        cJSON_AddNullToObject(line, "order");
    cJSON_free(text);
}

static cJSON *make_line(const struct audit_entry *entry)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddNumberToObject(line, "time", (double)clock_wall_ms(&clock_system));
    cJSON_AddStringToObject(line, "via", entry->via);
    if (entry->uid >= 0)
        cJSON_AddNumberToObject(line, "uid", (double)entry->uid);
    if (entry->user)
        cJSON_AddStringToObject(line, "http_user", entry->user);
    cJSON_AddStringToObject(line, "action", entry->action);
    put_order(line, entry->order);
    const char *failure = entry->failure              ? entry->failure
                          : entry->result != ERR_NONE ? err_code_name(entry->result)
                                                      : "ok";
    cJSON_AddStringToObject(line, "result", failure);
    return line;
}

/* One write a line: those of several processes do not mix. */
static int write_line(int fd, const cJSON *line)
{
    char *text = cJSON_PrintUnformatted(line);
    char *whole = mem_printf("%s\n", text);
    size_t length = strlen(whole);
    int result = write(fd, whole, length) == (ssize_t)length ? 0 : -1;
    free(whole);
    cJSON_free(text);
    return result;
}

void audit_write(struct audit *audit, const struct audit_entry *entry)
{
    cJSON *line = make_line(entry);
    if (audit->fd >= 0 && write_line(audit->fd, line) < 0)
        log_write(LOG_ERROR, "the audit log %s cannot be written: %s", audit->path,
                  strerror(errno));
    feed_put(audit->feed, "audit", line);
    cJSON_AddItemToArray(audit->remembered, line);
    if (cJSON_GetArraySize(audit->remembered) > AUDIT_REMEMBERED)
        cJSON_DeleteItemFromArray(audit->remembered, 0);
}

void audit_describe(const struct audit *audit, int limit, cJSON *list)
{
    int count = cJSON_GetArraySize(audit->remembered);
    for (int i = count - 1; i >= 0 && i >= count - limit; i--)
        cJSON_AddItemToArray(list, cJSON_Duplicate(cJSON_GetArrayItem(audit->remembered, i), true));
}

/* Root makes no file that the daemon's user could not write. */
static void give_to_owner(int fd, const char *path)
{
    struct stat status;
    char *copy = mem_strdup(path);
    if (stat(dirname(copy), &status) == 0 && geteuid() == 0 &&
        fchown(fd, status.st_uid, status.st_gid) < 0)
        log_write(LOG_DEBUG, "%s stays root's: %s", path, strerror(errno));
    free(copy);
}

int audit_append(const char *path, const struct audit_entry *entry, struct err *err)
{
    bool is_new = false;
    int fd = open(path, OPEN_FLAGS);
    if (fd < 0 && errno == ENOENT) {
        fd = open(path, OPEN_FLAGS | O_CREAT, 0640);
        is_new = fd >= 0;
    }
    if (fd < 0)
        return err_errno(err, errno, "cannot open %s", path);
    if (is_new)
        give_to_owner(fd, path);
    cJSON *line = make_line(entry);
    int result = write_line(fd, line);
    if (result < 0)
        err_errno(err, errno, "cannot write to %s", path);
    cJSON_Delete(line);
    fd_close(&fd);
    return result;
}
