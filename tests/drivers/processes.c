/* SPDX-License-Identifier: MIT */
#include "tests/drivers/processes.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PART 100

struct shared *shared_new(void)
{
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    return shared;
}

void shared_free(struct shared *shared)
{
    munmap(shared, sizeof *shared);
}

/* cmocka ends a failed test by a jump, which must not leave the process: so a check that fails here
 * ends it by a signal that the parent sees. */
static void run_child(struct fixture *fixture, struct shared *shared, process_fn function,
                      int number)
{
    setenv("CMOCKA_TEST_ABORT", "1", 1);
    alarm(2 * PATIENCE_MS / 1000); /* none outlives its test for long */
    fixture->a = fixture_connect(fixture);
    function(fixture, shared, number);
    fixture->driver->close(fixture->a);
    arena_finish(&fixture->reservation.arena);
    _exit(0);
}

static bool ended_well(int status, bool may_be_killed)
{
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           (may_be_killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static bool await_child(pid_t pid, int64_t deadline, bool may_be_killed)
{
    int status;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (now_ms() > deadline) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return false;
        }
        pause_briefly();
    }
    return ended_well(status, may_be_killed);
}

void run_together(struct fixture *fixture, struct shared *shared, const process_fn *functions,
                  int count, int killed)
{
    pid_t children[TOGETHER_MAX];
    int64_t deadline = now_ms() + 2 * PATIENCE_MS;
    bool good = true;
    fixture->driver->close(fixture->a);
    fixture->driver->close(fixture->b);
    fixture->a = fixture->b = NULL;
    for (int i = 0; i < count; i++) {
        children[i] = fork();
        if (children[i] == 0)
            run_child(fixture, shared, functions[i], i);
    }
    for (int i = 0; i < count; i++)
        good = await_child(children[i], deadline, i == killed) && good;
    fixture->a = fixture_connect(fixture);
    fixture->b = fixture_connect(fixture);
    assert_true(good);
}

void meet(struct shared *shared, int count, int round)
{
    atomic_fetch_add(&shared->ready, 1);
    while (atomic_load(&shared->ready) < count * round)
        sched_yield();
}

const char *uuid_of(int number, char uuid[UUID_SIZE])
{
    snprintf(uuid, UUID_SIZE, "job-%06d", number);
    return uuid;
}

int number_of(const char *uuid)
{
    return atoi(uuid + strlen("job-"));
}

void push_numbered(struct fixture *fixture, const char *queue, int first, int count)
{
    static char uuids[PART][UUID_SIZE];
    static struct job jobs[PART];
    for (int at = first; at < first + count; at += PART) {
        int part = first + count - at < PART ? first + count - at : PART;
        for (int i = 0; i < part; i++)
            jobs[i] = job_of(queue, uuid_of(at + i, uuids[i]));
        push(fixture, jobs, (size_t)part);
    }
}
