/* SPDX-License-Identifier: MIT */
#include "tests/drivers/suite.h"

#include "queue/metrics_store.h"

#define MINUTE METRICS_MINUTE_MS
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define BEGIN  (20000 * DAY) /* all of this is long ago: only the stores live in the present */
#define RETAIN (30 * DAY)

static struct queue_connection connection_of(struct fixture *fixture, struct store *store)
{
    return (struct queue_connection){.driver = fixture->driver,
                                     .settings = &fixture->settings,
                                     .clock = &clock_system,
                                     .store = store};
}

static void put(struct fixture *fixture, const char *queue, int64_t at_ms, const char *who,
                unsigned count)
{
    struct queue_connection connection = connection_of(fixture, fixture->a);
    struct metrics metrics = {.busy_us = 1000, .capacity_us = 2000, .peak = count};
    for (unsigned i = 0; i < count; i++)
        metrics_count(&metrics, "Test", i % 2 ? METRICS_FAILED : METRICS_PROCESSED, 1000, 50);
    ok(fixture, metrics_write(&connection, queue, at_ms, who, &metrics, &fixture->err));
    metrics_reset(&metrics);
}

static void roll_up(struct fixture *fixture, int64_t now_ms)
{
    struct queue_connection connection = connection_of(fixture, fixture->a);
    ok(fixture, metrics_roll_up(&connection, now_ms, RETAIN, &fixture->err));
}

/* "MINUTE+SPAN:COUNT " for each. */
static void add_text(void *context, int64_t at_ms, int64_t span_ms, const struct metrics *metrics)
{
    char *text = context;
    struct metrics_class total;
    metrics_total(metrics, &total);
    size_t used = strlen(text);
    snprintf(text + used, 1000 - used, "%lld+%lld:%llu ", (long long)((at_ms - BEGIN) / MINUTE),
             (long long)(span_ms / MINUTE), (unsigned long long)total.run.count);
}

static const char *read_text(struct fixture *fixture, const char *queue, int64_t from_ms,
                             int64_t to_ms, int64_t now_ms)
{
    static char text[1000];
    struct queue_connection connection = connection_of(fixture, fixture->b);
    const struct metrics_range range = {from_ms, to_ms, now_ms};
    text[0] = '\0';
    ok(fixture, metrics_read(&connection, queue, &range, add_text, text, &fixture->err));
    return text;
}

static void test_parts_of_a_minute(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "q", BEGIN, "one.1", 3);
    put(fixture, "q", BEGIN + 59999, "two.1", 4);
    put(fixture, "q", BEGIN + MINUTE, "one.2", 5);
    put(fixture, "q-2", BEGIN, "one.1", 9);
    int64_t now = BEGIN + 2 * MINUTE;
    assert_string_equal(read_text(fixture, "q", BEGIN, now, now), "0+1:7 1+1:5 ");
    assert_string_equal(read_text(fixture, "q", BEGIN, BEGIN + MINUTE, now), "0+1:7 ");
    assert_string_equal(read_text(fixture, "q", BEGIN + 1, now, now), "1+1:5 ");
    assert_string_equal(read_text(fixture, "r", BEGIN, now, now), "");
    struct queue_connection connection = connection_of(fixture, fixture->a);
    const struct metrics_range range = {BEGIN, now, now};
    struct metrics sum = {.peak = 1000};
    ok(fixture, metrics_sum(&connection, "q", &range, &sum, &fixture->err));
    assert_int_equal(sum.class_count, 1);
    assert_int_equal(sum.classes[0].processed, 7);
    assert_int_equal(sum.classes[0].failed, 5);
    assert_int_equal(sum.busy_us, 3000);
    assert_int_equal(sum.peak, 5);
    metrics_reset(&sum);
}

static int count_note(void *context, const struct note *note)
{
    (void)note;
    ++*(size_t *)context;
    return 0;
}

static size_t count_notes(struct fixture *fixture, const char *kind)
{
    size_t count = 0;
    ok(fixture, fixture->driver->note_list(fixture->b, kind, "", NULL, 10000, count_note, &count,
                                           &fixture->err));
    return count;
}

