/* SPDX-License-Identifier: MIT */

/* The parts of the Redis driver that need no server: how commands are written, answers read, errors
 * understood, and jobs found in them. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/redis/command.h"
#include "drivers/redis/fault.h"
#include "drivers/redis/jobs.h"
#include "drivers/redis/reply.h"

/* --- commands --- */

static void test_arguments_carry_their_lengths(void **state)
{
    (void)state;
    struct command command;
    redis_command_init(&command);
    redis_command_text(&command, "GET");
    redis_command_add(&command, "a\0\r\n", 4);
    redis_command_text(&command, NULL);
    redis_command_number(&command, 0);
    redis_command_number(&command, -120);
    redis_command_number(&command, INT64_MIN);
    static const char expected[] =
        "$3\r\nGET\r\n$4\r\na\0\r\n\r\n$0\r\n\r\n$1\r\n0\r\n$4\r\n-120\r\n"
        "$20\r\n-9223372036854775808\r\n";
    assert_int_equal(command.count, 6);
    assert_int_equal(command.bytes.length, sizeof expected - 1);
    assert_memory_equal(buf_text(&command.bytes), expected, sizeof expected - 1);
    redis_command_clear(&command);
    assert_int_equal(command.count, 0);
    assert_false(command.is_cut);
    redis_command_finish(&command);
}

static void test_a_command_has_a_limit(void **state)
{
    (void)state;
    struct command command;
    redis_command_init(&command);
    redis_command_add(&command, "", (size_t)COMMAND_BYTES_MAX + 1);
    assert_true(command.is_cut);
    assert_int_equal(command.count, 0);
    redis_command_finish(&command);
}

/* --- answers --- */

/* Reads the only answer of a text that comes in pieces of this size. */
static struct reply *read_pieces(struct reply_reader *reader, struct arena *arena, const char *text,
                                 size_t piece)
{
    struct reply *reply = NULL;
    size_t length = strlen(text);
    int found = 0;
    for (size_t at = 0; at < length; at += piece) {
        assert_int_equal(found, 0);
        size_t part = length - at < piece ? length - at : piece;
        assert_int_equal(redis_reply_feed(reader, text + at, part, NULL), 0);
        found = redis_reply_next(reader, arena, &reply, NULL);
        assert_true(found >= 0);
    }
    assert_int_equal(found, 1);
    return reply;
}

static void test_answers_come_in_pieces(void **state)
{
    (void)state;
    struct reply_reader reader;
    struct arena arena = {0};
    redis_reply_reader_init(&reader);
    for (size_t piece = 1; piece < 70; piece++) {
        const struct reply *reply = read_pieces(
            &reader, &arena, "*5\r\n$2\r\nab\r\n:-7\r\n$-1\r\n*2\r\n+OK\r\n*0\r\n-E x\r\n", piece);
        assert_int_equal(reply->count, 5);
        assert_string_equal(redis_reply_text(redis_reply_item(reply, 0)), "ab");
        assert_int_equal(redis_reply_integer(redis_reply_item(reply, 1)), -7);
        assert_int_equal(redis_reply_item(reply, 2)->type, REDIS_REPLY_NIL);
        assert_int_equal(redis_reply_item(redis_reply_item(reply, 3), 1)->count, 0);
        assert_true(redis_reply_is_error(redis_reply_item(reply, 4), "E"));
        assert_int_equal(redis_reply_item(reply, 5)->type, REDIS_REPLY_NIL);
        arena_reset(&arena);
    }
    redis_reply_reader_finish(&reader);
    arena_finish(&arena);
}

static void test_what_is_no_answer(void **state)
{
    (void)state;
    static const char *const texts[] = {"HTTP/1.1 400 Bad Request\r\n", "*99999999\r\n",
                                        "*2147483648\r\n", "$-5\r\nxx", "*-7\r\n"};
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct reply_reader reader;
        struct reply *reply;
        struct err err = ERR_INIT;
        redis_reply_reader_init(&reader);
        assert_int_equal(redis_reply_feed(&reader, texts[i], strlen(texts[i]), &err), 0);
        assert_int_equal(redis_reply_next(&reader, &arena, &reply, &err), -1);
        assert_int_equal(err.code, ERR_UNAVAILABLE);
        redis_reply_reader_finish(&reader);
    }
    arena_finish(&arena);
}

static void test_parts_of_another_form(void **state)
{
    (void)state;
    const struct reply nothing = {.type = REDIS_REPLY_NIL};
    const struct reply digits = {.type = REDIS_REPLY_STRING, .text = "12", .length = 2};
    assert_string_equal(redis_reply_text(&nothing), "");
    assert_null(redis_reply_text_or_null(&nothing));
    assert_int_equal(redis_reply_integer(&nothing), 0);
    assert_int_equal(redis_reply_integer(&digits), 12);
    assert_int_equal(redis_reply_item(&digits, 0)->type, REDIS_REPLY_NIL);
}

/* --- errors --- */

static void means(const char *text, enum fault fault, enum err_code code)
{
    struct err err = ERR_INIT;
    const struct reply reply = {.type = REDIS_REPLY_ERROR, .text = text, .length = strlen(text)};
    assert_int_equal(redis_fault_of(&reply, &err), fault);
    assert_int_equal(err.code, code);
}

