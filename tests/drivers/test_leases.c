/* SPDX-License-Identifier: MIT */
#include "tests/drivers/suite.h"

static enum lease_state extend(struct fixture *fixture, const char *owner,
                               const struct taken *taken, int64_t lease_ms)
{
    struct renewal renewal = {.lease = taken->lease, .progress = -1};
    renewal.lease.uuid = taken->uuid;
    ok(fixture, fixture->driver->extend(fixture->a, owner, &renewal, 1, lease_ms, &fixture->err));
    return renewal.state;
}

static uint64_t upkeep(struct fixture *fixture)
{
    struct upkeep upkeep = {0};
    ok(fixture, fixture->driver->upkeep(fixture->b, &upkeep, &fixture->err));
    assert_in_range(upkeep.next_ms, 0, 60000);
    return upkeep.expired;
}

/* Calls upkeep until so many leases have expired. */
static void await_expiry(struct fixture *fixture, uint64_t wanted)
{
    int64_t deadline = now_ms() + PATIENCE_MS;
    uint64_t expired = 0;
    while ((expired += upkeep(fixture)) < wanted && now_ms() < deadline)
        pause_briefly();
    assert_int_equal(expired, wanted);
}

static void test_a_lease_that_runs_out_goes_back(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    push_one(fixture, "default", "b");
    assert_int_equal(take_for(fixture, fixture->a, "w", "default", 1, 50), 1);
    struct taken old = lease_of(&fixture->reservation.jobs[0]);
    await_expiry(fixture, 1);
    has_stats(fixture, "default", 2, 0, 0, 0);
    take_one(fixture, fixture->b, "x", "default", "b"); /* due anew: behind */
    struct taken again = take_one(fixture, fixture->b, "x", "default", "a");
    assert_int_equal(again.lease.attempt, 2);
    assert_false(end(fixture, fixture->a, "w", &old, OUTCOME_DONE));
    assert_true(end(fixture, fixture->b, "x", &again, OUTCOME_DONE));
}

static void test_a_late_acknowledgement_between_the_attempts(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    assert_int_equal(take_for(fixture, fixture->a, "w", "default", 1, 50), 1);
    struct taken old = lease_of(&fixture->reservation.jobs[0]);
    await_expiry(fixture, 1);
    assert_false(end(fixture, fixture->a, "w", &old, OUTCOME_DONE));
    assert_int_equal(extend(fixture, "w", &old, LEASE_MS), LEASE_LOST);
    has_stats(fixture, "default", 1, 0, 0, 0);
}

/* The same worker got it again: its first attempt is over all the same. */
static void test_the_owner_alone_is_no_token(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    assert_int_equal(take_for(fixture, fixture->a, "w", "default", 1, 50), 1);
    struct taken old = lease_of(&fixture->reservation.jobs[0]);
    await_expiry(fixture, 1);
    struct taken again = take_one(fixture, fixture->a, "w", "default", "a");
    assert_false(end(fixture, fixture->a, "w", &old, OUTCOME_DONE));
    assert_int_equal(extend(fixture, "w", &old, LEASE_MS), LEASE_LOST);
    assert_true(end(fixture, fixture->a, "w", &again, OUTCOME_DONE));
}

static void test_an_extended_lease_lasts(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    push_one(fixture, "default", "b");
    assert_int_equal(take_for(fixture, fixture->a, "w", "default", 2, 400), 2);
    struct taken a = lease_of(&fixture->reservation.jobs[0]);
    struct taken b = lease_of(&fixture->reservation.jobs[1]);
    assert_int_equal(extend(fixture, "w", &a, LEASE_MS), LEASE_HELD);
    await_expiry(fixture, 1);
    has_stats(fixture, "default", 1, 1, 0, 0);
    assert_true(end(fixture, fixture->a, "w", &a, OUTCOME_DONE));
    assert_false(end(fixture, fixture->a, "w", &b, OUTCOME_DONE));
}

static void test_a_lease_can_be_cut_short(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_int_equal(extend(fixture, "w", &taken, 1), LEASE_HELD);
    await_expiry(fixture, 1);
}

static void test_only_the_owner_extends(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_int_equal(extend(fixture, "x", &taken, LEASE_MS), LEASE_LOST);
    struct taken wrong = taken;
    wrong.lease.attempt = 7;
    assert_int_equal(extend(fixture, "w", &wrong, LEASE_MS), LEASE_LOST);
    wrong = taken;
    strcpy(wrong.uuid, "b");
    assert_int_equal(extend(fixture, "w", &wrong, LEASE_MS), LEASE_LOST);
    assert_int_equal(extend(fixture, "w", &taken, LEASE_MS), LEASE_HELD);
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_DONE));
    assert_int_equal(extend(fixture, "w", &taken, LEASE_MS), LEASE_LOST);
}

