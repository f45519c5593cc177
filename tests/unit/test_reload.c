/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "supervisor/reload.h"

#define BASE                                                                                       \
    "[muster]\ndatadir = /tmp/muster-test\n"                                                       \
    "[connection:database]\npath = /tmp/muster-test/a.db\n"                                        \
    "[connection:other]\npath = /tmp/muster-test/b.db\n"                                           \
    "[queue:emails]\ncommand = true\nconnection = database\n"                                      \
    "[queue:reports]\ncommand = true\nconnection = other\n"

/* The text with one part replaced, as settings. */
static struct settings *parse(const char *find, const char *by)
{
    struct buf text;
    struct err err = ERR_INIT;
    const char *at = find ? strstr(BASE, find) : BASE + strlen(BASE);
    assert_non_null(at);
    buf_init(&text, 65536);
    buf_append(&text, BASE, (size_t)(at - BASE));
    buf_text_append(&text, by);
    buf_text_append(&text, at + (find ? strlen(find) : 0));
    struct settings *settings = settings_parse("test", buf_text(&text), text.length, &err);
    assert_string_equal(err.text, "");
    buf_finish(&text);
    return settings;
}

struct expected {
    bool differs;
    enum queue_change emails, reports;
    const char *unserved; /* or NULL */
    const char *extra;    /* a third queue, or NULL */
    enum queue_change extra_change;
};

static void check_plan(const struct reload_plan *plan, const struct expected *expected)
{
    assert_int_equal(plan->differs, expected->differs);
    assert_int_equal(plan->unserved_count, expected->unserved ? 1 : 0);
    if (expected->unserved)
        assert_string_equal(plan->unserved[0], expected->unserved);
    assert_int_equal(plan->queue_count, expected->extra ? 3 : 2);
    for (size_t i = 0; i < plan->queue_count; i++) {
        const struct reload_queue *queue = &plan->queues[i];
        enum queue_change want = strcmp(queue->name, "emails") == 0    ? expected->emails
                                 : strcmp(queue->name, "reports") == 0 ? expected->reports
                                                                       : expected->extra_change;
        assert_string_equal(reload_change_name(queue->change), reload_change_name(want));
    }
}

static void changed(const char *find, const char *by, struct expected expected)
{
    struct settings *before = parse(NULL, ""), *after = parse(find, by);
    struct reload_plan *plan = reload_compare(before, after);
    check_plan(plan, &expected);
    reload_plan_destroy(plan);
    settings_destroy(before);
    settings_destroy(after);
}

static void test_nothing(void **state)
{
    (void)state;
    changed(NULL, "", (struct expected){false, QUEUE_KEPT, QUEUE_KEPT, NULL, NULL, 0});
}

static void test_one_queue(void **state)
{
    (void)state;
    changed(NULL, "timeout = 7\n",
            (struct expected){true, QUEUE_KEPT, QUEUE_REPLACED, NULL, NULL, 0});
    changed(NULL, "workers = 7\n",
            (struct expected){true, QUEUE_KEPT, QUEUE_RESIZED, NULL, NULL, 0});
    changed(NULL, "workers = 7\ntimeout = 7\n",
            (struct expected){true, QUEUE_KEPT, QUEUE_REPLACED, NULL, NULL, 0});
}

static void test_a_connection_concerns_its_queues(void **state)
{
    (void)state;
    changed("/b.db", "/c.db", (struct expected){true, QUEUE_KEPT, QUEUE_REPLACED, NULL, NULL, 0});
    changed(NULL, "[connection:third]\npath = /tmp/muster-test/c.db\n",
            (struct expected){true, QUEUE_KEPT, QUEUE_KEPT, NULL, NULL, 0});
    changed("connection = database", "connection = other",
            (struct expected){true, QUEUE_REPLACED, QUEUE_KEPT, NULL, NULL, 0});
}

static void test_what_concerns_all(void **state)
{
    (void)state;
    changed("[muster]\n", "[muster]\nstop_timeout = 7\n",
            (struct expected){true, QUEUE_REPLACED, QUEUE_REPLACED, NULL, NULL, 0});
    changed("[muster]\n", "[muster]\nrestart_delay = 7\n",
            (struct expected){true, QUEUE_KEPT, QUEUE_KEPT, NULL, NULL, 0});
    changed("[muster]\n", "[muster]\ndefault = other\n",
            (struct expected){true, QUEUE_KEPT, QUEUE_KEPT, NULL, NULL, 0});
}

static void test_what_takes_a_restart(void **state)
{
    (void)state;
    changed("[muster]\n", "[muster]\nlog_level = debug\n",
            (struct expected){true, QUEUE_KEPT, QUEUE_KEPT, "log_level", NULL, 0});
}

static void test_scaling(void **state)
{
    (void)state;
    changed(NULL, "[auto_scaling]\nmax_memory = 50\n",
            (struct expected){true, QUEUE_KEPT, QUEUE_KEPT, NULL, NULL, 0});
    changed(NULL, "[schedule:night]\nmin_workers = 2\n",
            (struct expected){true, QUEUE_KEPT, QUEUE_KEPT, NULL, NULL, 0});
    changed(NULL, "[auto_scaling]\nmin_workers = 2\n",
            (struct expected){true, QUEUE_RESIZED, QUEUE_RESIZED, NULL, NULL, 0});
}

static void test_monitoring(void **state)
{
    (void)state;
    changed(NULL, "[monitoring]\nmetrics_retention = 30\n",
            (struct expected){true, QUEUE_KEPT, QUEUE_KEPT, NULL, NULL, 0});
    changed(NULL, "[monitoring]\nenabled = no\n",
            (struct expected){true, QUEUE_REPLACED, QUEUE_REPLACED, NULL, NULL, 0});
}

static void test_queues_come_and_go(void **state)
{
    (void)state;
    changed(NULL, "[queue:images]\ncommand = true\n",
            (struct expected){true, QUEUE_KEPT, QUEUE_KEPT, NULL, "images", QUEUE_ADDED});
    changed("[queue:emails]", "[queue:images]",
            (struct expected){true, QUEUE_REMOVED, QUEUE_KEPT, NULL, "images", QUEUE_ADDED});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_one_queue),
        cmocka_unit_test(test_scaling),
        cmocka_unit_test(test_monitoring),
        cmocka_unit_test(test_a_connection_concerns_its_queues),
        cmocka_unit_test(test_what_concerns_all),
        cmocka_unit_test(test_what_takes_a_restart),
        cmocka_unit_test(test_queues_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
