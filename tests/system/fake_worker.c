/* SPDX-License-Identifier: MIT */

/*
 * Stands for muster-worker in the tests of the master alone: speaks the channel, and does what the
 * words of its queue's name say (or $FAKE_MAINTENANCE for the maintenance process), e.g.
 * "boot-exit3-1". What happens is appended to $FAKE_LOG, a line each.
 *
 *   boot     what the next word says happens before it is ready, not after
 *   first    the word behind it counts only for the first start under this queue's name
 *   exitN    exits with status N
 *   crash    kills itself
 *   mute     is never ready
 *   silent   sends no heartbeats
 *   deaf     ignores orders and signals, but KILL
 *   slow     goes on when it is told to drain, until a signal comes
 *   long     the same, for 500 ms
 *   jobs     has two begun attempts on its board
 *   brood    starts children in groups of their own, which ignore TERM and outlive it
 *   flood    sends records without end
 *   torn     sends rubbish, and records of other processes and generations, before it is ready
 *   metrics  (maintenance) tells figures of the first queue
 *   lost     (maintenance) does not confirm the first return
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/board.h"
#include "common/channel.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/settings.h"

#define BEAT_MS 100
#define LONG_MS 500

struct fake {
    const char *queue; /* "maintenance" for that */
    const char *id;
    char *words;
    bool is_maintenance, is_draining, lost_one;
    struct channel channel;
    int signals;
    int64_t end_ms; /* when a long drain is over; 0: none */
    struct settings *settings;
    struct board *board;
};

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void note(const char *format, ...)
{
    const char *path = getenv("FAKE_LOG");
    int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : -1;
    if (fd < 0)
        return;
    va_list args;
    va_start(args, format);
    vdprintf(fd, format, args);
    va_end(args);
    close(fd);
}

static void die(const char *what)
{
    fprintf(stderr, "fake-worker: %s: %s\n", what, strerror(errno));
    exit(99);
}

/* --- words --- */

static const char *word_at(const struct fake *fake, const char *word)
{
    size_t length = strlen(word);
    const char *at = fake->words;
    while (at && *at) {
        if (strncmp(at, word, length) == 0)
            return at + length;
        at = strchr(at, '-');
        at = at ? at + 1 : NULL;
    }
    return NULL;
}

static bool has(const struct fake *fake, const char *word)
{
    return word_at(fake, word) != NULL;
}

