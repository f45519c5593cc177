/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "common/ini.h"
#include "common/program_compare.h"
#include "common/settings.h"
#include "common/settings_document.h"

static struct settings *load(const char *text)
{
    struct err err = ERR_INIT;
    struct ini *ini = ini_load_text("/etc/s.conf", text, strlen(text), &err);
    struct settings *settings =
        ini ? settings_from_document(ini, "/etc/s.conf", false, &err) : NULL;
    ini_destroy(ini);
    if (!settings)
        fail_msg("%s", err.text);
    return settings;
}

static void put_process(void *context, const char *name, enum process_change change,
                        const char *keys)
{
    static const char *const words[] = {"kept", "adapted", "replaced", "added", "removed"};
    buf_printf(context, "%s %s (%s); ", name, words[change], keys);
}

/* Compares the first groups of two files. */
static void assert_change(const char *before_text, const char *after_text, enum group_change change,
                          const char *processes)
{
    struct settings *before = load(before_text), *after = load(after_text);
    struct buf told;
    buf_init(&told, 65536);
    const struct group_comparison comparison = {put_process, &told};
    assert_int_equal(group_settings_compare(before->supervisor.groups[0],
                                            after->supervisor.groups[0], &comparison),
                     change);
    assert_string_equal(buf_text(&told), processes);
    buf_finish(&told);
    settings_destroy(before);
    settings_destroy(after);
}

#define CAT   "[program:a]\ncommand = cat\n"
#define THREE CAT "process_name = a%(process_num)d\nnumprocs = 3\n"
#define FOUR  CAT "process_name = a%(process_num)d\nnumprocs = 4\n"

static void test_what_is_the_same_is_kept(void **state)
{
    (void)state;
    assert_change(CAT, CAT "startsecs = 1\n", GROUP_KEPT, "");
}

static void test_what_needs_no_new_process_is_adapted(void **state)
{
    (void)state;
    assert_change(CAT, CAT "stopwaitsecs = 3\nstdout_logfile = /x\n", GROUP_ADAPTED,
                  "a adapted (stopwaitsecs, stdout_logfile); ");
    assert_change(CAT, CAT "priority = 5\n", GROUP_ADAPTED, "a adapted (priority); ");
}

static void test_other_settings_replace_the_process(void **state)
{
    (void)state;
    assert_change(CAT, "[program:a]\ncommand = cat -u\nstopwaitsecs = 3\n", GROUP_CHANGED,
                  "a replaced (command, stopwaitsecs); ");
    assert_change("[supervisord]\n" CAT, "[supervisord]\nenvironment = A=1\n" CAT, GROUP_CHANGED,
                  "a replaced ([supervisord] environment); ");
}

static void test_another_number_leaves_the_others_alone(void **state)
{
    (void)state;
    assert_change(THREE, FOUR, GROUP_CHANGED, "a3 added (); ");
    assert_change(FOUR, THREE, GROUP_CHANGED, "a3 removed (); ");
    assert_change(THREE, THREE "numprocs_start = 1\n", GROUP_CHANGED,
                  "a0 removed (); a3 added (); ");
}

static void test_only_processes_whose_own_settings_differ_are_replaced(void **state)
{
    (void)state;
    assert_change("[program:a]\ncommand = cat %(process_num)d\nprocess_name = a%(process_num)d\n"
                  "numprocs = 2\n[program:b]\ncommand = cat\n[group:g]\nprograms = a,b\n",
                  "[program:a]\ncommand = cat %(process_num)d\nprocess_name = a%(process_num)d\n"
                  "numprocs = 2\n[program:b]\ncommand = true\n[group:g]\nprograms = a,b\n",
                  GROUP_CHANGED, "b replaced (command); ");
}

static void test_what_processes_share_replaces_the_group(void **state)
{
    (void)state;
    assert_change("[eventlistener:l]\ncommand = cat\nevents = TICK_5\n",
                  "[eventlistener:l]\ncommand = cat\nevents = TICK_60\n", GROUP_REPLACED, "");
    assert_change("[eventlistener:l]\ncommand = cat\nevents = TICK_5\n",
                  "[eventlistener:l]\ncommand = cat\nevents = TICK_5\nbuffer_size = 20\n",
                  GROUP_ADAPTED, "");
    assert_change("[fcgi-program:f]\ncommand = cat\nsocket = unix:///x\n",
                  "[fcgi-program:f]\ncommand = cat\nsocket = unix:///y\n", GROUP_REPLACED, "");
    assert_change("[fcgi-program:f]\ncommand = cat\nsocket = unix:///x\n",
                  "[program:f]\ncommand = cat\n", GROUP_REPLACED, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_the_same_is_kept),
        cmocka_unit_test(test_what_needs_no_new_process_is_adapted),
        cmocka_unit_test(test_other_settings_replace_the_process),
        cmocka_unit_test(test_another_number_leaves_the_others_alone),
        cmocka_unit_test(test_only_processes_whose_own_settings_differ_are_replaced),
        cmocka_unit_test(test_what_processes_share_replaces_the_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
