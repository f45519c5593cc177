/* SPDX-License-Identifier: MIT */
#include "supervisor/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

#include "common/buf.h"
#include "common/fd.h"

#define SNAPSHOT_MAX (16u << 20)

static int fill(int fd, const struct settings *settings, struct err *err)
{
    struct buf text;
    buf_init(&text, SNAPSHOT_MAX);
    int result = settings_print(settings, &text);
    if (result < 0)
        err_set(err, ERR_LIMIT, "the settings are larger than %u MiB", SNAPSHOT_MAX >> 20);
    else if ((result = fd_write_all(fd, buf_data(&text), text.length)) < 0)
        err_errno(err, errno, "cannot write the settings to memory");
    buf_finish(&text);
    return result;
}

int snapshot_create(const struct settings *settings, struct err *err)
{
    int fd = memfd_create("muster-settings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return err_errno(err, errno, "cannot make memory for the settings");
    int result = fill(fd, settings, err);
    if (result == 0) {
        result = fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
        if (result < 0)
            err_errno(err, errno, "cannot seal the settings");
    }
    if (result < 0)
        fd_close(&fd);
    return fd;
}

int snapshot_open(int snapshot, struct err *err)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", snapshot);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? fd : err_errno(err, errno, "cannot open the settings in memory");
}
