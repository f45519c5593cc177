/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/program_launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/command.h"
#include "common/fd.h"
#include "common/mem.h"
#include "supervisor/programs/program_cgroup.h"
#include "supervisor/programs/program_child.h"
#include "supervisor/programs/program_environment.h"
#include "supervisor/programs/program_group.h"
#include "supervisor/programs/watch.h"
#include "supervisor/programs/program_sockets.h"

#define USUAL_PATH "/bin:/usr/bin:/usr/local/bin"

/* Finding the file */

/* The first one of that name in the directories of a path; NULL where there is none. */
static char *search(const char *path, const char *name)
{
    struct stat status;
    for (;; path++) {
        size_t length = strcspn(path, ":");
        char *file = mem_printf("%.*s%s%s", (int)length, path, length ? "/" : "", name);
        if (stat(file, &status) == 0)
            return file;
        free(file);
        path += length;
        if (*path == '\0')
            return NULL;
    }
}

static enum fault check_file(const char *file, const char *name, struct err *err)
{
    struct stat status;
    if (!file || stat(file, &status) < 0) {
        err_set(err, ERR_NOT_FOUND, "can't find command '%s'", name);
        return FAULT_NO_FILE;
    }
    if (S_ISDIR(status.st_mode))
        err_set(err, ERR_INVALID, "command at '%s' is a directory", file);
    else if ((status.st_mode & 0111) == 0)
        err_set(err, ERR_INVALID, "command at '%s' is not executable", file);
    else if (access(file, X_OK) < 0)
        err_set(err, ERR_INVALID, "no permission to run command '%s'", file);
    else
        return FAULT_SUCCESS;
    return FAULT_NOT_EXECUTABLE;
}

/* The path is that of the program's own environment, or else ours. */
enum fault program_launch_find(const struct program *program, const char *name, char **file,
                               struct err *err)
{
    if (strchr(name, '/')) {
        *file = mem_strdup(name);
    } else {
        char *configured = program_environment_path(program);
        const char *own = getenv("PATH");
        *file = search(configured ? configured : own && own[0] ? own : USUAL_PATH, name);
        free(configured);
    }
    return check_file(*file, name, err);
}

enum fault program_launch_check(const struct program *program, struct err *err)
{
    char *file = NULL;
    char **argv = command_split(program->process->command, err);
    enum fault fault =
        argv ? program_launch_find(program, argv[0], &file, err) : FAULT_NOT_EXECUTABLE;
    free(file);
    command_free(argv);
    return fault;
}

/* Pipes */

struct pipes {
    int input[2], output[STREAM_COUNT][2]; /* the reading end first; -1: none */
};

static void close_pair(int pair[2])
{
    fd_close(&pair[0]);
    fd_close(&pair[1]);
}

static void close_pipes(struct pipes *pipes)
{
    close_pair(pipes->input);
    for (int stream = 0; stream < STREAM_COUNT; stream++)
        close_pair(pipes->output[stream]);
}

static bool has_own_errors(const struct program *program)
{
    return !program->settings->redirect_stderr;
}

/* Its standard input: the reading end of a pipe, or a file. A named pipe is not waited for. */
static int make_input(const struct program *program, int input[2])
{
    const char *file = program->process->stdin_file;
    if (program_group_socket(program->group) >= 0)
        return 0;
    if (!file)
        return pipe2(input, O_CLOEXEC);
    input[0] = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return input[0] < 0 ? -1 : fd_set_nonblocking(input[0], false);
}

static int make_pipes(const struct program *program, struct pipes *pipes)
{
    *pipes = (struct pipes){{-1, -1}, {{-1, -1}, {-1, -1}}};
    if (make_input(program, pipes->input) == 0 &&
        pipe2(pipes->output[STREAM_OUT], O_CLOEXEC) == 0 &&
        (!has_own_errors(program) || pipe2(pipes->output[STREAM_ERR], O_CLOEXEC) == 0))
        return 0;
    int cause = errno;
    close_pipes(pipes);
    errno = cause;
    return -1;
}

static int explain_pipes(const struct program *program, int cause, struct err *err)
{
    if (cause == EMFILE)
        return err_set(err, ERR_SYSTEM, "too many open files to spawn '%s'",
                       program->process->name);
    if (program->process->stdin_file && access(program->process->stdin_file, R_OK) < 0)
        return err_errno(err, errno, "cannot open the stdin_file %s", program->process->stdin_file);
    return err_set(err, ERR_SYSTEM, "unknown error making dispatchers for '%s': %s",
                   program->process->name, strerrorname_np(cause));
}

