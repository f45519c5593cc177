/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "worker/chain.h"

static void assert_split(const char *text, const char *first, const char *rest)
{
    const struct json_slice array = {text, strlen(text), JSON_ARRAY};
    struct json_slice got_first, got_rest;
    assert_int_equal(chain_split(&array, &got_first, &got_rest), first != NULL);
    if (!first)
        return;
    assert_int_equal(got_first.length, strlen(first));
    assert_memory_equal(got_first.text, first, strlen(first));
    assert_int_equal(got_rest.length, strlen(rest));
    if (*rest)
        assert_memory_equal(got_rest.text, rest, strlen(rest));
}

static void test_split(void **state)
{
    (void)state;
    assert_split("[]", NULL, NULL);
    assert_split("[ ]", NULL, NULL);
    assert_split("[{\"job\":\"A\"}]", "{\"job\":\"A\"}", "");
    assert_split("[ {\"job\":\"],\"} , {\"job\":\"B\"},{\"job\":\"C\"} ]", "{\"job\":\"],\"}",
                 "{\"job\":\"B\"},{\"job\":\"C\"}");
}

/* Ends a job with this chain; what is pushed is the attempt's. */
static struct details *push_next(struct attempt *attempt, struct job *job, const char *chain)
{
    struct err err = ERR_INIT;
    *job = (struct job){.uuid = "u", .queue = "emails", .name = "First"};
    job->chain = (struct json_slice){chain, strlen(chain), JSON_ARRAY};
    *attempt = (struct attempt){.job = job};
    assert_int_equal(chain_push_next(attempt, NULL, &err), 0);
    return attempt->details;
}

static void assert_next(const char *chain, const char *name, const char *rest)
{
    struct attempt attempt;
    struct job job;
    struct details *details = push_next(&attempt, &job, chain);
    assert_int_equal(details->push_count, 1);
    assert_string_equal(details->pushes[0].name, name);
    assert_string_equal(details->pushes[0].queue, "emails");
    assert_non_null(details->pushes[0].uuid);
    assert_int_equal(details->pushes[0].chain.length, rest ? strlen(rest) : 0);
    if (rest)
        assert_memory_equal(details->pushes[0].chain.text, rest, strlen(rest));
    arena_finish(&details->arena);
    free(details->pushes);
    free(details);
}

static void test_the_next_job_carries_the_rest(void **state)
{
    (void)state;
    assert_next("[{\"job\":\"A\",\"data\":1}]", "A", NULL);
    assert_next("[{\"job\":\"A\",\"data\":1}, {\"job\":\"B\",\"data\":2}]", "A",
                "[{\"job\":\"B\",\"data\":2}]");
}

static void test_a_chain_of_its_own_comes_first(void **state)
{
    (void)state;
    assert_next(
        "[{\"job\":\"A\",\"data\":1,\"chain\":[{\"job\":\"x\",\"data\":0},{\"job\":\"y\","
        "\"data\":0}]},{\"job\":\"B\",\"data\":2}]",
        "A", "[{\"job\":\"x\",\"data\":0},{\"job\":\"y\",\"data\":0},{\"job\":\"B\",\"data\":2}]");
}

static void test_a_chain_that_cannot_go_on(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    const char *chain = "[{\"jib\":\"A\"}]";
    struct job job = {.uuid = "u", .queue = "emails", .name = "First"};
    job.chain = (struct json_slice){chain, strlen(chain), JSON_ARRAY};
    struct attempt attempt = {.job = &job};
    assert_int_equal(chain_push_next(&attempt, NULL, &err), -1);
    assert_non_null(strstr(err.text, "jib"));
    arena_finish(&attempt.details->arena);
    free(attempt.details->pushes);
    free(attempt.details);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_the_next_job_carries_the_rest),
        cmocka_unit_test(test_a_chain_of_its_own_comes_first),
        cmocka_unit_test(test_a_chain_that_cannot_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
