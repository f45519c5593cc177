/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ini.h"
#include "common/mem.h"
#include "common/settings.h"
#include "common/settings_document.h"

/* What the values mean is compared with Supervisor itself (test_programs_oracle.py); here are the
 * texts of errors and warnings, and what Supervisor does not have. */
static struct settings *load(const char *text, struct err *err)
{
    struct ini *ini = ini_load_text("/etc/s.conf", text, strlen(text), err);
    struct settings *settings = ini ? settings_from_document(ini, "/etc/s.conf", false, err) : NULL;
    ini_destroy(ini);
    return settings;
}

static void assert_refused(const char *text, const char *message)
{
    struct err err = ERR_INIT;
    assert_null(load(text, &err));
    assert_string_equal(err.text, message);
}

static void assert_warned(const char *text, const char *message)
{
    struct err err = ERR_INIT;
    struct settings *settings = load(text, &err);
    if (!settings)
        fail_msg("%s", err.text);
    assert_int_equal(settings->warning_count, 1);
    assert_string_equal(settings->warnings[0], message);
    settings_destroy(settings);
}

static void test_errors_name_the_place_and_the_cure(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"[program:a]\n", "/etc/s.conf:1: [program:a] command: it is missing; write command = "
                          "PROGRAM ARGUMENTS"},
        {"[program:a]\ncommand = cat\nnumprocs = 2\n",
         "/etc/s.conf:3: [program:a] numprocs: several processes need different names; write "
         "process_name = %(program_name)s_%(process_num)02d"},
        {"[program:a b]\ncommand = cat\n",
         "/etc/s.conf:1: [program:a b] the name a b has a space, a colon or a slash; take it out"},
        {"[program:a]\ncommand = cat\nprocess_name = a/%(process_num)d\n",
         "/etc/s.conf:3: [program:a] the name a/0 has a space, a colon or a slash; take it out"},
        {"[program:a]\ncommand = cat\nstartsec = 2\n",
         "/etc/s.conf:3: [program:a] startsec: there is no such key; did you mean startsecs?"},
        {"[program:a]\ncommand = %(nme)s\n",
         "/etc/s.conf:2: [program:a] command: there is no %(nme)s; the names are here, "
         "host_node_name, program_name, group_name, process_num, numprocs, semicolon, hash, "
         "newline, tab, space, and ENV_X for each environment variable X"},
        {"[program:a]\ncommand = cat\nschedule = 61 * * * *\n",
         "/etc/s.conf:3: [program:a] schedule: minute: no value of this field at \"61 * * * *\"; "
         "write 0 to 59, *, a-b, a,b or */n"},
        {"[program:a]\ncommand = cat\nschedule = @daily\nschedule_timezone = Mars\n",
         "/etc/s.conf:4: [program:a] schedule_timezone: there is no time zone \"Mars\" in "
         "/usr/share/zoneinfo; write one like Europe/Berlin or UTC, or install tzdata"},
        {"[program:a]\ncommand = cat\nsockets = unix:///x\nready = fd:3\n",
         "/etc/s.conf:4: [program:a] ready: that descriptor is one of the sockets; write fd:20"},
        {"[program:a]\ncommand = cat\nsocket_activation = true\n",
         "/etc/s.conf:3: [program:a] socket_activation: there are no sockets; write sockets = "
         "unix:///PATH or tcp://ADDRESS:PORT"},
        {"[program:a]\ncommand = cat\nrlimit_nofile = 2:1\n",
         "/etc/s.conf:3: [program:a] rlimit_nofile: the soft limit of \"2:1\" is above the hard "
         "one"},
        {"[program:a]\ncommand = cat\nionice = 7\n",
         "/etc/s.conf:3: [program:a] ionice: \"7\" is no class of input and output; write idle, "
         "best-effort:0 to 7 or realtime:0 to 7"},
        {"[program:a]\ncommand = cat\nenv_file = common.env\n",
         "/etc/s.conf:3: [program:a] env_file: \"common.env\" is not an absolute path; write "
         "/PATH, %(here)s/PATH, or -/PATH for a file that may be missing"},
        {"[program:a]\ncommand = cat\nstopasgroup = yes\nkillasgroup = no\n",
         "/etc/s.conf:4: [program:a] killasgroup: it cannot be false where stopasgroup is true; "
         "take it out"},
        {"[program:web]\ncommand = cat\n[group:g]\nprograms = wep\n",
         "/etc/s.conf:4: [group:g] programs: there is no program wep; did you mean web?"},
        {"[group:g]\nprograms = zzz\n",
         "/etc/s.conf:2: [group:g] programs: there is no program zzz; add a [program:zzz]"},
        {"[program:a]\ncommand = cat\n[group:g]\nprograms = a, a\n",
         "/etc/s.conf: the group g has two processes called a; give one another process_name"},
        {"[program:a]\ncommand = cat\nnumprocs = 20000\nprocess_name = %(process_num)d\n"
         "[program:b]\ncommand = cat\n",
         "/etc/s.conf:5: [program:b] numprocs: there are more than 20000 processes in all"},
        {"[eventlistener:l]\ncommand = cat\n",
         "/etc/s.conf:1: [eventlistener:l] events: it is missing; write the types of events, e.g. "
         "PROCESS_STATE,TICK_60"},
        {"[eventlistener:l]\ncommand = cat\nevents = TICK_5\nredirect_stderr = yes\n",
         "/etc/s.conf:4: [eventlistener:l] redirect_stderr: standard output of a listener speaks "
         "the event protocol; take it out"},
        {"[fcgi-program:f]\ncommand = cat\nsocket = tcp://x\n",
         "/etc/s.conf:3: [fcgi-program:f] socket: write tcp://HOST:PORT or unix:///PATH"},
        {"[unix_http_server]\n",
         "/etc/s.conf:1: [unix_http_server] file: it is missing; write the path of a socket"},
        {"[inet_http_server]\nport = x\n",
         "/etc/s.conf:2: [inet_http_server] port: there is no port from 1 to 65535; write "
         "HOST:PORT, *:PORT or PORT"},
        {"[inet_http_server]\nport = 1\nusername = u\n",
         "/etc/s.conf:3: [inet_http_server] username: username and password go together; write "
         "both, or neither"},
        {"[inet_http_server]\nport = 1\nreader = r\n",
         "/etc/s.conf:3: [inet_http_server] reader: reader and reader_password go together; write "
         "both, or neither"},
        {"[inet_http_server]\nport = 1\nusername = u\npassword = {SHA}82ab\n",
         "/etc/s.conf:4: [inet_http_server] password: {SHA} is not followed by the 40 hexadecimal "
         "digits of a SHA-1; write those, as sha1sum prints them"},
        {"[supervisord]\nlogfile = auto\n",
         "/etc/s.conf:2: [supervisord] logfile: AUTO is for programs; write a path"},
        {"[rpcinterface:x]\n",
         "/etc/s.conf:1: [rpcinterface:x] supervisor.rpcinterface_factory: it is missing; write "
         "supervisor.rpcinterface:make_main_rpcinterface"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(cases[i][0], cases[i][1]);
}

