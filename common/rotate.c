/* SPDX-License-Identifier: MIT */
#include "common/rotate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/mem.h"

static int move(const char *path, int64_t from, int64_t to, struct err *err)
{
    char *source = from ? mem_printf("%s.%lld", path, (long long)from) : mem_strdup(path);
    char *target = mem_printf("%s.%lld", path, (long long)to);
    int result = 0;
    if (rename(source, target) < 0 && errno != ENOENT)
        result = err_errno(err, errno, "cannot rename %s to %s", source, target);
    free(source);
    free(target);
    return result;
}

int rotate_files(const char *path, int64_t backups, struct err *err)
{
    int result = 0;
    if (backups == 0 && truncate(path, 0) < 0)
        return err_errno(err, errno, "cannot empty %s", path);
    for (int64_t number = backups - 1; number >= 0; number--) {
        struct err later = ERR_INIT;
        if (move(path, number, number + 1, result == 0 ? err : &later) < 0)
            result = -1;
    }
    return result;
}

void rotate_compressed(const char *path, int64_t backups)
{
    for (int64_t number = backups; number > 0; number--) {
        char *source = mem_printf("%s.%lld.gz", path, (long long)number);
        char *target = mem_printf("%s.%lld.gz", path, (long long)number + 1);
        if (number < backups)
            rename(source, target);
        else
            unlink(source);
        free(source);
        free(target);
    }
}
