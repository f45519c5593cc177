/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "common/json.h"
#include "scaler/command.h"

static const struct policy policy = {
    .kind = SCALING_COMMAND, .min = 2, .max = 8, .promise = 30, .up_threshold = 50, .weight = 1};

static void assert_answer(const char *text, int64_t workers, const char *reason)
{
    struct scaling_command_answer answer;
    struct err err = ERR_INIT;
    if (scaling_command_answer(&policy, text, strlen(text), &answer, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    assert_int_equal(answer.workers, workers);
    assert_string_equal(answer.reason, reason);
}

static void assert_refused(const char *text, const char *message)
{
    struct scaling_command_answer answer;
    struct err err = ERR_INIT;
    assert_int_equal(scaling_command_answer(&policy, text, strlen(text), &answer, &err), -1);
    assert_string_equal(err.text, message);
}

static void test_answers(void **state)
{
    (void)state;
    assert_answer("{\"workers\": 5, \"reason\": \"Business hours\"}\n", 5, "Business hours");
    assert_answer("{\"workers\":3,\"more\":[1,2]}", 3, "The scaling command's answer");
    assert_answer("4\n", 4, "The scaling command's answer");
    assert_answer("{\"workers\":6,\"reason\":\"two\\nlines\"}", 6, "two lines");
}

static void test_answers_beyond_the_bounds(void **state)
{
    (void)state;
    assert_answer("1000000", 8,
                  "The scaling command's answer; it asked for 1e+06, max_workers is 8");
    assert_answer("{\"workers\":-3,\"reason\":\"x\"}", 2, "x; it asked for -3, min_workers is 2");
    assert_answer("1e300", 8,
                  "The scaling command's answer; it asked for 1e+300, max_workers is 8");
}

static void test_rubbish(void **state)
{
    (void)state;
    assert_refused("{\"worker\": 5}",
                   "the answer has no number of workers; write {\"workers\": 5}");
    assert_refused("{\"workers\": \"5\"}",
                   "the answer has no number of workers; write {\"workers\": 5}");
    assert_refused("[5]", "not JSON: no object at byte 0");
    assert_refused("{\"workers\": 2.5}", "workers must be a whole number");
    assert_refused("{\"workers\": 5, \"reason\": 7}", "reason must be a string");
    struct scaling_command_answer answer;
    assert_int_equal(scaling_command_answer(&policy, "", 0, &answer, NULL), -1);
    assert_int_equal(scaling_command_answer(&policy, "five", 4, &answer, NULL), -1);
    assert_int_equal(scaling_command_answer(&policy, "{\"workers\":5}x", 14, &answer, NULL), -1);
}

static void test_a_long_reason_is_cut_between_characters(void **state)
{
    (void)state;
    char text[400] = "{\"workers\":5,\"reason\":\"x";
    for (int i = 0; i < 80; i++)
        strcat(text, "ü");
    strcat(text, "\"}");
    struct scaling_command_answer answer;
    assert_int_equal(scaling_command_answer(&policy, text, strlen(text), &answer, NULL), 0);
    assert_int_equal(strlen(answer.reason), 99);
}

static void test_the_figures_are_one_object_under_the_guides_names(void **state)
{
    (void)state;
    struct load_history history = {0};
    const struct load load = {.seconds = 1,
                              .observed = 1,
                              .ready = 75,
                              .oldest = 12,
                              .arrived = 35,
                              .completed = 25,
                              .busy_seconds = 2.75,
                              .busy = 3,
                              .workers = 3,
                              .concurrency = 1,
                              .boot = 2};
    load_history_add(&history, &load);
    struct buf out;
    buf_init(&out, 65536);
    assert_int_equal(scaling_command_request("e\"mails", &policy, &history, &load, &out), 0);
    cJSON *tree = json_parse(buf_text(&out), out.length, NULL);
    assert_non_null(tree);
    assert_string_equal(json_get_string(tree, "queue", ""), "e\"mails");
    assert_int_equal(json_get_integer(tree, "workers", 0), 3);
    assert_int_equal(json_get_integer(tree, "max_workers", 0), 8);
    const cJSON *metrics = json_get(tree, "metrics");
    assert_int_equal(json_get_integer(metrics, "queue_size", 0), 75);
    assert_int_equal(json_get_integer(metrics, "incoming_rate", 0), 35);
    assert_int_equal(json_get_integer(metrics, "processing_rate", 0), 25);
    assert_true(json_get(metrics, "avg_worker_utilization")->valuedouble > 91.6);
    cJSON_Delete(tree);
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_answers_beyond_the_bounds),
        cmocka_unit_test(test_rubbish),
        cmocka_unit_test(test_a_long_reason_is_cut_between_characters),
        cmocka_unit_test(test_the_figures_are_one_object_under_the_guides_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