/* True once for every queue, whichever process asks. */
static bool is_first(const struct fake *fake)
{
    char *path = mem_printf("%s.first.%s", getenv("FAKE_LOG"), fake->queue);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    free(path);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/* Takes "first-WORD" out where this is not the first start. */
static void forget_first(struct fake *fake)
{
    char *at = strstr(fake->words, "first-");
    if (!at || is_first(fake))
        return;
    char *end = strchr(at + strlen("first-"), '-');
    memset(at, '_', end ? (size_t)(end - at) : strlen(at));
}

static void end_by_words(const struct fake *fake)
{
    const char *status = word_at(fake, "exit");
    if (status)
        exit(atoi(status));
    if (has(fake, "crash"))
        kill(getpid(), SIGKILL);
}

/* --- what it leaves behind --- */

static void start_one(const char *what)
{
    pid_t pid = fork();
    if (pid > 0)
        return;
    setpgid(0, 0);
    signal(SIGTERM, SIG_IGN);
    for (int fd = STDERR_FILENO + 1; fd < 16; fd++)
        close(fd);
    if (fork() == 0)
        what = "grandchild";
    note("%s %d\n", what, (int)getpid());
    for (;;)
        pause();
}

static void note_job(const struct fake *fake, uint32_t slot, const char *uuid, int attempt)
{
    if (fake->board)
        board_begin(fake->board, slot, uuid, attempt, getpid(), clock_monotonic_us(&clock_system));
}

/* --- records --- */

static void send_record(struct fake *fake, enum record_type type)
{
    struct record record = {.type = type};
    if (type == RECORD_HEARTBEAT)
        record.body.heartbeat = (struct heartbeat){
            .status = fake->is_draining ? WORKER_DRAINING : WORKER_BUSY,
            .busy = 1,
            .concurrency = 2,
            .processed = 7,
            .failed = 3,
            .memory = 5 << 20,
            .cpu_us = (uint64_t)clock_monotonic_us(&clock_system) / 2,
        };
    channel_send(&fake->channel, &record);
}

static void send_rubbish(struct fake *fake)
{
    struct record record = {.type = RECORD_READY};
    struct channel other = fake->channel;
    char half[CHANNEL_RECORD_SIZE / 2] = "half a record";
    other.pid++;
    channel_send(&other, &record);
    other = fake->channel;
    other.generation++;
    channel_send(&other, &record);
    record.type = 12345;
    channel_send(&fake->channel, &record);
    if (write(fake->channel.out, half, sizeof half) != (ssize_t)sizeof half ||
        write(fake->channel.out, half, sizeof half) != (ssize_t)sizeof half)
        die("cannot write rubbish");
}

static void send_metrics(struct fake *fake)
{
    struct record record = {.type = RECORD_METRICS};
    record.body.metrics = (struct queue_metrics){
        .settings_generation = fake->settings->generation,
        .ready = 11,
        .reserved = 12,
        .delayed = 13,
        .failed = 14,
        .oldest_ms = 1500,
    };
    channel_send(&fake->channel, &record);
    record.body.metrics.queue = 10000; /* nobody has so many */
    channel_send(&fake->channel, &record);
}

static void confirm(struct fake *fake, const char *owner)
{
    struct record record = {.type = RECORD_RETURNED};
    snprintf(record.body.returned.owner, OWNER_SIZE, "%s", owner);
    record.body.returned.count = 2;
    if (has(fake, "lost") && !fake->lost_one)
        fake->lost_one = true;
    else
        channel_send(&fake->channel, &record);
}

static void drain(struct fake *fake)
{
    note("drain %s %s\n", fake->queue, fake->id);
    if (has(fake, "deaf"))
        return;
    fake->is_draining = true;
    if (has(fake, "long"))
        fake->end_ms = clock_monotonic_ms(&clock_system) + LONG_MS;
    else if (!has(fake, "slow"))
        exit(0);
}

static void obey(struct fake *fake, const struct record *record)
{
    switch (record->type) {
    case RECORD_DRAIN:
    case RECORD_RETIRE:
        drain(fake);
        break;
    case RECORD_REOPEN_LOGS:
        note("reopen %s\n", fake->queue);
        break;
    case RECORD_BEGUN:
        note("begun %s %d\n", record->body.begun.uuid, record->body.begun.attempt);
        break;
    case RECORD_RETURN_OWNER:
        note("return %s %s\n", record->body.dead.owner, record->body.dead.connection);
        confirm(fake, record->body.dead.owner);
        break;
    }
}

/* All that is there. End of file: the master is gone. */
static void listen_to_master(struct fake *fake)
{
    struct record record;
    enum channel_result result;
    while ((result = channel_receive(&fake->channel, &record)) == CHANNEL_RECORD)
        obey(fake, &record);
    if (result != CHANNEL_CLOSED)
        return;
    note("orphaned %s %s\n", fake->queue, fake->id);
    fd_close(&fake->channel.in);
    drain(fake);
}

static void listen_to_signals(struct fake *fake)
{
    struct signalfd_siginfo info;
    if (read(fake->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    note("signal %s %s\n", sigabbrev_np((int)info.ssi_signo), fake->queue);
    if (!has(fake, "deaf"))
        exit(0);
}

/* --- start and loop --- */

static void loop(struct fake *fake)
{
    int64_t beat_ms = 0;
    for (;;) {
        int64_t now = clock_monotonic_ms(&clock_system);
        if (fake->end_ms && now >= fake->end_ms)
            exit(0);
        bool speaks = !has(fake, "mute") && !has(fake, "silent") && !fake->is_maintenance;
        if (speaks && (now >= beat_ms || has(fake, "flood"))) {
            send_record(fake, RECORD_HEARTBEAT);
            beat_ms = now + BEAT_MS;
        }
        struct pollfd fds[] = {{.fd = fake->channel.in, .events = POLLIN},
                               {.fd = fake->signals, .events = POLLIN}};
        if (poll(fds, 2, has(fake, "flood") ? 0 : BEAT_MS) < 0 && errno != EINTR)
            die("poll");
        if (fds[0].revents)
            listen_to_master(fake);
        if (fds[1].revents)
            listen_to_signals(fake);
    }
}

static void open_signals(struct fake *fake)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    fake->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fake->signals < 0)
        die("signalfd");
}

static void read_settings(struct fake *fake, int fd)
{
    struct err err = ERR_INIT;
    char path[32], *text;
    size_t length;
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    if (fd_read_file(path, 1 << 20, &text, &length, &err) == 0)
        fake->settings = settings_parse("settings", text, length, &err);
    if (!fake->settings) {
        fprintf(stderr, "fake-worker: %s\n", err.text);
        exit(98);
    }
    free(text);
}

/* "start QUEUE ID PID GENERATION-OF-SETTINGS DESCRIPTORS" */
static void note_start(const struct fake *fake)
{
    int descriptors = 0;
    for (int fd = 0; fd < 256; fd++)
        descriptors += fcntl(fd, F_GETFD) >= 0;
    note("start %s %s %d %u %d\n", fake->queue, fake->id, (int)getpid(), fake->settings->generation,
         descriptors);
}

static void begin(struct fake *fake, int board_fd)
{
    forget_first(fake);
    if (has(fake, "boot"))
        end_by_words(fake);
    if (has(fake, "torn"))
        send_rubbish(fake);
    struct err err = ERR_INIT;
    fake->board = board_fd >= 0 ? board_open(board_fd, &err) : NULL;
    if (has(fake, "jobs")) {
        note_job(fake, 0, "first-job", 1);
        note_job(fake, 1, "second-job", 2);
    }
    if (has(fake, "brood"))
        start_one("child");
    if (has(fake, "mute"))
        return;
    send_record(fake, RECORD_READY);
    if (fake->is_maintenance && has(fake, "metrics"))
        send_metrics(fake);
    end_by_words(fake);
}

enum { QUEUE, ID, GENERATION, SETTINGS, BOARD, IN, OUT, CALLS, MAINTENANCE };

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"queue", 1, NULL, QUEUE},
        {"id", 1, NULL, ID},
        {"generation", 1, NULL, GENERATION},
        {"settings-fd", 1, NULL, SETTINGS},
        {"board-fd", 1, NULL, BOARD},
        {"channel-in", 1, NULL, IN},
        {"channel-out", 1, NULL, OUT},
        {"calls-fd", 1, NULL, CALLS},
        {"maintenance", 0, NULL, MAINTENANCE},
        {NULL, 0, NULL, 0},
    };
    const char *values[] = {"maintenance", "-", "0", "-1", "-1", "-1", "-1", "-1", NULL};
    for (int found; (found = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
        if (found == '?')
            return 97;
        values[found] = optarg ? optarg : "yes";
    }
    struct fake fake = {
        .queue = values[QUEUE],
        .id = values[ID],
        .is_maintenance = values[MAINTENANCE] != NULL,
        .channel = {.in = atoi(values[IN]),
                    .out = atoi(values[OUT]),
                    .pid = getpid(),
                    .generation = (uint32_t)strtoul(values[GENERATION], NULL, 10)},
    };
    const char *maintenance = getenv("FAKE_MAINTENANCE");
    fake.words = mem_strdup(!fake.is_maintenance ? fake.queue : maintenance ? maintenance : "");
    signal(SIGPIPE, SIG_IGN);
    open_signals(&fake);
    fd_set_nonblocking(fake.channel.in, true);
    fd_set_nonblocking(fake.channel.out, true);
    read_settings(&fake, atoi(values[SETTINGS]));
    note_start(&fake);
    begin(&fake, atoi(values[BOARD]));
    loop(&fake);
}
