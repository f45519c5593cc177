/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"

#define LOOKERS 16 /* that are woken to see a new earliest job */

void wake_init(struct wake *wake, const char *database)
{
    *wake = (struct wake){.directory = mem_printf("%s-wake", database), .fd = -1};
    for (size_t i = 0; i < WAKE_FDS_MAX; i++)
        wake->fds[i].fd = -1;
}

void wake_finish(struct wake *wake)
{
    for (size_t i = 0; i < WAKE_FDS_MAX; i++) {
        fd_close(&wake->fds[i].fd);
        free(wake->fds[i].queue);
    }
    fd_close(&wake->fd);
    free(wake->queue);
    free(wake->directory);
}

/* Opened for reading too, so that it neither waits for a reader nor dies of the last one's end. */
static int open_fifo(const char *path)
{
    struct stat info;
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode))
        return fd;
    fd_close(&fd);
    return -1;
}

/* --- waiting --- */

/* Who may write the database may wake its workers. */
static mode_t mode_of(const char *database)
{
    struct stat info;
    return stat(database, &info) == 0 ? info.st_mode & 0666 : 0600;
}

static int make_fifo(const char *directory, const char *path, mode_t mode)
{
    mode_t searchable = mode | (mode & 0444) >> 2;
    if (mkdir(directory, searchable) == 0)
        chmod(directory, searchable); /* whatever the umask */
    if (mkfifo(path, mode) == 0)
        return chmod(path, mode);
    return errno == EEXIST ? 0 : -1;
}

static int listen_to(struct wake *wake, const char *database, const char *path, struct err *err)
{
    if (make_fifo(wake->directory, path, mode_of(database)) < 0)
        return err_errno(err, errno, "cannot make the FIFO %s", path);
    wake->fd = open_fifo(path);
    if (wake->fd < 0)
        return err_set(err, ERR_SYSTEM, "%s cannot be opened, or is not a FIFO; remove it", path);
    return wake->fd;
}

int wake_listen(struct wake *wake, const char *database, const char *queue, struct err *err)
{
    if (wake->fd >= 0 && strcmp(wake->queue, queue) == 0)
        return wake->fd;
    fd_close(&wake->fd);
    free(wake->queue);
    wake->queue = mem_strdup(queue);
    char *path = mem_printf("%s/%s", wake->directory, queue);
    int fd = listen_to(wake, database, path, err);
    free(path);
    return fd;
}

bool wake_take(struct wake *wake)
{
    char byte;
    return wake->fd >= 0 && read(wake->fd, &byte, 1) == 1;
}

/* --- waking --- */

static int fd_of(struct wake *wake, const char *queue)
{
    for (size_t i = 0; i < WAKE_FDS_MAX; i++) {
        if (wake->fds[i].fd >= 0 && strcmp(wake->fds[i].queue, queue) == 0)
            return wake->fds[i].fd;
    }
    char *path = mem_printf("%s/%s", wake->directory, queue);
    int fd = open_fifo(path);
    free(path);
    if (fd < 0)
        return -1;
    struct wake_fd *place = &wake->fds[wake->next++ % WAKE_FDS_MAX];
    fd_close(&place->fd);
    free(place->queue);
    *place = (struct wake_fd){.queue = mem_strdup(queue), .fd = fd};
    return fd;
}

void wake_poke(struct wake *wake, const char *queue, size_t fresh, bool has_earlier)
{
    static const char bytes[WAKE_BYTES_MAX];
    int fd = fd_of(wake, queue);
    int waiting = 0;
    if (fd < 0 || ioctl(fd, FIONREAD, &waiting) < 0)
        return;
    size_t wanted = has_earlier && fresh < LOOKERS ? LOOKERS : fresh;
    size_t room = waiting < WAKE_BYTES_MAX ? WAKE_BYTES_MAX - (size_t)waiting : 0;
    if (wanted > room)
        wanted = room;
    if (wanted > 0 && write(fd, bytes, wanted) < 0)
        return; /* full or gone: upkeep is the net */
}