static void test_parts_are_summed_up(void **state)
{
    struct fixture *fixture = *state;
    static const char *const queues[] = {"a", "a-b", "a.b", "a0", "b"};
    for (size_t i = 0; i < 5; i++) {
        put(fixture, queues[i], BEGIN, "one.1", 3);
        put(fixture, queues[i], BEGIN, "two.1", 4);
        put(fixture, queues[i], BEGIN + 4 * MINUTE, "one.2", 5);
    }
    int64_t now = BEGIN + 5 * MINUTE;
    roll_up(fixture, now);
    roll_up(fixture, now);
    assert_int_equal(count_notes(fixture, "metrics-part"), 5);
    assert_int_equal(count_notes(fixture, "metrics-minute"), 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(read_text(fixture, queues[i], BEGIN, now, now), "0+1:7 4+1:5 ");
    put(fixture, "a", BEGIN + 4 * MINUTE, "three.1", 1);
    roll_up(fixture, now + 4 * MINUTE);
    assert_string_equal(read_text(fixture, "a", BEGIN, now, now), "0+1:7 4+1:6 ");
    assert_int_equal(count_notes(fixture, "metrics-part"), 0);
}

static void test_hours_and_days(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "q", BEGIN, "one.1", 1);
    put(fixture, "q", BEGIN + HOUR - 1, "one.2", 2);
    put(fixture, "q", BEGIN + HOUR, "one.3", 3);
    roll_up(fixture, BEGIN + HOUR + 3 * MINUTE);
    put(fixture, "q", BEGIN + 25 * HOUR, "one.4", 4);
    int64_t now = BEGIN + 25 * HOUR + 4 * MINUTE;
    roll_up(fixture, now);
    assert_int_equal(count_notes(fixture, "metrics-hour"), 2);
    assert_int_equal(count_notes(fixture, "metrics-day"), 1);
    assert_string_equal(read_text(fixture, "q", BEGIN, now, now), "0+60:3 60+1:3 1500+1:4 ");
    roll_up(fixture, BEGIN + 49 * HOUR);
    now = BEGIN + 49 * HOUR;
    assert_string_equal(read_text(fixture, "q", BEGIN, now, now), "0+60:3 60+60:3 1500+1:4 ");
    now = BEGIN + 10 * DAY - HOUR;
    assert_string_equal(read_text(fixture, "q", BEGIN, now, now), "0+1440:6 1500+60:4 ");
    now = BEGIN + 12 * DAY;
    assert_string_equal(read_text(fixture, "q", BEGIN, now, now), "0+1440:6 1440+1440:4 ");
}

static void test_a_note_that_cannot_be_read(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "q", BEGIN, "one.1", 3);
    const struct note note = {.kind = "metrics-part", .key = "q/0028800000/bad", .value = "[]"};
    ok(fixture, fixture->driver->note_put(fixture->a, &note, &fixture->err));
    int64_t now = BEGIN + 10 * MINUTE;
    assert_string_equal(read_text(fixture, "q", BEGIN, now, now), "0+1:3 ");
    roll_up(fixture, now);
    assert_string_equal(read_text(fixture, "q", BEGIN, now, now), "0+1:3 ");
}

static void test_figures_that_are_too_large(void **state)
{
    struct fixture *fixture = *state;
    struct metrics metrics = {0};
    char name[300];
    for (int i = 0; i < METRICS_CLASSES_MAX - 1; i++) {
        memset(name, '"', sizeof name);
        snprintf(name + 240, sizeof name - 240, "%d", i);
        for (int64_t us = 8; us < HISTOGRAM_MAX_US; us += us / 8)
            metrics_count(&metrics, name, METRICS_PROCESSED, us, us);
    }
    for (int i = 0; i < 10; i++) /* long counts, each 1024 */
        metrics_merge(&metrics, &metrics);
    struct queue_connection connection = connection_of(fixture, fixture->a);
    ok(fixture, metrics_write(&connection, "q", BEGIN, "one.1", &metrics, &fixture->err));
    struct metrics_class total;
    metrics_total(&metrics, &total);
    const struct metrics_range range = {BEGIN, BEGIN + MINUTE, BEGIN + MINUTE};
    ok(fixture, metrics_sum(&connection, "q", &range, &metrics, &fixture->err));
    assert_int_equal(metrics.class_count, 1);
    assert_string_equal(metrics.classes[0].name, METRICS_OTHERS);
    assert_int_equal(metrics.classes[0].processed, total.processed);
    assert_int_equal(metrics.classes[0].run.sum_us, total.run.sum_us);
    metrics_reset(&metrics);
}

static const struct CMUnitTest tests[] = {
    CONFORMANCE(test_parts_of_a_minute),
    CONFORMANCE(test_parts_are_summed_up),
    CONFORMANCE(test_hours_and_days),
    CONFORMANCE(test_a_note_that_cannot_be_read),
    CONFORMANCE(test_figures_that_are_too_large),
};

const struct part part_metrics = PART("metrics", tests);
