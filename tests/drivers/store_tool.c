/* SPDX-License-Identifier: MIT */

/*
 * A store at the end of a pipe, for tests that do things to its server:
 *
 *     store-tool KEY=VALUE…          the keys of [connection:NAME]
 *
 * reads one command a line and answers with one line of JSON: "ok", "ms" (how long it took), and
 * what there is to tell, or "code" and "error".
 *
 *     open                           (at first, and again)
 *     push QUEUE COUNT PREFIX [DELAY_MS [BYTES]]     uuids are PREFIX0, PREFIX1 …
 *     turn OWNER QUEUE COUNT|- [UUID:ATTEMPT:KIND]…  KIND d r u f c, as in enum outcome_kind
 *     extend OWNER LEASE_MS [UUID:ATTEMPT]…
 *     return OWNER
 *     upkeep | stats [QUEUE] | health
 *     wake QUEUE                     asks for the descriptor
 *     await MS                       waits for news on it
 *     step MS                        moves this process's wall clock
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/settings.h"
#include "common/uuid.h"
#include "drivers/drivers.h"

#define WORDS_MAX 2048
#define LINE_MAX  (1u << 20)
#define LEASE_MS  60000

static struct {
    struct connection_settings settings;
    const struct driver *driver;
    struct store *store;
    struct reservation reservation;
    int wake_fd;
    int64_t step_ms; /* of the wall clock */
    struct buf answer;
} tool;

/* --- a clock that can be moved --- */

static int64_t monotonic_us(void *context)
{
    (void)context;
    return clock_monotonic_us(&clock_system);
}

static int64_t wall_ms(void *context)
{
    (void)context;
    return clock_wall_ms(&clock_system) + tool.step_ms;
}

static const struct clock moved_clock = {monotonic_us, wall_ms, NULL};

/* --- words --- */

struct words {
    char *items[WORDS_MAX];
    int count;
};

static void split(char *line, struct words *words)
{
    char *rest = NULL;
    words->count = 0;
    for (char *word = strtok_r(line, " \n", &rest); word && words->count < WORDS_MAX;
         word = strtok_r(NULL, " \n", &rest))
        words->items[words->count++] = word;
}

static const char *word(const struct words *words, int index)
{
    return index < words->count ? words->items[index] : "";
}

/* "UUID:ATTEMPT:KIND" or "UUID:ATTEMPT". */
static struct outcome read_outcome(char *text)
{
    static const char kinds[] = "drufc";
    char *rest = NULL;
    struct outcome outcome = {.lease.uuid = strtok_r(text, ":", &rest)};
    const char *attempt = strtok_r(NULL, ":", &rest);
    const char *kind = strtok_r(NULL, ":", &rest);
    outcome.lease.attempt = attempt ? atoi(attempt) : 0;
    outcome.kind = kind ? (enum outcome_kind)(strchr(kinds, kind[0]) - kinds) : OUTCOME_DONE;
    outcome.exception = "it failed";
    outcome.cause = "exception";
    return outcome;
}

/* --- commands --- */

static int do_open(const struct words *words, struct err *err)
{
    (void)words;
    tool.driver->close(tool.store);
    tool.store = NULL;
    return tool.driver->open(&tool.settings, &moved_clock, &tool.store, err);
}

/* A JSON string of so many bytes. */
static char *make_data(size_t bytes)
{
    char *data = mem_new(bytes + 3, 1);
    memset(data, 'x', bytes + 2);
    data[0] = data[bytes + 1] = '"';
    return data;
}

