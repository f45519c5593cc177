/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "common/settings.h"
#include "worker/protocol.h"

static struct arena arena;

static int forget(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static struct frame decode(const char *line)
{
    struct frame frame;
    struct err err = ERR_INIT;
    if (protocol_decode(line, strlen(line), &arena, &frame, &err) < 0)
        fail_msg("%s: %s", line, err.text);
    return frame;
}

static void refuses(const char *line, const char *text)
{
    struct frame frame;
    struct err err = ERR_INIT;
    assert_int_equal(protocol_decode(line, strlen(line), &arena, &frame, &err), -1);
    assert_string_equal(err.text, text);
}

static void test_hello(void **state)
{
    (void)state;
    struct frame frame = decode("{\"type\":\"hello\",\"version\":1}");
    assert_int_equal(frame.type, FRAME_HELLO);
    assert_int_equal(frame.version, 1);
    assert_int_equal(frame.concurrency, 1);
    assert_int_equal(frame.window, 0);
    assert_null(frame.name);
    assert_null(frame.classes);
    frame = decode("{\"type\":\"hello\",\"version\":2,\"name\":\"muster.py\",\"concurrency\":256,"
                   "\"window\":16,\"unknown\":[1]}");
    assert_int_equal(frame.version, 2);
    assert_string_equal(frame.name, "muster.py");
    assert_int_equal(frame.concurrency, 256);
    assert_int_equal(frame.window, 16);
    refuses("{\"type\":\"hello\"}", "hello: version is missing");
    refuses("{\"type\":\"hello\",\"version\":1,\"concurrency\":0}",
            "hello: concurrency must be a whole number from 1 to 256");
    refuses("{\"type\":\"hello\",\"version\":1,\"window\":257}",
            "hello: window must be a whole number from 0 to 256");
}

static void test_hello_declares_classes(void **state)
{
    (void)state;
    struct frame frame =
        decode("{\"type\":\"hello\",\"version\":1,\"jobs\":[\"App\\\\Jobs\\\\Mail\",{\"job\":\"B\","
               "\"timeout\":1.5,\"max_attempts\":0,\"backoff\":\"linear\",\"backoff_delay\":10,"
               "\"backoff_max\":60},{\"job\":\"*\",\"timeout\":null}]}");
    assert_int_equal(frame.class_count, 3);
    assert_string_equal(frame.classes[0].name, "App\\Jobs\\Mail");
    assert_int_equal(frame.classes[0].timeout_ms, PROTOCOL_UNSET);
    assert_int_equal(frame.classes[0].max_attempts, PROTOCOL_UNSET);
    assert_int_equal(frame.classes[0].backoff, PROTOCOL_UNSET);
    assert_string_equal(frame.classes[1].name, "B");
    assert_int_equal(frame.classes[1].timeout_ms, 1500);
    assert_int_equal(frame.classes[1].max_attempts, 0);
    assert_int_equal(frame.classes[1].backoff, BACKOFF_LINEAR);
    assert_int_equal(frame.classes[1].backoff_delay_ms, 10000);
    assert_int_equal(frame.classes[1].backoff_max_ms, 60000);
    assert_string_equal(frame.classes[2].name, "*");
    assert_int_equal(frame.classes[2].timeout_ms, PROTOCOL_UNSET);
}

#define HELLO(jobs) "{\"type\":\"hello\",\"version\":1,\"jobs\":" jobs "}"

static void test_bad_classes_are_refused(void **state)
{
    (void)state;
    refuses(HELLO("{}"), "hello: jobs must be an array of 1 to 1000 classes");
    refuses(HELLO("[]"), "hello: jobs must be an array of 1 to 1000 classes");
    refuses(HELLO("[7]"),
            "hello: each of jobs must be a name, or an object with one in \"job\", of "
            "1 to 255 bytes");
    refuses(HELLO("[{\"timeout\":1}]"), "hello: each of jobs must be a name, or an object with one "
                                        "in \"job\", of 1 to 255 bytes");
    refuses(HELLO("[{\"job\":\"A\",\"timeout\":-1}]"),
            "hello: A: timeout must be a number from 0 to 604800");
    refuses(HELLO("[{\"job\":\"A\",\"max_attempts\":1.5}]"),
            "hello: A: max_attempts must be a whole number from 0 to 100000");
    refuses(HELLO("[{\"job\":\"A\",\"max_attempts\":\"1\"}]"),
            "hello: A: max_attempts must be a whole number from 0 to 100000");
    refuses(HELLO("[{\"job\":\"A\",\"backoff\":\"cubic\"}]"),
            "hello: A: backoff must be none, fixed, linear or exponential");
}

static void test_done(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{\"type\":\"done\",\"uuid\":\"A1\"}",
        "{\"type\":\"done\",\"uuid\":\"A1\",\"extra\":\"\\\"}\"}",
        "{\"uuid\":\"A1\", \"type\":\"done\"}",
        "{\"type\":\"done\",\"uuid\":\"\\u00411\"}",
        " {\"type\" : \"done\", \"uuid\" : \"A1\" } \r",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct frame frame = decode(lines[i]);
        assert_int_equal(frame.type, FRAME_DONE);
        assert_string_equal(frame.uuid, "A1");
    }
    assert_string_equal(decode("{\"type\":\"done\",\"uuid\":\"a\\\"b\\\\\"}").uuid, "a\"b\\");
    refuses("{\"type\":\"done\"}", "done: uuid is missing");
    refuses("{\"type\":\"done\",\"uuid\":7}", "done: uuid must be a string");
    refuses("{\"type\":\"done\",\"uuid\":\"\"}",
            "done: uuid must be 1 to 64 printable characters without spaces");
    refuses("{\"type\":\"done\",\"uuid\":\"a b\"}",
            "done: uuid must be 1 to 64 printable characters without spaces");
    refuses("{\"type\":\"done\",\"uuid\":\"A\",\"uuid\":\"B\"}",
            "the member \"uuid\" is there twice, again at byte 26");
}

static void test_release(void **state)
{
    (void)state;
    struct frame frame = decode("{\"type\":\"release\",\"uuid\":\"A\"}");
    assert_int_equal(frame.type, FRAME_RELEASE);
    assert_int_equal(frame.delay_ms, PROTOCOL_UNSET);
    assert_int_equal(decode("{\"type\":\"release\",\"uuid\":\"A\",\"delay\":0}").delay_ms, 0);
    assert_int_equal(decode("{\"type\":\"release\",\"uuid\":\"A\",\"delay\":0.0015}").delay_ms, 2);
    assert_int_equal(decode("{\"type\":\"release\",\"uuid\":\"A\",\"delay\":2.5}").delay_ms, 2500);
    refuses("{\"type\":\"release\",\"uuid\":\"A\",\"delay\":-1}",
            "release: delay must be from 0 to 316224000 seconds");
    refuses("{\"type\":\"release\",\"uuid\":\"A\",\"delay\":1e99}",
            "release: delay must be from 0 to 316224000 seconds");
    refuses("{\"type\":\"release\",\"uuid\":\"A\",\"delay\":\"5\"}",
            "release: delay must be a number");
}

static void test_fail(void **state)
{
    (void)state;
    struct frame frame =
        decode("{\"type\":\"fail\",\"uuid\":\"A\",\"exception\":\"Err: é\\n at x\"}");
    assert_int_equal(frame.type, FRAME_FAIL);
    assert_string_equal(frame.exception, "Err: é\n at x");
    assert_true(frame.retry);
    assert_int_equal(frame.delay_ms, PROTOCOL_UNSET);
    frame =
        decode("{\"type\":\"fail\",\"uuid\":\"A\",\"exception\":\"\",\"retry\":false,\"delay\":3}");
    assert_false(frame.retry);
    assert_int_equal(frame.delay_ms, 3000);
    refuses("{\"type\":\"fail\",\"uuid\":\"A\"}", "fail: exception is missing");
    refuses("{\"type\":\"fail\",\"uuid\":\"A\",\"exception\":\"\",\"retry\":1}",
            "fail: retry must be true or false");
}

static void test_progress_log_and_pong(void **state)
{
    (void)state;
    struct frame frame = decode("{\"type\":\"progress\",\"uuid\":\"A\",\"progress\":33.5}");
    assert_int_equal(frame.type, FRAME_PROGRESS);
    assert_true(frame.progress == 33.5);
    assert_null(frame.message);
    frame = decode("{\"type\":\"progress\",\"uuid\":\"A\",\"progress\":100,\"message\":\"half\"}");
    assert_string_equal(frame.message, "half");
    refuses("{\"type\":\"progress\",\"uuid\":\"A\",\"progress\":100.1}",
            "progress: progress must be from 0 to 100");
    frame = decode("{\"type\":\"log\",\"message\":\"hello\"}");
    assert_int_equal(frame.type, FRAME_LOG);
    assert_null(frame.uuid);
    assert_null(frame.level);
    assert_string_equal(frame.message, "hello");
    frame = decode("{\"type\":\"log\",\"uuid\":\"A\",\"level\":\"warn\",\"message\":\"x\"}");
    assert_string_equal(frame.level, "warn");
    assert_string_equal(frame.uuid, "A");
    refuses("{\"type\":\"log\"}", "log: message is missing");
    assert_int_equal(decode("{\"type\":\"pong\"}").type, FRAME_PONG);
    assert_int_equal(decode("{\"type\":\"leaving\"}").type, FRAME_LEAVING);
}

static void test_push_points_into_the_line(void **state)
{
    (void)state;
    const char *line = "{\"type\":\"push\",\"uuid\":\"A\",\"push\":{\"job\":\"B\",\"data\":{}}}";
    struct frame frame = decode(line);
    assert_int_equal(frame.type, FRAME_PUSH);
    assert_ptr_equal(frame.push.text, strstr(line, "{\"job\""));
    assert_int_equal(frame.push.length, strlen("{\"job\":\"B\",\"data\":{}}"));
    refuses("{\"type\":\"push\",\"uuid\":\"A\"}", "push: push is missing");
    refuses("{\"type\":\"push\",\"uuid\":\"A\",\"push\":[]}", "push: push must be an object");
}

static void test_questions_about_a_batch(void **state)
{
    (void)state;
    struct frame frame = decode("{\"type\":\"batch\",\"uuid\":\"A\"}");
    assert_int_equal(frame.type, FRAME_BATCH);
    assert_null(frame.batch_uuid);
    assert_string_equal(
        decode("{\"type\":\"batch\",\"uuid\":\"A\",\"batch_uuid\":\"B\"}").batch_uuid, "B");
    refuses("{\"type\":\"batch\"}", "batch: uuid is missing");
    refuses("{\"type\":\"batch\",\"uuid\":\"A\",\"batch_uuid\":\"a b\"}",
            "batch: batch_uuid must be 1 to 64 printable characters without spaces");
}

static void test_answers_about_a_batch(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    const struct batch batch = {
        .uuid = "B", .name = "\"x\"", .total = 4, .pending = 1, .completed = 2, .failed = 1};
    assert_int_equal(protocol_encode_batch("A", &batch, &out), 0);
    assert_string_equal(
        buf_text(&out),
        "{\"type\":\"batch\",\"uuid\":\"A\",\"batch_uuid\":\"B\",\"name\":\"\\\"x\\\"\",\"state\":"
        "\"running\",\"total\":4,\"completed\":2,\"failed\":1,\"pending\":1,\"cancelled\":0,"
        "\"progress_percentage\":50.0,\"success_rate\":66.7}\n");
    buf_clear(&out);
    assert_int_equal(protocol_encode_batch_error("A", "no such", &out), 0);
    assert_string_equal(buf_text(&out),
                        "{\"type\":\"batch\",\"uuid\":\"A\",\"error\":\"no such\"}\n");
    buf_finish(&out);
}

static void test_what_is_no_frame_is_refused(void **state)
{
    (void)state;
    refuses("", "not JSON: no object at byte 0");
    refuses("hello", "not JSON: no object at byte 0");
    refuses("{}", "type is missing");
    refuses("{\"type\":1}", "there is no frame of type 1");
    refuses("{\"type\":\"Done\",\"uuid\":\"A\"}", "there is no frame of type \"Done\"");
    refuses("{\"type\":\"done\",\"uuid\":\"A\"}}",
            "not JSON: something after the value at byte 26");
}

static struct job example(void)
{
    static const char data[] = "{\"to\":\"a@b.c\",\"n\":10.0}";
    return (struct job){
        .uuid = "B0abc",
        .queue = "emails",
        .name = "App\\Jobs\\Mail",
        .data = {data, sizeof data - 1, JSON_OBJECT},
        .attempts = 2,
        .created_at_ms = 1795494243007,
    };
}

static void test_a_job_is_one_line(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 10000);
    struct job job = example();
    assert_int_equal(protocol_encode_job(&job, 90000, 3, &out), 0);
    assert_string_equal(
        buf_text(&out),
        "{\"type\":\"job\",\"uuid\":\"B0abc\",\"job\":\"App\\\\Jobs\\\\Mail\",\"queue\":\"emails\","
        "\"attempts\":2,\"max_attempts\":3,\"timeout\":90,\"priority\":0,\"pushed_at\":1795494243."
        "007,\"data\":{\"to\":\"a@b.c\",\"n\":10.0}}\n");
    buf_clear(&out);
    job.batch_uuid = "B\"1";
    job.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    job.priority = -7;
    job.data = (struct json_slice){0};
    assert_int_equal(protocol_encode_job(&job, 1020, 0, &out), 0);
    assert_string_equal(
        buf_text(&out),
        "{\"type\":\"job\",\"uuid\":\"B0abc\",\"job\":\"App\\\\Jobs\\\\Mail\",\"queue\":\"emails\","
        "\"batch_uuid\":\"B\\\"1\",\"traceparent\":\"00-0af7651916cd43dd8448eb211c80319c-"
        "b7ad6b7169203331-01\",\"attempts\":2,\"max_attempts\":0,\"timeout\":1.020,\"priority\":-7,"
        "\"pushed_at\":1795494243.007,\"data\":null}\n");
    buf_finish(&out);
}

