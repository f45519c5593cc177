/* SPDX-License-Identifier: MIT */
#include "cli/top/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"

#define WORDS_MAX  16
#define OUTPUT_MAX 65536

/* It reads nothing, says all into the pipe, and takes signals as if we took none. */
static int spawn(struct run *run, char *const argv[], int output)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int cause = posix_spawn(&run->pid, "/proc/self/exe", &files, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return cause;
}

static char *join(char *const argv[])
{
    char *text = mem_strdup("");
    for (size_t i = 0; argv[i]; i++) {
        char *longer = mem_printf("%s%s%s", text, i > 0 ? " " : "", argv[i]);
        free(text);
        text = longer;
    }
    return text;
}

int run_start(struct run *run, const char *config, char *const argv[], struct err *err)
{
    char *words[WORDS_MAX + 1] = {(char *)"muster"};
    size_t count = 1;
    if (config) {
        words[count++] = (char *)"-c";
        words[count++] = (char *)config;
    }
    for (size_t i = 0; argv[i] && count < WORDS_MAX; i++)
        words[count++] = argv[i];
    int ends[2];
    if (fd_pipe(ends, err) < 0)
        return -1;
    int cause = spawn(run, words, ends[1]);
    fd_close(&ends[1]);
    if (cause != 0) {
        fd_close(&ends[0]);
        return err_errno(err, cause, "cannot run muster %s", argv[0]);
    }
    fd_set_nonblocking(ends[0], true);
    run->output = ends[0];
    buf_init(&run->text, OUTPUT_MAX);
    run->words = join(argv);
    return 0;
}

bool run_read(struct run *run, int *status)
{
    char unwanted[4096];
    ssize_t got;
    do {
        got = buf_full(&run->text) ? read(run->output, unwanted, sizeof unwanted)
                                   : buf_read(&run->text, run->output, sizeof unwanted);
    } while (got > 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    int ended;
    while (waitpid(run->pid, &ended, 0) < 0 && errno == EINTR)
        continue;
    *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    return true;
}

void run_take(struct run *run, char *line, size_t size)
{
    const char *text = buf_text(&run->text);
    snprintf(line, size, "%s: %.*s", run->words, (int)strcspn(text, "\n"), text);
    run_finish(run);
}

void run_finish(struct run *run)
{
    if (run->output < 0)
        return;
    fd_close(&run->output);
    buf_finish(&run->text);
    free(run->words);
    run->words = NULL;
}
