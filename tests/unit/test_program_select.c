/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/ini.h"
#include "common/mem.h"
#include "common/settings.h"
#include "common/settings_document.h"
#include "supervisor/programs/description.h"
#include "supervisor/programs/select.h"

/* Programs that are not started; what is said of them, and what names mean. */
#define NO_LOGS             "stdout_logfile = NONE\nstderr_logfile = NONE\n"
#define PROGRAM(name, more) "[program:" name "]\ncommand = cat\n" NO_LOGS more

static const char text[] =
    "[supervisord]\nnocleanup = true\n" PROGRAM("web", "process_name = web-%(process_num)d\n"
                                                       "numprocs = 2\npriority = 20\n")
        PROGRAM("db", "priority = 10\n") PROGRAM("one", "priority = 7\n")
            PROGRAM("other", "priority = 3\n") "[group:pair]\nprograms = one,other\npriority = 5\n";

struct fixture {
    struct host host;
    struct settings *settings;
    struct programs programs;
};

static int set_up(void **state)
{
    struct err err = ERR_INIT;
    struct fixture *fixture = mem_new(1, sizeof *fixture);
    struct ini *ini = ini_load_text("/etc/s.conf", text, strlen(text), &err);
    fixture->settings = ini ? settings_from_document(ini, "/etc/s.conf", false, &err) : NULL;
    ini_destroy(ini);
    if (!fixture->settings)
        fail_msg("%s", err.text);
    fixture->host =
        (struct host){.loop = ev_loop_new(EVFLAG_NOENV), .clock = &clock_system, .snapshot = -1};
    assert_int_equal(programs_init(&fixture->programs, &fixture->host, fixture->settings, &err), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    programs_finish(&fixture->programs);
    settings_destroy(fixture->settings);
    ev_loop_destroy(fixture->host.loop);
    free(fixture);
    return 0;
}

static void assert_means(void **state, const char *wish, const char *names)
{
    const struct fixture *fixture = *state;
    struct program_list list = {0};
    struct err err = ERR_INIT;
    struct buf told;
    buf_init(&told, 4096);
    enum fault fault = programs_select(&fixture->programs, wish, &list, &err);
    assert_int_equal(fault, names[0] ? FAULT_SUCCESS : FAULT_BAD_NAME);
    for (size_t i = 0; i < list.count; i++) {
        char *name = program_full_name(list.items[i]);
        buf_printf(&told, "%s%s", i ? " " : "", name);
        free(name);
    }
    assert_string_equal(buf_text(&told), names);
    buf_finish(&told);
    program_list_finish(&list);
}

static void test_names_mean_what_they_do_under_supervisor(void **state)
{
    assert_means(state, "db", "db");
    assert_means(state, "db:db", "db");
    assert_means(state, "pair:one", "pair:one");
    assert_means(state, "pair:*", "pair:other pair:one");
    assert_means(state, "pair:", "pair:other pair:one");
    assert_means(state, "all", "pair:other pair:one db web:web-0 web:web-1");
    assert_means(state, "one", "");
    assert_means(state, "web:web-7", "");
    assert_means(state, "", "");
}

static void test_the_name_of_a_group_alone_means_all_of_it(void **state)
{
    assert_means(state, "web", "web:web-0 web:web-1");
    assert_means(state, "pair", "pair:other pair:one");
}

static void test_patterns(void **state)
{
    assert_means(state, "web-*", "web:web-0 web:web-1");
    assert_means(state, "web-[1-9]", "web:web-1");
    assert_means(state, "o*", "pair:other pair:one");
    assert_means(state, "p*:o?e", "pair:one");
    assert_means(state, "*:db", "db");
    assert_means(state, "x*", "");
}

static void test_no_program_is_listed_twice(void **state)
{
    const struct fixture *fixture = *state;
    struct program_list list = {0};
    assert_int_equal(programs_select(&fixture->programs, "web:web-1", &list, NULL), FAULT_SUCCESS);
    assert_int_equal(programs_select(&fixture->programs, "web-*", &list, NULL), FAULT_SUCCESS);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0]->process->name, "web-1");
    program_list_finish(&list);
}

static void test_an_unknown_name_is_told_with_the_nearest(void **state)
{
    const struct fixture *fixture = *state;
    struct err err = ERR_INIT;
    assert_null(programs_find(&fixture->programs, "wev", &err));
    assert_string_equal(err.text, "there is no program wev; did you mean web?");
    assert_string_equal(programs_find(&fixture->programs, "web:web-0", &err)->process->name,
                        "web-0");
}

/* Descriptions */

static void assert_described(struct program *program, int64_t now, const char *description)
{
    struct buf told;
    buf_init(&told, 4096);
    description_put(program, now, &told);
    assert_string_equal(buf_text(&told), description);
    buf_finish(&told);
}

static void test_descriptions(void **state)
{
    const struct fixture *fixture = *state;
    struct err err = ERR_INIT;
    struct program *program = programs_find(&fixture->programs, "db", &err);
    assert_described(program, 5000, "Not started");
    program->state = PROCESS_RUNNING;
    program->child.pid = 4711;
    program->started_wall_ms = 1700000000000;
    assert_described(program, 1700000005999, "pid 4711, uptime 0:00:05");
    assert_described(program, 1699999990000, "pid 4711, uptime 0:00:00");
    assert_described(program, 1700000000000 + 90061000, "pid 4711, uptime 1 day, 1:01:01");
    assert_described(program, 1700000000000 + 2 * 86400000, "pid 4711, uptime 2 days, 0:00:00");
    program->child.pid = -1;
    program->state = PROCESS_FATAL;
    assert_described(program, 0, "unknown error (try \"tail db\")");
    program->spawn_error = mem_strdup("Exited too quickly (process log may have details)");
    assert_described(program, 0, "Exited too quickly (process log may have details)");
    program->state = PROCESS_STARTING;
    assert_described(program, 0, "");
    program->state = PROCESS_EXITED;
    program->stopped_wall_ms = 1700000000000;
    assert_described(program, 0, "Nov 14 10:13 PM");
    program->state = PROCESS_STOPPED;
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_mean_what_they_do_under_supervisor),
        cmocka_unit_test(test_the_name_of_a_group_alone_means_all_of_it),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_no_program_is_listed_twice),
        cmocka_unit_test(test_an_unknown_name_is_told_with_the_nearest),
        cmocka_unit_test(test_descriptions),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
