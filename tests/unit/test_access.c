/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "supervisor/control/access.h"

static const struct access_rules rules = {"root", "secret", "view", "look", ""};
static const struct access_rules open_rules = {"", "", "", "", ""};

static enum access_role role;

static enum access_verdict judge(const char *user, const char *password, bool changes)
{
    const struct access_request request = {
        .user = user, .password = password, .changes = changes, .content_type = "application/json"};
    return access_judge(&rules, &request, &role);
}

static void test_roles(void **state)
{
    (void)state;
    assert_int_equal(judge("root", "secret", true), ACCESS_GRANTED);
    assert_int_equal(role, ACCESS_OPERATOR);
    assert_int_equal(judge("view", "look", false), ACCESS_GRANTED);
    assert_int_equal(role, ACCESS_READER);
    assert_int_equal(judge("view", "look", true), ACCESS_FORBIDDEN);
    assert_int_equal(judge("root", "look", false), ACCESS_UNKNOWN);
    assert_int_equal(judge("root", NULL, false), ACCESS_UNKNOWN);
    assert_int_equal(judge("", "", false), ACCESS_UNKNOWN);
    assert_int_equal(judge(NULL, NULL, false), ACCESS_UNKNOWN);
}

static void test_without_a_user_nobody_is_asked(void **state)
{
    (void)state;
    const struct access_request request = {.changes = true, .content_type = "application/json"};
    assert_int_equal(access_judge(&open_rules, &request, &role), ACCESS_GRANTED);
}

static enum access_verdict judge_origin(const char *site, const char *type)
{
    const struct access_request request = {
        .changes = true, .fetch_site = site, .content_type = type};
    return access_judge(&open_rules, &request, &role);
}

static void test_other_pages_change_nothing(void **state)
{
    (void)state;
    assert_int_equal(judge_origin(NULL, "application/json; charset=utf-8"), ACCESS_GRANTED);
    assert_int_equal(judge_origin("same-origin", "application/json"), ACCESS_GRANTED);
    assert_int_equal(judge_origin(NULL, "text/xml"), ACCESS_GRANTED);
    assert_int_equal(judge_origin("cross-site", "text/xml"), ACCESS_FORBIDDEN);
    assert_int_equal(judge_origin("cross-site", "application/json"), ACCESS_FORBIDDEN);
    assert_int_equal(judge_origin("same-site", "application/json"), ACCESS_FORBIDDEN);
    assert_int_equal(judge_origin(NULL, "text/plain"), ACCESS_FORBIDDEN);
    assert_int_equal(judge_origin(NULL, "application/jsonp"), ACCESS_FORBIDDEN);
    assert_int_equal(judge_origin(NULL, NULL), ACCESS_FORBIDDEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_without_a_user_nobody_is_asked),
        cmocka_unit_test(test_other_pages_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