static int do_push(const struct words *words, struct err *err)
{
    size_t count = strtoul(word(words, 2), NULL, 10);
    char *data = make_data(strtoul(word(words, 5), NULL, 10));
    struct arena arena = {0};
    struct job *jobs = mem_new(count, sizeof *jobs);
    enum push_result *results = mem_new(count, sizeof *results);
    for (size_t i = 0; i < count; i++) {
        char uuid[UUID_TEXT_SIZE];
        int length = snprintf(uuid, sizeof uuid, "%s%zu", word(words, 3), i);
        jobs[i] = (struct job){.uuid = arena_strndup(&arena, uuid, (size_t)length),
                               .queue = word(words, 1),
                               .name = "Test",
                               .data = {data, strlen(data), JSON_STRING},
                               .delay_ms = atoi(word(words, 4))};
    }
    int result = tool.driver->push(tool.store, jobs, count, results, err);
    size_t stored = 0;
    for (size_t i = 0; i < count; i++)
        stored += result == 0 && results[i] == PUSH_STORED;
    buf_printf(&tool.answer, ",\"stored\":%zu", stored);
    arena_finish(&arena);
    free(results);
    free(jobs);
    free(data);
    return result;
}

static void tell_turn(const struct outcome *outcomes, size_t count)
{
    buf_text_append(&tool.answer, ",\"applied\":[");
    for (size_t i = 0; i < count; i++)
        buf_printf(&tool.answer, "%s%s", i ? "," : "", outcomes[i].applied ? "true" : "false");
    buf_text_append(&tool.answer, "],\"jobs\":[");
    for (size_t i = 0; i < tool.reservation.count; i++)
        buf_printf(&tool.answer, "%s[\"%s\",%d]", i ? "," : "", tool.reservation.jobs[i].uuid,
                   tool.reservation.jobs[i].attempts);
    buf_printf(&tool.answer, "],\"next_due\":%" PRId64, tool.reservation.next_due_ms);
}

static int do_turn(const struct words *words, struct err *err)
{
    bool wants = strcmp(word(words, 3), "-") != 0;
    const struct reserve_request request = {.queue = word(words, 2),
                                            .owner = word(words, 1),
                                            .count = strtoul(word(words, 3), NULL, 10),
                                            .lease_ms = LEASE_MS};
    size_t count = words->count > 4 ? (size_t)words->count - 4 : 0;
    struct outcome *outcomes = mem_new(count, sizeof *outcomes);
    for (size_t i = 0; i < count; i++)
        outcomes[i] = read_outcome(words->items[4 + i]);
    tool.reservation.count = 0;
    int result = tool.driver->turn(tool.store, word(words, 1), outcomes, count,
                                   wants ? &request : NULL, wants ? &tool.reservation : NULL, err);
    if (result == 0)
        tell_turn(outcomes, count);
    free(outcomes);
    return result;
}

static int do_extend(const struct words *words, struct err *err)
{
    static const char *const states[] = {"held", "lost", "cancelled"};
    size_t count = words->count > 3 ? (size_t)words->count - 3 : 0;
    struct renewal *renewals = mem_new(count, sizeof *renewals);
    for (size_t i = 0; i < count; i++)
        renewals[i] =
            (struct renewal){.lease = read_outcome(words->items[3 + i]).lease, .progress = -1};
    int result =
        tool.driver->extend(tool.store, word(words, 1), renewals, count, atoi(word(words, 2)), err);
    buf_text_append(&tool.answer, ",\"states\":[");
    for (size_t i = 0; i < count; i++)
        buf_printf(&tool.answer, "%s\"%s\"", i ? "," : "", states[renewals[i].state]);
    buf_text_append(&tool.answer, "]");
    free(renewals);
    return result;
}

static int do_return(const struct words *words, struct err *err)
{
    uint64_t returned = 0;
    int result = tool.driver->return_owner(tool.store, word(words, 1), NULL, 0, &returned, err);
    buf_printf(&tool.answer, ",\"returned\":%" PRIu64, returned);
    return result;
}

static int do_upkeep(const struct words *words, struct err *err)
{
    (void)words;
    struct upkeep upkeep = {0};
    int result = tool.driver->upkeep(tool.store, &upkeep, err);
    buf_printf(&tool.answer, ",\"expired\":%" PRIu64, upkeep.expired);
    return result;
}

