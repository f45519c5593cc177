/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/compressor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/spawn.h"

#define LOWEST_NICE    19
#define IOPRIO_PROCESS 1
#define IOPRIO_IDLE    (3 << 13)

struct compression {
    struct compressor *compressor;
    struct compression *next;
    struct spawn_child child; /* pid -1: it waits for its turn */
    struct reaper_child reaped;
    int64_t number; /* of the file: PATH.NUMBER */
    int64_t backups;
    char path[];
};

static char *temporary_name(const struct compression *compression)
{
    return mem_printf("%s.gz.tmp", compression->path);
}

static char *source_name(const struct compression *compression)
{
    return mem_printf("%s.%lld", compression->path, (long long)compression->number);
}

static void forget(struct compression *compression)
{
    struct compression **link = &compression->compressor->first;
    while (*link != compression)
        link = &(*link)->next;
    *link = compression->next;
    spawn_close(&compression->child);
    free(compression);
}

/* In the child: nobody is to wait because of it. */
static int yield_to_all(const void *context)
{
    (void)context;
    setpriority(PRIO_PROCESS, 0, LOWEST_NICE);
    syscall(SYS_ioprio_set, IOPRIO_PROCESS, 0, IOPRIO_IDLE);
    return 0;
}

static void begin_next(struct compressor *compressor);

/* The compressed file takes the place of the other, which may have moved on, or be gone. */
static void settle(const struct compression *compression, bool is_done)
{
    char *source = source_name(compression), *temporary = temporary_name(compression);
    char *target = mem_printf("%s.gz", source);
    if (is_done && compression->number <= compression->backups && rename(temporary, target) == 0)
        unlink(source);
    else
        unlink(temporary);
    free(source);
    free(temporary);
    free(target);
}

static void on_ended(struct reaper_child *reaped, int status)
{
    struct compression *compression = reaped->data;
    struct compressor *compressor = compression->compressor;
    bool is_done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    char text[SPAWN_STATUS_SIZE];
    if (!is_done)
        log_write(LOG_WARN, "cannot compress %s.%lld: gzip ended with %s", compression->path,
                  (long long)compression->number, spawn_status_text(status, text));
    settle(compression, is_done);
    forget(compression);
    begin_next(compressor);
}

/* The compressed file may be read by whoever may read the other. */
static int open_files(const struct compression *compression, int files[2])
{
    struct stat status;
    char *source = source_name(compression), *temporary = temporary_name(compression);
    files[1] = -1;
    files[0] = open(source, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (files[0] >= 0 && fstat(files[0], &status) == 0) {
        unlink(temporary);
        files[1] = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    if (files[1] >= 0 && (fchown(files[1], status.st_uid, status.st_gid) == 0 || errno == EPERM))
        fchmod(files[1], status.st_mode & 07777);
    free(source);
    free(temporary);
    return files[1] < 0 ? -1 : 0;
}

static int begin(struct compression *compression)
{
    static char *const argv[] = {"gzip", "-c", NULL};
    int files[2], result = -1;
    struct err err = ERR_INIT;
    if (open_files(compression, files) == 0) {
        const struct spawn_fd fds[] = {{files[0], STDIN_FILENO}, {files[1], STDOUT_FILENO}};
        const struct spawn_request request = {.argv = argv,
                                              .fds = fds,
                                              .fd_count = 2,
                                              .new_group = true,
                                              .kind = SPAWN_UNWATCHED,
                                              .prepare = yield_to_all};
        result = spawn_start(&request, &compression->child, &err);
    } else {
        err_errno(&err, errno, "cannot compress %s.%lld", compression->path,
                  (long long)compression->number);
    }
    fd_close(&files[0]);
    fd_close(&files[1]);
    if (result < 0)
        log_write(LOG_WARN, "%s", err.text);
    return result;
}

static bool runs(const struct compression *compression)
{
    return compression->child.pid > 0;
}

/* Two of one path would share a temporary name. */
static bool may_begin(const struct compression *compression)
{
    size_t running = 0;
    for (const struct compression *one = compression->compressor->first; one; one = one->next) {
        running += runs(one);
        if (runs(one) && strcmp(one->path, compression->path) == 0)
            return false;
    }
    return !runs(compression) && running < COMPRESSIONS_AT_ONCE;
}

static void begin_next(struct compressor *compressor)
{
    for (struct compression *one = compressor->first, *next; one; one = next) {
        next = one->next;
        if (!may_begin(one))
            continue;
        if (begin(one) < 0) {
            forget(one);
            continue;
        }
        one->reaped = (struct reaper_child){.spawned = &one->child, .ended = on_ended, .data = one};
        reaper_watch(compressor->host->reaper, &one->reaped);
    }
}

/* Those that wait for a file which has been moved out of the backups are dropped. */
static void move_on(struct compressor *compressor, const char *path, int64_t backups)
{
    for (struct compression *one = compressor->first, *next; one; one = next) {
        next = one->next;
        if (strcmp(one->path, path) != 0)
            continue;
        one->number++;
        one->backups = backups;
        if (one->number > backups && !runs(one))
            forget(one);
    }
}

void compressor_rotated(struct compressor *compressor, const char *path, int64_t backups)
{
    move_on(compressor, path, backups);
    if (backups == 0)
        return;
    struct compression *compression = mem_new(1, sizeof *compression + strlen(path) + 1);
    compression->compressor = compressor;
    compression->child = (struct spawn_child){.pid = -1, .pidfd = -1, .error_fd = -1};
    compression->number = 1;
    compression->backups = backups;
    strcpy(compression->path, path);
    struct compression **link = &compressor->first;
    while (*link)
        link = &(*link)->next;
    *link = compression;
    begin_next(compressor);
}

void compressor_finish(struct compressor *compressor)
{
    while (compressor->first) {
        struct compression *one = compressor->first;
        if (runs(one)) {
            spawn_signal_group(&one->child, SIGKILL);
            settle(one, false);
        }
        forget(one);
    }
}