static void test_warnings(void **state)
{
    (void)state;
    assert_warned("[program:a]\ncommand = cat\nstdout_logfile = syslog\n",
                  "/etc/s.conf:3: [program:a] stdout_logfile: syslog is an old way to write "
                  "stdout_syslog or stderr_syslog = true");
    assert_warned("[program:a]\ncommand = cat\nprocess_name = %(process_num)d\nnumprocs = 3\n"
                  "redirect_stderr = yes\nstderr_logfile = x\n",
                  "/etc/s.conf:6: [program:a] stderr_logfile: it is not used where "
                  "redirect_stderr is true");
    assert_warned("[program:a]\ncommand = cat\nstdout_logfile_maxbytes = 0\n",
                  "/etc/s.conf:1: [program:a] stdout_logfile: an AUTO log that is never rotated "
                  "can fill the disk");
    assert_warned("[program:g]\ncommand = cat\n[program:a]\ncommand = true\n[group:g]\n"
                  "programs = a\npriority = 1\n",
                  "the group g is there twice: the one of priority 999 is ignored");
    assert_warned("[rpcinterface:x]\nsupervisor.rpcinterface_factory = a.b:c\nother = 1\n",
                  "/etc/s.conf:1: [rpcinterface:x] is ignored: musterd cannot load a.b:c");
    assert_warned("[supervisord]\n[program:a]\ncommand = cat\nstartsec = 2\n",
                  "/etc/s.conf:4: [program:a] startsec is ignored: there is no such key");
}

