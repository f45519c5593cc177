/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/program_child.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "supervisor/programs/program_cgroup.h"

#define PARTS_MAX  6
#define PID_DIGITS 10

void program_child_init(struct program_child *child, const struct program *program,
                        const char *command)
{
    *child = (struct program_child){.program = program, .command = command};
    if (program->settings->user[0])
        child->identity = identity_of(&program->host->identities, program->settings->user);
    attributes_prepare(&child->attributes, &program->settings->attributes);
}

/* Writes texts up to a NULL as one line to standard error. */
static void complain(const char *const *parts)
{
    struct iovec vector[PARTS_MAX];
    int count = 0;
    for (; parts[count] && count < PARTS_MAX; count++)
        vector[count] =
            (struct iovec){.iov_base = (char *)parts[count], .iov_len = strlen(parts[count])};
    ssize_t written = writev(STDERR_FILENO, vector, count);
    (void)written; /* the exit status says as much */
}

static int complain_of(const char *key)
{
    int cause = errno;
    const char *const parts[] = {"musterd: couldn't set ", key,  ": ",
                                 strerrorname_np(cause),   "\n", NULL};
    complain(parts);
    errno = cause;
    return -1;
}

/* For who looks whether sockets are meant for it: only the child knows its pid. */
static void put_pid(char *text)
{
    char digits[PID_DIGITS];
    size_t count = 0;
    for (unsigned rest = (unsigned)getpid(); rest > 0 && count < PID_DIGITS; rest /= 10)
        digits[count++] = (char)('0' + rest % 10);
    while (count > 0)
        *text++ = digits[--count];
    *text = '\0';
}

int program_child_prepare(const void *context)
{
    const struct program_child *child = context;
    const char *failure = NULL;
    setrlimit(RLIMIT_NOFILE, &child->program->host->files);
    if (child->listen_pid)
        put_pid(child->listen_pid);
    const char *refused = program_cgroup_join(child->program);
    if (!refused)
        refused = attributes_take(&child->attributes);
    if (refused)
        return complain_of(refused);
    if (child->identity)
        failure = identity_become(child->identity);
    if (failure) {
        const char *const parts[] = {
            "supervisor: couldn't setuid to ", child->identity->name, ": ", failure, "\n", NULL};
        complain(parts);
        errno = EPERM;
        return -1;
    }
    if (child->program->settings->umask >= 0)
        umask((mode_t)child->program->settings->umask);
    return 0;
}

void program_child_failed(const void *context, enum spawn_stage stage, int errno_value)
{
    const struct program_child *child = context;
    const char *cause = strerrorname_np(errno_value);
    const char *const directory[] = {"supervisor: couldn't chdir to ",
                                     child->program->process->directory,
                                     ": ",
                                     cause,
                                     "\n",
                                     NULL};
    const char *const program[] = {
        "supervisor: couldn't exec ", child->command, ": ", cause, "\n", NULL};
    const char *const end[] = {"supervisor: child process was not spawned\n", NULL};
    if (stage == SPAWN_AT_DIRECTORY)
        complain(directory);
    if (stage == SPAWN_AT_PROGRAM)
        complain(program);
    if (stage != SPAWN_AT_SETUP) /* its standard error may still be ours */
        complain(end);
}
