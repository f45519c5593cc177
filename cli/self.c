/* SPDX-License-Identifier: MIT */
#include "cli/self.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/mem.h"

static char **make_words(const char *config, char *const words[])
{
    size_t count = 0, at = 0;
    while (words[count])
        count++;
    char **argv = mem_new(count + 4, sizeof *argv);
    argv[at++] = (char *)"muster";
    if (config) {
        argv[at++] = (char *)"-c";
        argv[at++] = (char *)config;
    }
    for (size_t i = 0; i < count; i++)
        argv[at++] = words[i];
    return argv;
}

static void redirect(posix_spawn_file_actions_t *files, int output)
{
    if (output < 0)
        return;
    posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(files, output, STDERR_FILENO);
}

int self_start(const char *config, char *const words[], int output, pid_t *pid, struct err *err)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    redirect(&files, output);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    char **argv = make_words(config, words);
    int cause = posix_spawn(pid, "/proc/self/exe", &files, &attributes, argv, environ);
    free(argv);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return cause == 0 ? 0 : err_errno(err, cause, "cannot run muster %s", words[0]);
}

int self_wait(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
