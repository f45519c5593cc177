/* SPDX-License-Identifier: MIT */
#include "supervisor/scaling/orders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "supervisor/master.h"
#include "supervisor/scaling/host_document.h"

#define NAME      "scaling-orders"
#define FILE_MAX  (1u << 20)
#define FILE_MODE 0644

static char *path_of(const struct scaling *scaling, const char *suffix)
{
    return mem_printf("%s/" NAME "%s", scaling->master->settings->muster.datadir, suffix);
}

static int write_whole(const char *path, const char *text, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return err_errno(err, errno, "cannot open %s", path);
    int result = fd_write_all(fd, text, strlen(text)) == 0
                     ? 0
                     : err_errno(err, errno, "cannot write %s", path);
    close(fd);
    return result;
}

/* The old file stays where the new one cannot be written as a whole. */
static int replace(const char *path, const char *beside, const char *text, struct err *err)
{
    if (write_whole(beside, text, err) == 0) {
        if (rename(beside, path) == 0)
            return 0;
        err_errno(err, errno, "cannot replace %s", path);
    }
    unlink(beside);
    return -1;
}

void orders_save(const struct scaling *scaling)
{
    struct err err = ERR_INIT;
    cJSON *document = host_document_orders(scaling);
    char *text = cJSON_PrintUnformatted(document);
    char *path = path_of(scaling, ""), *beside = path_of(scaling, ".new");
    if (replace(path, beside, text, &err) < 0)
        log_write(LOG_WARN, "scaling: orders will not outlive musterd: %s", err.text);
    free(path);
    free(beside);
    cJSON_free(text);
    cJSON_Delete(document);
}

void orders_restore(struct scaling *scaling)
{
    char *text, *path = path_of(scaling, "");
    size_t length;
    struct err err = ERR_INIT;
    cJSON *document = NULL;
    if (fd_read_file(path, FILE_MAX, &text, &length, &err) == 0) {
        document = json_parse(text, length, &err);
        free(text);
    }
    if (document)
        host_document_hear_orders(scaling, document);
    else if (err.code != ERR_NOT_FOUND)
        log_write(LOG_WARN, "scaling: orders are forgotten: %s: %s", path, err.text);
    cJSON_Delete(document);
    free(path);
}