static int do_stats(const struct words *words, struct err *err)
{
    struct queue_stats stats = {0};
    const char *queue = words->count > 1 ? words->items[1] : NULL;
    int result = tool.driver->stats(tool.store, queue, &stats, err);
    buf_printf(&tool.answer,
               ",\"pending\":%" PRIu64 ",\"reserved\":%" PRIu64 ",\"delayed\":%" PRIu64
               ",\"failed\":%" PRIu64,
               stats.pending, stats.reserved, stats.delayed, stats.failed);
    return result;
}

static int do_health(const struct words *words, struct err *err)
{
    (void)words;
    struct store_health health = {0};
    int result = tool.driver->health(tool.store, &health, err);
    buf_printf(&tool.answer, ",\"version\":\"%s\",\"total_jobs\":%" PRIu64, health.version,
               health.total_jobs);
    return result;
}

static int do_wake(const struct words *words, struct err *err)
{
    tool.wake_fd = tool.driver->wake_open(tool.store, word(words, 1), err);
    buf_printf(&tool.answer, ",\"fd\":%d", tool.wake_fd);
    return tool.wake_fd < 0 && err->code != ERR_NONE ? -1 : 0;
}

static int do_await(const struct words *words, struct err *err)
{
    (void)err;
    struct pollfd watch = {.fd = tool.wake_fd, .events = POLLIN};
    bool is_woken = poll(&watch, 1, atoi(word(words, 1))) > 0 && tool.driver->wake_read(tool.store);
    buf_printf(&tool.answer, ",\"woken\":%s", is_woken ? "true" : "false");
    return 0;
}

static int do_step(const struct words *words, struct err *err)
{
    (void)err;
    tool.step_ms += strtoll(word(words, 1), NULL, 10);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(const struct words *words, struct err *err);
} commands[] = {
    {"open", do_open},     {"push", do_push},     {"turn", do_turn},   {"extend", do_extend},
    {"return", do_return}, {"upkeep", do_upkeep}, {"stats", do_stats}, {"health", do_health},
    {"wake", do_wake},     {"await", do_await},   {"step", do_step},
};

/* --- the pipe --- */

static int run(const struct words *words, struct err *err)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, word(words, 0)) != 0)
            continue;
        if (!tool.store && commands[i].run != do_open)
            return err_set(err, ERR_UNAVAILABLE, "not open");
        return commands[i].run(words, err);
    }
    return err_set(err, ERR_INVALID, "there is no such command");
}

static void answer(const struct words *words)
{
    struct err err = ERR_INIT;
    int64_t begun_us = clock_monotonic_us(&clock_system);
    buf_clear(&tool.answer);
    int result = run(words, &err);
    double ms = (double)(clock_monotonic_us(&clock_system) - begun_us) / 1000.;
    printf("{\"ok\":%s,\"ms\":%.3f%s", result == 0 ? "true" : "false", ms, buf_text(&tool.answer));
    if (result < 0) {
        struct buf text;
        buf_init(&text, LINE_MAX);
        json_string_append(&text, err.text, strlen(err.text));
        printf(",\"code\":\"%s\",\"error\":%s", err_code_name(err.code), buf_text(&text));
        buf_finish(&text);
    }
    printf("}\n");
    fflush(stdout);
}

static int configure(int argc, char **argv, struct err *err)
{
    tool.settings.name = "test";
    keys_set_defaults(&settings_connection_table, &tool.settings);
    for (int i = 1; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value)
            return err_set(err, ERR_INVALID, "%s: not KEY=VALUE", argv[i]);
        *value++ = '\0';
        if (keys_set(&settings_connection_table, &tool.settings, argv[i], value, err) < 0)
            return -1;
    }
    tool.driver = drivers_find(&tool.settings, err);
    return tool.driver ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    static struct words words;
    char *line = NULL;
    size_t size = 0;
    buf_init(&tool.answer, LINE_MAX);
    if (configure(argc, argv, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    while (getline(&line, &size, stdin) > 0) {
        split(line, &words);
        answer(&words);
    }
    tool.driver->close(tool.store);
    arena_finish(&tool.reservation.arena);
    keys_finish(&settings_connection_table, &tool.settings);
    buf_finish(&tool.answer);
    free(line);
    return 0;
}