/* Whatever the room is, a frame is there as a whole or not at all. */
static void test_a_frame_past_the_cap_leaves_nothing(void **state)
{
    (void)state;
    const struct job job = example();
    struct buf out;
    buf_init(&out, 1000);
    protocol_encode_job(&job, 1, 1, &out);
    size_t needed = out.length;
    for (size_t cap = 1; cap <= needed; cap++) {
        buf_finish(&out);
        buf_init(&out, cap);
        assert_int_equal(protocol_encode_job(&job, 1, 1, &out), cap < needed ? -1 : 0);
        assert_int_equal(out.length, cap < needed ? 0 : needed);
    }
    buf_finish(&out);
    buf_init(&out, 10);
    assert_int_equal(protocol_encode_cancel("A", &out), -1);
    assert_int_equal(protocol_encode_drain(&out), -1);
    assert_int_equal(protocol_encode_ping(&out), -1);
    assert_int_equal(out.length, 0);
    buf_finish(&out);
}

static void test_the_other_frames(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    assert_int_equal(protocol_encode_cancel("A\\", &out), 0);
    assert_int_equal(protocol_encode_drain(&out), 0);
    assert_int_equal(protocol_encode_ping(&out), 0);
    assert_string_equal(buf_text(&out), "{\"type\":\"cancel\",\"uuid\":\"A\\\\\"}\n"
                                        "{\"type\":\"drain\"}\n{\"type\":\"ping\"}\n");
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello),
        cmocka_unit_test(test_hello_declares_classes),
        cmocka_unit_test(test_bad_classes_are_refused),
        cmocka_unit_test(test_done),
        cmocka_unit_test(test_release),
        cmocka_unit_test(test_fail),
        cmocka_unit_test(test_progress_log_and_pong),
        cmocka_unit_test(test_push_points_into_the_line),
        cmocka_unit_test(test_questions_about_a_batch),
        cmocka_unit_test(test_answers_about_a_batch),
        cmocka_unit_test(test_what_is_no_frame_is_refused),
        cmocka_unit_test(test_a_job_is_one_line),
        cmocka_unit_test(test_a_frame_past_the_cap_leaves_nothing),
        cmocka_unit_test(test_the_other_frames),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