static void test_several_renewals_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct renewal renewals[3] = {
        {.progress = 50, .progress_text = "half"}, {.progress = -1}, {.progress = -1}};
    struct taken taken[3];
    static const char *const uuids[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++) {
        push_one(fixture, "default", uuids[i]);
        taken[i] = take_one(fixture, fixture->a, "w", "default", uuids[i]);
        renewals[i].lease = taken[i].lease;
        renewals[i].lease.uuid = taken[i].uuid;
    }
    assert_true(end(fixture, fixture->a, "w", &taken[1], OUTCOME_DONE));
    ok(fixture, fixture->driver->extend(fixture->a, "w", renewals, 3, LEASE_MS, &fixture->err));
    assert_int_equal(renewals[0].state, LEASE_HELD);
    assert_int_equal(renewals[1].state, LEASE_LOST);
    assert_int_equal(renewals[2].state, LEASE_HELD);
    ok(fixture, fixture->driver->extend(fixture->a, "w", NULL, 0, LEASE_MS, &fixture->err));
}

static void test_upkeep_leaves_live_leases_alone(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    take_one(fixture, fixture->a, "w", "default", "a");
    for (int i = 0; i < 5; i++)
        assert_int_equal(upkeep(fixture), 0);
    has_stats(fixture, "default", 0, 1, 0, 0);
}

static uint64_t return_owner(struct fixture *fixture, const char *owner, const struct lease *begun,
                             size_t count)
{
    uint64_t returned = 99;
    ok(fixture,
       fixture->driver->return_owner(fixture->b, owner, begun, count, &returned, &fixture->err));
    return returned;
}

static void test_the_leases_of_a_dead_owner(void **state)
{
    struct fixture *fixture = *state;
    static const char *const uuids[] = {"a", "b", "c", "d", "e"};
    struct taken taken[4];
    for (size_t i = 0; i < 5; i++)
        push_one(fixture, "default", uuids[i]);
    for (size_t i = 0; i < 4; i++)
        taken[i] = take_one(fixture, fixture->a, i == 3 ? "other" : "dead", "default", uuids[i]);
    const struct lease begun[] = {{.id = 0, .uuid = "a", .attempt = 1},
                                  {.id = 0, .uuid = "gone", .attempt = 1},
                                  {.id = 0, .uuid = "b", .attempt = 7}};
    pause_briefly();
    assert_int_equal(return_owner(fixture, "dead", begun, 3), 3);
    has_stats(fixture, "default", 4, 1, 0, 0);
    assert_int_equal(take(fixture, fixture->a, "w", "default", 10), 4);
    static const char *const expected[] = {"a", "b", "c", "e"};
    static const int attempts[] = {2, 1, 1, 1};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(fixture->reservation.jobs[i].uuid, expected[i]);
        assert_int_equal(fixture->reservation.jobs[i].attempts, attempts[i]);
    }
    assert_false(end(fixture, fixture->a, "dead", &taken[0], OUTCOME_DONE));
    assert_true(end(fixture, fixture->a, "other", &taken[3], OUTCOME_DONE));
    assert_int_equal(return_owner(fixture, "dead", begun, 3), 0);
    assert_int_equal(return_owner(fixture, "nobody", NULL, 0), 0);
}

static void test_a_poison_job_is_counted_to_its_end(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "poison");
    for (int attempt = 1; attempt <= 3; attempt++) {
        struct taken taken = take_one(fixture, fixture->a, "victim", "default", "poison");
        assert_int_equal(taken.lease.attempt, attempt);
        struct lease begun = taken.lease;
        begun.uuid = taken.uuid;
        assert_int_equal(return_owner(fixture, "victim", &begun, 1), 1);
    }
}

static const struct CMUnitTest tests[] = {
    CONFORMANCE(test_a_lease_that_runs_out_goes_back),
    CONFORMANCE(test_a_late_acknowledgement_between_the_attempts),
    CONFORMANCE(test_the_owner_alone_is_no_token),
    CONFORMANCE(test_an_extended_lease_lasts),
    CONFORMANCE(test_a_lease_can_be_cut_short),
    CONFORMANCE(test_only_the_owner_extends),
    CONFORMANCE(test_several_renewals_at_once),
    CONFORMANCE(test_upkeep_leaves_live_leases_alone),
    CONFORMANCE(test_the_leases_of_a_dead_owner),
    CONFORMANCE(test_a_poison_job_is_counted_to_its_end),
};

const struct part part_leases = PART("leases", tests);