/* Hands our ends over to those who read and write at them. */
static int open_streams(struct program *program, struct pipes *pipes, struct err *err)
{
    int result = 0;
    for (int stream = 0; stream < STREAM_COUNT && result == 0; stream++) {
        int fd = pipes->output[stream][0];
        pipes->output[stream][0] = -1;
        if (fd >= 0)
            result = output_open(&program->outputs[stream], fd, err);
    }
    if (result < 0)
        return err_prefix(err, "unknown error making dispatchers for '%s'", program->process->name);
    if (pipes->input[1] >= 0)
        input_open(&program->input, pipes->input[1]);
    pipes->input[1] = -1;
    return 0;
}

static void close_streams(struct program *program)
{
    for (int stream = 0; stream < STREAM_COUNT; stream++)
        output_close(&program->outputs[stream]);
    input_close(&program->input);
}

/* Starting */

static int explain_fork(const struct program *program, int cause, struct err *err)
{
    if (cause == EAGAIN)
        return err_set(err, ERR_SYSTEM, "Too many processes in process table to spawn '%s'",
                       program->process->name);
    return err_set(err, ERR_SYSTEM, "unknown error during fork for '%s': %s",
                   program->process->name, strerrorname_np(cause));
}

/* As spawn.h wants it. Its file has just been looked at here, and its logs have been opened. */
static bool may_share_memory(const struct program *program)
{
    return !program->cgroup && !program->process->directory[0] && !program->settings->user[0];
}

static int fork_program(struct program *program, const char *file, char **argv,
                        const struct pipes *pipes, struct err *err)
{
    int out = pipes->output[STREAM_OUT][1];
    int socket = program_group_socket(program->group);
    struct spawn_fd fds[SPAWN_FDS_MAX] = {
        {socket >= 0 ? socket : pipes->input[0], STDIN_FILENO},
        {out, STDOUT_FILENO},
        {has_own_errors(program) ? pipes->output[STREAM_ERR][1] : out, STDERR_FILENO},
    };
    size_t fd_count = STDERR_FILENO + 1;
    fds[fd_count].from = watch_descriptor(program, &fds[fd_count].to);
    fd_count += fds[fd_count].from >= 0;
    fd_count = program_sockets_add(program, fds, fd_count);
    struct program_environment environment;
    struct program_child child;
    if (program_environment_make(&environment, program, err) < 0)
        return -1;
    program_cgroup_prepare(program);
    program_child_init(&child, program, argv[0]);
    child.listen_pid = program_environment_listen_pid(&environment);
    const struct spawn_request request = {
        .program = file,
        .argv = argv,
        .envp = environment.pairs,
        .directory = program->process->directory[0] ? program->process->directory : NULL,
        .fds = fds,
        .fd_count = fd_count,
        .new_group = true,
        .kind = may_share_memory(program) ? SPAWN_SHARING : SPAWN_UNWATCHED,
        .prepare = program_child_prepare,
        .failed = program_child_failed,
        .context = &child,
    };
    int result = spawn_start(&request, &program->child, NULL);
    int cause = errno;
    program_environment_finish(&environment);
    return result < 0 ? explain_fork(program, cause, err) : 0;
}

static int launch(struct program *program, const char *file, char **argv, struct err *err)
{
    struct pipes pipes;
    if (make_pipes(program, &pipes) < 0)
        return explain_pipes(program, errno, err);
    int result = open_streams(program, &pipes, err);
    if (result == 0)
        result = fork_program(program, file, argv, &pipes, err);
    if (result < 0)
        close_streams(program);
    close_pipes(&pipes);
    return result;
}

int program_launch(struct program *program, struct err *err)
{
    char *file = NULL;
    int result = -1;
    char **argv = command_split(program->process->command, err);
    if (argv && program_launch_find(program, argv[0], &file, err) == FAULT_SUCCESS &&
        program_group_prepare(program->group, program, err) == 0 &&
        watch_prepare(program, err) == 0 && program_sockets_prepare(program, err) == 0)
        result = launch(program, file, argv, err);
    free(file);
    command_free(argv);
    if (result < 0) {
        watch_ended(program);
        program_cgroup_ended(program);
        program_group_ended(program->group, program);
    }
    return result;
}
