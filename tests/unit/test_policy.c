/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "worker/policy.h"

#define EXITED(code) .kind = ENDING_EXIT, .has_status = true, .status = (code) << 8
#define KILLED(number) .kind = ENDING_SIGNAL, .has_status = true, .status = (number)

static struct settings *settings;
static struct policy policy;

static void load(const char *text)
{
    struct err err = ERR_INIT;
    settings = settings_parse("test.ini", text, strlen(text), &err);
    if (!settings || policy_init(&policy, settings, &err) < 0)
        fail_msg("%s", err.text);
}

static void unload(void)
{
    policy_finish(&policy);
    settings_destroy(settings);
}

static const char *rule_of(struct ending ending, const char *class, const char *queue)
{
    const struct job job = {.uuid = "u", .name = class, .queue = queue};
    const struct policy_settings *rule = policy_find(&policy, &ending, &job);
    return rule ? rule->name : "none";
}

static const char *rule_of_text(const char *text)
{
    return rule_of((struct ending){.kind = ENDING_EXCEPTION, .text = text}, "Job", "default");
}

static void test_the_first_that_holds(void **state)
{
    (void)state;
    load("[policy:one]\ntext = Connection refused, timed  out ,, xx,yy\n"
         "[policy:two]\nexpression = ^(disk|tape) [0-9]+ is full$\n"
         "[policy:three]\ntext = disk\nexpression = full\n");
    assert_string_equal(rule_of_text("NetworkError: CONNECTION REFUSED by 10.0.0.1"), "one");
    assert_string_equal(rule_of_text("it timed  out"), "one");
    assert_string_equal(rule_of_text("it timed out"), "none");
    assert_string_equal(rule_of_text("tape 12 is full"), "two");
    assert_string_equal(rule_of_text("on host a\ntape 12 is full\nit says"), "two");
    assert_string_equal(rule_of_text("Tape 12 is full"), "none");
    assert_string_equal(rule_of_text("the disk is full"), "three");
    assert_string_equal(rule_of_text("the disk is empty"), "none");
    assert_string_equal(rule_of_text(NULL), "none");
    unload();
}

static void test_the_trace_is_not_looked_at(void **state)
{
    (void)state;
    load("[policy:network]\ntext = network\n");
    assert_string_equal(rule_of_text("Error: no\n    at send (/srv/network.js:3)\n"), "none");
    assert_string_equal(rule_of_text("Error: the network is down\n    at send (a.js:3)\n"),
                        "network");
    unload();
}

static void test_causes_statuses_and_signals(void **state)
{
    (void)state;
    load("[policy:status]\nexit_status = 3,4\n[policy:signal]\nsignal = SEGV\n"
         "[policy:memory]\ncause = memory, timeout\n[policy:released]\ncause = released\n"
         "[policy:rest]\n");
    assert_string_equal(rule_of((struct ending){EXITED(4)}, "Job", "q"), "status");
    assert_string_equal(rule_of((struct ending){EXITED(5)}, "Job", "q"), "rest");
    assert_string_equal(rule_of((struct ending){KILLED(SIGSEGV)}, "Job", "q"), "signal");
    assert_string_equal(rule_of((struct ending){KILLED(SIGKILL)}, "Job", "q"), "rest");
    assert_string_equal(rule_of((struct ending){.kind = ENDING_TIMEOUT}, "Job", "q"), "memory");
    assert_string_equal(rule_of((struct ending){.kind = ENDING_RELEASED}, "Job", "q"), "released");
    unload();
}

/* Nobody is asked about what was no failure of the job, or was not run. */
static void test_what_no_rule_is_for(void **state)
{
    (void)state;
    load("[policy:all]\n");
    static const enum ending_kind kinds[] = {ENDING_DONE,      ENDING_CANCELLED, ENDING_STOPPED,
                                             ENDING_UNHANDLED, ENDING_ATTEMPTS,  ENDING_PAYLOAD,
                                             ENDING_RELEASED};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        assert_string_equal(rule_of((struct ending){.kind = kinds[i]}, "Job", "q"), "none");
    assert_string_equal(rule_of_text("no"), "all");
    unload();
}

static void test_classes_and_queues(void **state)
{
    (void)state;
    load("[policy:class]\njob = App\\*\n[policy:both]\njob = Send\nqueue = mail*\n");
    const struct ending ending = {.kind = ENDING_EXCEPTION, .text = "no"};
    assert_string_equal(rule_of(ending, "App\\Jobs\\Send", "q"), "class");
    assert_string_equal(rule_of(ending, "Send", "mails"), "both");
    assert_string_equal(rule_of(ending, "Send", "other"), "none");
    unload();
}

/* The rules that the sample shows are those of the guide's handler of failed jobs. */
static void test_the_guides_categories(void **state)
{
    (void)state;
    load(settings_policy_table.more + strcspn(settings_policy_table.more, "["));
    assert_string_equal(rule_of_text("Network unreachable"), "network_error");
    assert_string_equal(rule_of_text("a Timeout of the gateway"), "network_error");
    assert_string_equal(rule_of_text("Validation failed"), "validation_error");
    assert_string_equal(rule_of_text("invalid address"), "validation_error");
    assert_string_equal(rule_of_text("out of memory"), "resource_exhaustion");
    assert_string_equal(rule_of_text("Disk full"), "resource_exhaustion");
    assert_string_equal(rule_of((struct ending){.kind = ENDING_MEMORY, .text = "memory"}, "J", "q"),
                        "resource_exhaustion");
    assert_string_equal(rule_of_text("whatever"), "unknown");
    struct worker_options options = settings->worker_options;
    settings_policy_apply(&settings->policies[0], &options);
    assert_int_equal(job_backoff_ms(&options, 1, 0), 120000);
    assert_int_equal(job_backoff_ms(&options, 9, 0), 3600000);
    assert_int_equal(policy_decision(&settings->policies[1]).action, POLICY_FAIL);
    assert_int_equal(policy_decision(&settings->policies[2]).delay_ms, 1800000);
    assert_int_equal(policy_decision(&settings->policies[3]).delay_ms, 300000);
    unload();
}

