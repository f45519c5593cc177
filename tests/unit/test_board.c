/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/board.h"
#include "common/fd.h"

static void test_both_sides_see_the_same(void **state)
{
    (void)state;
    int fd;
    char uuid[UUID_TEXT_SIZE];
    int64_t started_us;
    struct board *master = board_create(3, &fd, NULL);
    struct board *worker = board_open(fd, NULL);
    assert_non_null(worker);
    assert_int_equal(worker->slot_count, 3);
    assert_int_equal(board_read(master, 2, uuid, &started_us), 0);
    board_begin(worker, 2, "A1", 4, 99, 1234567);
    assert_int_equal(board_read(master, 2, uuid, &started_us), 4);
    assert_string_equal(uuid, "A1");
    assert_true(started_us == 1234567);
    assert_int_equal(board_read(master, 1, uuid, &started_us), 0);
    board_end(worker, 2);
    assert_int_equal(board_read(master, 2, uuid, &started_us), 0);
    board_destroy(worker);
    board_destroy(master);
    close(fd);
}

static void test_the_longest_uuid_and_rubbish(void **state)
{
    (void)state;
    char longest[UUID_TEXT_SIZE], uuid[UUID_TEXT_SIZE];
    int64_t started_us;
    memset(longest, 'x', UUID_TEXT_MAX);
    longest[UUID_TEXT_MAX] = '\0';
    struct board *board = board_private(1);
    board_begin(board, 0, longest, 1, 1, 1);
    assert_int_equal(board_read(board, 0, uuid, &started_us), 1);
    assert_string_equal(uuid, longest);
    memset(board->slots[0].uuid, 'y', UUID_TEXT_SIZE); /* no end */
    assert_int_equal(board_read(board, 0, uuid, &started_us), 0);
    memset(board->slots[0].uuid, '\n', 3);
    assert_int_equal(board_read(board, 0, uuid, &started_us), 0);
    board->slots[0].attempt = -5;
    assert_int_equal(board_read(board, 0, uuid, &started_us), 0);
    board_destroy(board);
    board_destroy(NULL);
}

static void test_what_is_no_board_is_refused(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_null(board_open(fd, &err));
    assert_string_equal(err.text, "0 bytes are no board");
    assert_int_equal(ftruncate(fd, (off_t)(sizeof(struct board_slot) + 1)), 0);
    assert_null(board_open(fd, NULL));
    assert_int_equal(ftruncate(fd, (off_t)(sizeof(struct board_slot) * (BOARD_SLOTS_MAX + 1))), 0);
    assert_null(board_open(fd, NULL));
    close(fd);
    assert_null(board_open(fd, NULL));
}

static void test_a_worker_cannot_change_its_size(void **state)
{
    (void)state;
    int fd;
    struct board *board = board_create(BOARD_SLOTS_MAX, &fd, NULL);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(ftruncate(fd, 1 << 20), -1);
    board_destroy(board);
    close(fd);
}

/* Notes jobs whose uuid tells their attempt, without an end. */
static _Noreturn void keep_writing(struct board *board)
{
    for (int attempt = 1;; attempt = attempt % 9 + 1) {
        char uuid[UUID_TEXT_SIZE];
        memset(uuid, '0' + attempt, UUID_TEXT_MAX);
        uuid[UUID_TEXT_MAX] = '\0';
        board_begin(board, 0, uuid, attempt, 1, attempt);
        board_end(board, 0);
    }
}

static void check_slot(const struct board *board)
{
    char uuid[UUID_TEXT_SIZE];
    int64_t started_us;
    int attempt = board_read(board, 0, uuid, &started_us);
    if (attempt == 0)
        return;
    assert_int_equal(strlen(uuid), UUID_TEXT_MAX);
    for (const char *at = uuid; *at; at++)
        assert_int_equal(*at, '0' + attempt);
    assert_int_equal(started_us, attempt);
}

static void test_a_writer_killed_anywhere_leaves_whole_notes(void **state)
{
    (void)state;
    for (int round = 0; round < 25; round++) {
        int fd;
        struct board *board = board_create(1, &fd, NULL);
        pid_t pid = fork();
        if (pid == 0)
            keep_writing(board);
        char uuid[UUID_TEXT_SIZE];
        int64_t started_us;
        while (board_read(board, 0, uuid, &started_us) == 0)
            ;
        for (int i = 0; i < 1000 * (round % 7); i++)
            check_slot(board);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        check_slot(board);
        board_destroy(board);
        close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_sides_see_the_same),
        cmocka_unit_test(test_the_longest_uuid_and_rubbish),
        cmocka_unit_test(test_what_is_no_board_is_refused),
        cmocka_unit_test(test_a_worker_cannot_change_its_size),
        cmocka_unit_test(test_a_writer_killed_anywhere_leaves_whole_notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