static void test_times_may_have_units_and_fractions(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct settings *settings =
        load("[program:a]\ncommand = cat\nstartsecs = 0.2\nstopwaitsecs = 1m30s\n", &err);
    assert_non_null(settings);
    const struct program_settings *program = settings->supervisor.groups[0]->programs[0].settings;
    assert_int_equal(program->startsecs, 200);
    assert_int_equal(program->stopwaitsecs, 90000);
    settings_destroy(settings);
}

static void test_a_file_of_supervisors_serves_no_queues(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool serves_queues;
    } cases[] = {{"", true},
                 {"[program:a]\ncommand = cat\n", true},
                 {"[supervisord]\n", false},
                 {"[supervisord]\n[queue:a]\n", true},
                 {"[supervisord]\n[muster]\n", true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = ERR_INIT;
        struct settings *settings = load(cases[i].text, &err);
        assert_non_null(settings);
        assert_int_equal(settings->serves_queues, cases[i].serves_queues);
        settings_destroy(settings);
    }
}

static void test_abstract_events_stand_for_others(void **state)
{
    (void)state;
    uint32_t ticks = event_types_expand(EVENT_BIT(EVENT_TICK));
    assert_int_equal(ticks, EVENT_BIT(EVENT_TICK) | EVENT_BIT(EVENT_TICK_5) |
                                EVENT_BIT(EVENT_TICK_60) | EVENT_BIT(EVENT_TICK_3600));
    assert_int_equal(event_types_expand(EVENT_BIT(EVENT_TICK_5)), EVENT_BIT(EVENT_TICK_5));
    assert_int_equal(event_types_expand(EVENT_BIT(EVENT_TYPE_ALL)),
                     EVENT_BIT(EVENT_TYPE_COUNT) - 1);
    assert_true(event_types_expand(EVENT_BIT(EVENT_PROCESS_LOG)) &
                EVENT_BIT(EVENT_PROCESS_LOG_STDERR));
    assert_false(event_types_expand(EVENT_BIT(EVENT_PROCESS_STATE)) &
                 EVENT_BIT(EVENT_PROCESS_LOG_STDERR));
}

/* Those of the programs of a file, which are groups of their own. */
static const struct program_settings *settings_of(const struct settings *settings, const char *name)
{
    const struct supervisor_settings *supervisor = &settings->supervisor;
    for (size_t i = 0; i < supervisor->group_count; i++)
        if (strcmp(supervisor->groups[i]->name, name) == 0)
            return supervisor->groups[i]->programs[0].settings;
    return NULL;
}

static void test_programs_that_are_given_the_same_share_it(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct settings *settings = load("[program:a]\ncommand = cat\nuser = root\n"
                                     "[program:b]\ncommand = tac\n"
                                     "[program:c]\ncommand = sort\nuser = root\n"
                                     "[program:d]\ncommand = uniq\nuser = root\nnumprocs = 2\n"
                                     "process_name = %(process_num)d\n",
                                     &err);
    assert_non_null(settings);
    assert_ptr_equal(settings_of(settings, "a"), settings_of(settings, "c"));
    assert_ptr_not_equal(settings_of(settings, "a"), settings_of(settings, "b"));
    assert_ptr_not_equal(settings_of(settings, "a"), settings_of(settings, "d"));
    assert_string_equal(settings_of(settings, "c")->user, "root");
    assert_string_equal(settings->supervisor.groups[2]->programs[0].processes[0].command, "sort");
    struct group_settings *kept = group_settings_hold(settings->supervisor.groups[0]);
    settings_destroy(settings);
    assert_string_equal(kept->programs[0].settings->user, "root");
    group_settings_release(kept);
}

/* Further ones than the reader remembers. */
static void test_programs_of_many_kinds(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct buf text;
    buf_init(&text, 1 << 16);
    for (int i = 0; i < 40; i++)
        buf_printf(&text, "[program:p%d]\ncommand = cat\npriority = %d\n", i, i % 20);
    struct settings *settings = load(buf_text(&text), &err);
    assert_non_null(settings);
    for (size_t i = 0; i < 40; i++) {
        const struct group_settings *group = settings->supervisor.groups[i];
        assert_int_equal(group->programs[0].settings->priority, i / 2);
    }
    settings_destroy(settings);
    buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors_name_the_place_and_the_cure),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_times_may_have_units_and_fractions),
        cmocka_unit_test(test_a_file_of_supervisors_serves_no_queues),
        cmocka_unit_test(test_abstract_events_stand_for_others),
        cmocka_unit_test(test_programs_that_are_given_the_same_share_it),
        cmocka_unit_test(test_programs_of_many_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
