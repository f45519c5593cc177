/* SPDX-License-Identifier: MIT */
#include "drivers/memory/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"

#define FORMAT      INT64_C(0x4d454d5354523031) /* "MEMSTR01" */
#define FILE_MAX    ((size_t)4 << 30)
#define GARBAGE_MAX ((size_t)16 << 20)
#define PAUSE_NS    200000

/* --- memory --- */

void *memory_new(struct store *store, size_t size)
{
    store->garbage += size;
    return memset(arena_alloc(&store->arena, size), 0, size);
}

const char *memory_copy(struct store *store, const char *text)
{
    if (!text)
        return NULL;
    size_t length = strlen(text);
    store->garbage += length + 1;
    return arena_strndup(&store->arena, text, length);
}

void table_add(struct table *table, void *item)
{
    if (table->count == table->capacity) {
        table->capacity = table->capacity ? 2 * table->capacity : 64;
        table->items = mem_resize(table->items, table->capacity, sizeof *table->items);
    }
    table->items[table->count++] = item;
}

static void forget(struct store *store)
{
    store->version = 0;
    store->last_number = 0;
    store->garbage = 0;
    store->jobs.count = store->batches.count = store->notes.count = 0;
    arena_reset(&store->arena);
}

/* --- what a file consists of: the same list of members writes and reads it --- */

struct io {
    struct buf *out; /* NULL: it is read */
    const char *at, *end;
    struct arena *arena;
    bool is_broken;
};

static void io_bytes(struct io *io, void *bytes, size_t length)
{
    if (io->out) {
        io->is_broken = io->is_broken || buf_append(io->out, bytes, length) < 0;
    } else if ((size_t)(io->end - io->at) < length) {
        io->is_broken = true;
    } else {
        memcpy(bytes, io->at, length);
        io->at += length;
    }
}

static void io_number(struct io *io, int64_t *number)
{
    io_bytes(io, number, sizeof *number);
}

static void io_text(struct io *io, const char **text)
{
    int64_t length = io->out && *text ? (int64_t)strlen(*text) : -1;
    io_number(io, &length);
    if (length < 0 || io->is_broken)
        return;
    if (io->out) {
        io->is_broken = buf_append(io->out, *text, (size_t)length) < 0;
    } else if (io->end - io->at < length) {
        io->is_broken = true;
    } else {
        *text = arena_strndup(io->arena, io->at, (size_t)length);
        io->at += length;
    }
}