static void refused(const char *text, const char *message)
{
    struct err err = ERR_INIT;
    assert_null(settings_parse("test.ini", text, strlen(text), &err));
    if (!strstr(err.text, message))
        fail_msg("\"%s\" is not in \"%s\"", message, err.text);
}

static void test_what_cannot_be(void **state)
{
    (void)state;
    refused("[policy:a]\nexpression = (a\n",
            "test.ini:2: [policy:a] expression: the expression \"(a\"");
    refused("[policy:a]\nexpression = (a)\\1\n", "refers back to a group (\\1)");
    refused("[policy:a]\nexpression = (((x{50}){50}){50})\n", "multiply to more than 1000");
    refused("[policy:a]\nexpression = x{1001}\n", "multiply to more than 1000");
    refused("[policy:a]\nexpression = ((((((((((((((((((((((x))))))))))))))))))))))\n",
            "more than 20 groups");
    refused("[policy:a]\naction = command\n", "command needs a command");
    refused("[policy:a]\ncommand = decide\n", "test.ini:2: [policy:a] command: it is for action");
    refused("[policy:a]\ncause = sadness\n", "\"sadness\" is not one of its values");
    refused("[policy:a]\nbackoff_delay = 9\nbackoff_max = 8\n", "longer than backoff_max");
}

static void test_a_snapshot_keeps_the_order(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1u << 20);
    load("[policy:z]\nsignal = KILL\ntext = 100%%\n[policy:a]\nexit_status = 3\ndelay = 0\n");
    assert_int_equal(settings_print(settings, &text), 0);
    unload();
    load(buf_text(&text));
    assert_int_equal(settings->policy_count, 2);
    assert_string_equal(settings->policies[0].name, "z");
    assert_int_equal(settings->policies[0].signal, SIGKILL);
    assert_string_equal(settings->policies[0].text, "100%");
    assert_int_equal(settings->policies[0].delay, KEY_UNSET);
    assert_int_equal(settings->policies[1].signal, 0);
    assert_int_equal(settings->policies[1].delay, 0);
    unload();
    buf_finish(&text);
}

static void test_what_a_program_is_given(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    const struct ending ending = {EXITED(3), .text = "no \"room\""};
    const struct job job = {.uuid = "U",
                            .name = "Send",
                            .queue = "q",
                            .attempts = 2,
                            .max_attempts = 3,
                            .data = {"{\"a\":1}", 7, JSON_OBJECT}};
    assert_int_equal(policy_describe(&ending, &job, "rule", &out), 0);
    assert_string_equal(
        buf_text(&out),
        "{\"uuid\":\"U\",\"job\":\"Send\",\"queue\":\"q\",\"attempts\":2,"
        "\"max_attempts\":3,\"priority\":0,\"cause\":\"exit\",\"exit_status\":3,"
        "\"exception\":\"no \\\"room\\\"\",\"rule\":\"rule\",\"data\":{\"a\":1}}\n");
    buf_finish(&out);
}

static void answer(const char *text, int action, int64_t delay_ms)
{
    struct decision decision;
    struct err err = ERR_INIT;
    assert_int_equal(policy_read_answer(text, strlen(text), &decision, &err), 0);
    assert_int_equal(decision.action, action);
    assert_int_equal(decision.delay_ms, delay_ms);
}

static void test_answers(void **state)
{
    (void)state;
    answer("{\"action\":\"retry\"}\n", POLICY_RETRY, -1);
    answer("{\"action\":\"retry\",\"delay\":1.5}", POLICY_RETRY, 1500);
    answer(" {\"reason\":\"x\",\"action\":\"discard\"}", POLICY_DISCARD, -1);
    answer("{\"action\":\"fail\",\"delay\":null}", POLICY_FAIL, -1);
    answer("{\"action\":\"default\"}", POLICY_RETRY, -1);
    static const char *const wrong[] = {"",
                                        "retry",
                                        "[]",
                                        "{}",
                                        "{\"action\":1}",
                                        "{\"action\":\"command\"}",
                                        "{\"action\":\"retry\",\"delay\":-1}",
                                        "{\"action\":\"retry\",\"delay\":1e99}",
                                        "{\"action\":\"retry\"} more"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct decision decision;
        struct err err = ERR_INIT;
        assert_int_equal(policy_read_answer(wrong[i], strlen(wrong[i]), &decision, &err), -1);
        assert_true(err.text[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_that_holds),
        cmocka_unit_test(test_the_trace_is_not_looked_at),
        cmocka_unit_test(test_causes_statuses_and_signals),
        cmocka_unit_test(test_what_no_rule_is_for),
        cmocka_unit_test(test_classes_and_queues),
        cmocka_unit_test(test_the_guides_categories),
        cmocka_unit_test(test_what_cannot_be),
        cmocka_unit_test(test_a_snapshot_keeps_the_order),
        cmocka_unit_test(test_what_a_program_is_given),
        cmocka_unit_test(test_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