static void test_errors(void **state)
{
    (void)state;
    const struct reply fine = {.type = REDIS_REPLY_STATUS, .text = "OK", .length = 2};
    assert_int_equal(redis_fault_of(&fine, NULL), FAULT_NONE);
    means("NOSCRIPT No matching script. Please use EVAL.", FAULT_NO_SCRIPT, ERR_UNAVAILABLE);
    means("LOADING Redis is loading the dataset in memory", FAULT_LATER, ERR_UNAVAILABLE);
    means("READONLY You can't write against a read only replica.", FAULT_ELSEWHERE,
          ERR_UNAVAILABLE);
    means("OOM command not allowed when used memory > 'maxmemory'.", FAULT_FINAL, ERR_FULL);
    means("MISCONF Errors writing to the AOF file: No space left on device", FAULT_FINAL, ERR_FULL);
    means("WRONGPASS invalid username-password pair", FAULT_FINAL, ERR_INVALID);
    means("CONFLICT the batch b has finished", FAULT_FINAL, ERR_CONFLICT);
    means("NOTFOUND there is no batch b", FAULT_FINAL, ERR_NOT_FOUND);
    means("ERR max number of clients reached", FAULT_LATER, ERR_UNAVAILABLE);
    means("ERR something", FAULT_FINAL, ERR_SYSTEM);
    means("LOADINGS", FAULT_FINAL, ERR_SYSTEM);
}

static void test_our_own_errors_are_told_in_words(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    const struct reply reply = {.type = REDIS_REPLY_ERROR,
                                .text = "CONFLICT the batch b has finished"};
    redis_fault_of(&reply, &err);
    assert_string_equal(err.text, "the batch b has finished");
}

static void test_where_a_cluster_sends_us(void **state)
{
    (void)state;
    const struct reply moved = {.type = REDIS_REPLY_ERROR, .text = "MOVED 3999 127.0.0.1:6381"};
    const struct reply other = {.type = REDIS_REPLY_ERROR, .text = "ASK 3999 127.0.0.1:6381"};
    assert_string_equal(redis_fault_moved_to(&moved), "127.0.0.1:6381");
    assert_null(redis_fault_moved_to(&other));
}

/* --- jobs --- */

static struct reply text_reply(const char *text)
{
    return (struct reply){.type = REDIS_REPLY_STRING, .text = text, .length = strlen(text)};
}

static void test_a_job_is_read(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct job job;
    const struct reply payload =
        text_reply("{\"uuid\":\"u\",\"displayName\":\"T\",\"job\":\"T\",\"data\":[1]}");
    const struct reply meta = text_reply("2 - 1795494243123 17 -5 1795494243000 a:b");
    assert_int_equal(redis_job_read(&payload, &meta, &arena, &job, NULL), 0);
    assert_string_equal(job.uuid, "u");
    assert_string_equal(job.queue, "a:b");
    assert_int_equal(job.attempts, 2);
    assert_int_equal(job.id, 17);
    assert_int_equal(job.priority, -5);
    assert_true(job.available_at_ms == 1795494243123 && job.created_at_ms == 1795494243000);
    const struct reply damaged = text_reply("{\"uuid\":");
    assert_int_equal(redis_job_read(&damaged, &meta, &arena, &job, NULL), -1);
    assert_string_equal(job.queue, "a:b");
    arena_finish(&arena);
}

static void test_a_lease_is_read(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct lease_text lease;
    const struct reply reply = text_reply("17954942431230000123\tworker_x y\t-emails");
    assert_int_equal(redis_lease_read(&reply, &arena, &lease), 0);
    assert_true(lease.reserved_at_ms == 1795494243123);
    assert_int_equal(lease.attempt, 3);
    assert_string_equal(lease.owner, "worker_x y");
    const struct reply bad = text_reply("17954942431230000123\tworker");
    const struct reply short_one = text_reply("1\tw\t-q");
    assert_int_equal(redis_lease_read(&bad, &arena, &lease), -1);
    assert_int_equal(redis_lease_read(&short_one, &arena, &lease), -1);
    arena_finish(&arena);
}

static void test_a_history_is_read(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct reply none = {.type = REDIS_REPLY_NIL};
    const struct reply lines = text_reply("{\"attempt\":1}\n{\"attempt\":2}");
    assert_string_equal(redis_history_read(&none, &arena), "[]");
    assert_string_equal(redis_history_read(&lines, &arena), "[{\"attempt\":1},{\"attempt\":2}]");
    arena_finish(&arena);
}

static void test_jobs_are_grouped(void **state)
{
    (void)state;
    const struct job jobs[] = {
        {.queue = "a"},
        {.queue = "a"},
        {.queue = "a", .batch_uuid = "b"},
        {.queue = "a", .unique_key = "k", .unique_until = UNIQUE_DONE},
        {.queue = "a", .priority = 1},
        {.queue = "b", .priority = 1},
        {.queue = "b", .priority = 1, .delay_ms = 1},
    };
    assert_int_equal(redis_jobs_groups(jobs, 0), 0);
    assert_int_equal(redis_jobs_groups(jobs, 2), 1);
    assert_int_equal(redis_jobs_groups(jobs, 7), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments_carry_their_lengths),
        cmocka_unit_test(test_a_command_has_a_limit),
        cmocka_unit_test(test_answers_come_in_pieces),
        cmocka_unit_test(test_what_is_no_answer),
        cmocka_unit_test(test_parts_of_another_form),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_our_own_errors_are_told_in_words),
        cmocka_unit_test(test_where_a_cluster_sends_us),
        cmocka_unit_test(test_a_job_is_read),
        cmocka_unit_test(test_a_lease_is_read),
        cmocka_unit_test(test_a_history_is_read),
        cmocka_unit_test(test_jobs_are_grouped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
