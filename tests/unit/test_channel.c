/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/fd.h"

static struct channel master, child;

static int set_up(void **state)
{
    (void)state;
    int down[2], up[2];
    if (fd_pipe(down, NULL) < 0 || fd_pipe(up, NULL) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        fd_set_nonblocking(down[i], true);
        fd_set_nonblocking(up[i], true);
    }
    master = (struct channel){.in = up[0], .out = down[1], .pid = 77, .generation = 5};
    child = (struct channel){.in = down[0], .out = up[1], .pid = 77, .generation = 5};
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    channel_close(&master);
    channel_close(&child);
    return 0;
}

static void test_records_go_both_ways(void **state)
{
    (void)state;
    struct record record = {.type = RECORD_HEARTBEAT, .body.heartbeat = {.processed = 12}}, heard;
    assert_int_equal(channel_send(&child, &record), 0);
    assert_int_equal(channel_receive(&master, &heard), CHANNEL_RECORD);
    assert_int_equal(heard.type, RECORD_HEARTBEAT);
    assert_int_equal(heard.pid, 77);
    assert_int_equal(heard.body.heartbeat.processed, 12);
    assert_int_equal(channel_receive(&master, &heard), CHANNEL_EMPTY);
    record = (struct record){.type = RECORD_DRAIN};
    assert_int_equal(channel_send(&master, &record), 0);
    assert_int_equal(channel_receive(&child, &heard), CHANNEL_RECORD);
    assert_int_equal(heard.type, RECORD_DRAIN);
}

static void test_foreign_outdated_and_torn_records_are_passed_over(void **state)
{
    (void)state;
    struct record record = {.type = RECORD_READY}, heard;
    child.pid = 78;
    channel_send(&child, &record);
    child.pid = 77;
    child.generation = 4;
    channel_send(&child, &record);
    child.generation = 5;
    record.type = RECORD_HEARTBEAT;
    channel_send(&child, &record);
    assert_int_equal(channel_receive(&master, &heard), CHANNEL_RECORD);
    assert_int_equal(heard.type, RECORD_HEARTBEAT);
    memset(&record, 'x', sizeof record);
    assert_int_equal(write(child.out, &record, sizeof record), sizeof record);
    assert_int_equal(write(child.out, &record, 100), 100);
    assert_int_equal(channel_receive(&master, &heard), CHANNEL_EMPTY);
}

static void test_a_full_pipe_drops_and_counts(void **state)
{
    (void)state;
    struct record record = {.type = RECORD_HEARTBEAT};
    unsigned sent = 0;
    while (channel_send(&child, &record) == 0)
        sent++;
    assert_int_equal(child.dropped, 1);
    struct record heard;
    while (channel_receive(&master, &heard) == CHANNEL_RECORD)
        sent--;
    assert_int_equal(sent, 0);
    assert_int_equal(channel_send(&child, &record), 0);
}

static void test_the_end_of_the_other_side_is_told(void **state)
{
    (void)state;
    struct record record = {.type = RECORD_READY}, heard;
    channel_send(&child, &record);
    channel_close(&child);
    assert_int_equal(child.in, -1);
    assert_int_equal(channel_receive(&master, &heard), CHANNEL_RECORD);
    assert_int_equal(channel_receive(&master, &heard), CHANNEL_CLOSED);
    assert_int_equal(channel_send(&master, &record), -1);
    assert_int_equal(master.dropped, 0);
    channel_close(&master);
    assert_int_equal(channel_receive(&master, &heard), CHANNEL_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_records_go_both_ways, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_foreign_outdated_and_torn_records_are_passed_over,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_pipe_drops_and_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_end_of_the_other_side_is_told, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