static void io_job(struct io *io, struct record *record)
{
    int64_t *const numbers[] = {
        &record->place,     &record->number,       &record->priority,      &record->attempts,
        &record->due,       &record->created,      &record->unique_until,  &record->key_until,
        &record->holds_key, &record->is_cancelled, &record->lease_until,   &record->reserved_at,
        &record->progress,  &record->failed_at,    &record->failed_number,
    };
    const char **const texts[] = {
        &record->uuid,  &record->queue,         &record->name,      &record->payload,
        &record->batch, &record->history,       &record->key,       &record->owner,
        &record->cause, &record->progress_text, &record->exception,
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        io_number(io, numbers[i]);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        io_text(io, texts[i]);
}

static void io_batch(struct io *io, struct batch_record *batch)
{
    int64_t *const numbers[] = {
        &batch->number,      &batch->allow_failures, &batch->created, &batch->cancelled_at,
        &batch->finished_at, &batch->total,          &batch->pending, &batch->completed,
        &batch->failed,      &batch->cancelled,
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        io_number(io, numbers[i]);
    io_text(io, &batch->uuid);
    io_text(io, &batch->name);
    for (size_t i = 0; i < CALLBACKS; i++) {
        io_text(io, &batch->callbacks[i]);
        io_number(io, &batch->pushed[i]);
    }
}

static void io_note(struct io *io, struct note_record *note)
{
    io_text(io, &note->kind);
    io_text(io, &note->key);
    io_text(io, &note->value);
    io_text(io, &note->owner);
    io_number(io, &note->expires_at);
    io_number(io, &note->updated_at);
}

/* Makes room for what is to be read. */
static void io_count(struct io *io, struct store *store, struct table *table, size_t size)
{
    int64_t count = (int64_t)table->count;
    io_number(io, &count);
    for (int64_t i = 0; !io->out && !io->is_broken && i < count; i++)
        table_add(table, memory_new(store, size));
}

static void io_store(struct io *io, struct store *store)
{
    int64_t format = FORMAT;
    io_number(io, &format);
    io_number(io, &store->version);
    io_number(io, &store->last_number);
    io->is_broken = io->is_broken || format != FORMAT;
    io_count(io, store, &store->jobs, sizeof(struct record));
    for (size_t i = 0; i < store->jobs.count && !io->is_broken; i++)
        io_job(io, store->jobs.items[i]);
    io_count(io, store, &store->batches, sizeof(struct batch_record));
    for (size_t i = 0; i < store->batches.count && !io->is_broken; i++)
        io_batch(io, store->batches.items[i]);
    io_count(io, store, &store->notes, sizeof(struct note_record));
    for (size_t i = 0; i < store->notes.count && !io->is_broken; i++)
        io_note(io, store->notes.items[i]);
}

/* --- reading and writing --- */

static int read_all(struct store *store, struct err *err)
{
    char *text;
    size_t length;
    struct err cause = ERR_INIT;
    forget(store);
    if (fd_read_file(store->settings->path, FILE_MAX, &text, &length, &cause) < 0)
        return cause.code == ERR_NOT_FOUND ? 0 : err_set(err, cause.code, "%s", cause.text);
    struct io io = {.at = text, .end = text + length, .arena = &store->arena};
    io_store(&io, store);
    free(text);
    store->garbage = 0;
    if (!io.is_broken && io.at == io.end)
        return 0;
    forget(store);
    return err_set(err, ERR_SYSTEM, "%s: the file is damaged; move it away", store->settings->path);
}

/* The version that the file has; 0 where there is none. */
static int64_t version_of_file(const struct store *store)
{
    int64_t head[2] = {0, 0};
    int fd = open(store->settings->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return 0;
    ssize_t got = read(fd, head, sizeof head);
    close(fd);
    return got == (ssize_t)sizeof head ? head[1] : -1;
}

static int write_file(const char *path, const struct buf *out, struct err *err)
{
    char *fresh = mem_printf("%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int result = fd < 0 ? -1 : fd_write_all(fd, buf_text(out), out->length);
    if (result == 0)
        result = rename(fresh, path);
    if (result < 0)
        err_errno(err, errno, "%s", fresh);
    if (fd >= 0)
        close(fd);
    free(fresh);
    return result;
}

static void drop_removed(struct table *jobs)
{
    size_t kept = 0;
    for (size_t i = 0; i < jobs->count; i++) {
        if (((const struct record *)jobs->items[i])->place != PLACE_GONE)
            jobs->items[kept++] = jobs->items[i];
    }
    jobs->count = kept;
}

/* A new file takes the place of the old one, so who is killed in the middle has changed nothing. */
static int write_all(struct store *store, struct err *err)
{
    struct buf out;
    buf_init(&out, FILE_MAX);
    drop_removed(&store->jobs);
    store->version++;
    struct io io = {.out = &out};
    io_store(&io, store);
    int result = io.is_broken ? err_set(err, ERR_FULL, "%s: more than 4 GiB", store->settings->path)
                              : write_file(store->settings->path, &out, err);
    buf_finish(&out);
    return result;
}

/* --- transitions --- */

static int lock(const struct store *store, struct err *err)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    int64_t deadline = clock_monotonic_ms(&clock_system) + store->settings->timeout;
    while (flock(store->lock, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return err_errno(err, errno, "%s.lock", store->settings->path);
        if (clock_monotonic_ms(&clock_system) > deadline)
            return err_set(err, ERR_UNAVAILABLE,
                           "%s: other processes held its lock for longer than the timeout of %lld "
                           "ms",
                           store->settings->path, (long long)store->settings->timeout);
        nanosleep(&pause, NULL);
    }
    return 0;
}

int memory_begin(struct store *store, struct err *err)
{
    if (lock(store, err) < 0)
        return -1;
    store->is_changed = false;
    bool is_old = store->version != version_of_file(store) || store->garbage > GARBAGE_MAX;
    if (is_old && read_all(store, err) < 0) {
        flock(store->lock, LOCK_UN);
        return -1;
    }
    store->now = clock_wall_ms(store->clock);
    return 0;
}

int memory_end(struct store *store, int result, struct err *err)
{
    if (result == 0 && store->is_changed)
        result = write_all(store, err);
    if (result < 0)
        forget(store);
    flock(store->lock, LOCK_UN);
    return result;
}

/* --- opening --- */

int memory_open(const struct connection_settings *settings, const struct clock *clock,
                struct store **store, struct err *err)
{
    if (!settings->path[0])
        return err_set(err, ERR_INVALID, "path: unset; write a file, for memory one in /dev/shm");
    char *path = mem_printf("%s.lock", settings->path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int result = fd < 0 ? err_errno(err, errno, "%s", path) : 0;
    free(path);
    if (result < 0)
        return -1;
    *store = mem_new(1, sizeof **store);
    **store = (struct store){.settings = settings, .clock = clock, .lock = fd};
    result = memory_begin(*store, err);
    if (result == 0)
        return memory_end(*store, 0, err);
    memory_close(*store);
    return -1;
}

void memory_close(struct store *store)
{
    if (!store)
        return;
    close(store->lock);
    free(store->jobs.items);
    free(store->batches.items);
    free(store->notes.items);
    arena_finish(&store->arena);
    free(store);
}
