/* SPDX-License-Identifier: MIT */
#include "supervisor/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"

/* -1 where it cannot be opened, and where there is none: nothing is kept without a data directory.
 */
static int open_file(const char *path)
{
    if (!*path)
        return -1;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
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
    cJSON_AddStringToObject(line, "result",
                            entry->result == ERR_NONE ? "ok" : err_code_name(entry->result));
    return line;
}

void audit_write(struct audit *audit, const struct audit_entry *entry)
{
    cJSON *line = make_line(entry);
    char *text = cJSON_PrintUnformatted(line);
    size_t length = strlen(text);
    char *whole = mem_printf("%s\n", text);
    if (audit->fd >= 0 && write(audit->fd, whole, length + 1) != (ssize_t)(length + 1))
        log_write(LOG_ERROR, "the audit log %s cannot be written: %s", audit->path,
                  strerror(errno));
    free(whole);
    feed_put_text(audit->feed, "audit", text);
    cJSON_free(text);
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
