/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/program_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cgroup.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/usage.h"
#include "supervisor/programs/program.h"

#define NUMBER_SIZE 24

struct program_cgroup {
    char *directory;
    char *members; /* its file of processes */
    bool limits_memory;
    uint64_t kills, failures; /* when the process began; the group may be older */
};

static const struct attribute_settings *attributes_of(const struct program *program)
{
    return &program->settings->attributes;
}

static bool is_wanted(const struct program *program)
{
    return attributes_of(program)->memory_limit > 0 || attributes_of(program)->cpu_limit > 0;
}

void program_cgroup_announce(struct program *program)
{
    struct program_host *host = program->host;
    if (!is_wanted(program))
        return;
    if (!host->cgroups.is_tried) {
        cgroups_prepare(&host->cgroups);
        custody_hold_cgroup(host);
    }
    /* Where the machine has no such controller, the configuration has been warned of already. */
    if (attributes_of(program)->cpu_limit == 0 || host->cgroups.has_cpu ||
        host->warned == program->settings || !cgroup_machine_has("cpu"))
        return;
    host->warned = program->settings;
    log_write(LOG_WARN, "cpu_limit of '%s' has no effect: %s", program->process->name,
              host->cgroups.why_not);
}

/* What the kernel counts */

static uint64_t count(const struct program_cgroup *cgroup, const char *name)
{
    char *text = cgroup_read(cgroup->directory, "memory.events");
    uint64_t number = cgroup_count(text, name);
    free(text);
    return number;
}

bool program_cgroup_limits_memory(const struct program *program)
{
    return program->cgroup && program->cgroup->limits_memory;
}

/* A kill without a failure of this group's was for a limit above it. */
bool program_cgroup_ran_out(const struct program *program)
{
    return program_cgroup_limits_memory(program) &&
           count(program->cgroup, "oom_kill") > program->cgroup->kills &&
           count(program->cgroup, "oom") > program->cgroup->failures;
}

/* Making it */

static int write_size(const struct program_cgroup *cgroup, const char *file, int64_t bytes)
{
    char text[NUMBER_SIZE] = "max";
    if (bytes > 0)
        snprintf(text, sizeof text, "%" PRId64, bytes);
    return cgroup_write(cgroup->directory, file, text);
}

/* All of it are killed together, and before it is swapped out: as it would be without a group. */
static int limit_memory(struct program_cgroup *cgroup, int64_t bytes)
{
    if (write_size(cgroup, "memory.max", bytes) < 0)
        return -1;
    cgroup_write(cgroup->directory, "memory.oom.group", bytes > 0 ? "1" : "0");
    cgroup_write(cgroup->directory, "memory.swap.max", bytes > 0 ? "0" : "max");
    cgroup->limits_memory = bytes > 0;
    return 0;
}

static void complain(const struct program *program, const char *what)
{
    log_write(LOG_WARN, "%s of '%s' cannot be kept by the cgroup %s: %s", what,
              program->process->name, program->cgroup->directory, strerror(errno));
}

static void write_limits(struct program *program)
{
    char text[CGROUP_CPU_MAX_SIZE];
    const struct cgroups *cgroups = &program->host->cgroups;
    const struct attribute_settings *attributes = attributes_of(program);
    if (cgroups->has_memory && limit_memory(program->cgroup, attributes->memory_limit) < 0)
        complain(program, "memory_limit");
    if (cgroups->has_cpu && cgroup_write(program->cgroup->directory, "cpu.max",
                                         cgroup_cpu_max(attributes->cpu_limit, text)) < 0)
        complain(program, "cpu_limit");
}

static void take(struct program *program, char *directory)
{
    struct program_cgroup *cgroup = mem_new(1, sizeof *cgroup);
    cgroup->directory = directory;
    cgroup->members = mem_printf("%s/cgroup.procs", directory);
    cgroup->kills = count(cgroup, "oom_kill");
    cgroup->failures = count(cgroup, "oom");
    program->cgroup = cgroup;
}

static char *name_of(const struct program *program)
{
    char *full_name = program_full_name(program);
    char *name = cgroup_name(full_name);
    free(full_name);
    return name;
}

void program_cgroup_prepare(struct program *program)
{
    const char *above = program->host->cgroups.directory;
    if (!is_wanted(program) || !above || program->cgroup)
        return;
    char *name = name_of(program);
    char *directory = mem_printf("%s/%s", above, name);
    free(name);
    if (mkdir(directory, 0755) < 0 && errno != EEXIST) {
        log_write(LOG_WARN, "cannot make the cgroup %s: %s", directory, strerror(errno));
        free(directory);
        return;
    }
    take(program, directory);
    write_limits(program);
}

const char *program_cgroup_join(const struct program *program)
{
    if (!program->cgroup)
        return NULL;
    const char *key = attributes_of(program)->memory_limit > 0 ? "memory_limit" : "cpu_limit";
    int fd = open(program->cgroup->members, O_WRONLY | O_CLOEXEC);
    ssize_t written = fd >= 0 ? write(fd, "0", 1) : -1; /* 0: who writes */
    int cause = errno;
    if (fd >= 0)
        close(fd);
    errno = cause;
    return written < 0 ? key : NULL;
}

/* Of one that runs */

/* Twice: somebody may fork meanwhile. */
static void move_tree(struct program *program)
{
    pid_t pids[USAGE_PROCESSES_MAX];
    char number[NUMBER_SIZE];
    for (int round = 0; round < 2; round++) {
        size_t length = usage_tree(program_pid(program), pids);
        for (size_t i = 0; i < length; i++) {
            snprintf(number, sizeof number, "%d", (int)pids[i]);
            if (cgroup_write(program->cgroup->directory, "cgroup.procs", number) < 0 &&
                errno != ESRCH)
                complain(program, "a limit");
        }
    }
}

void program_cgroup_follow(struct program *program)
{
    program_cgroup_announce(program);
    if (program_pid(program) == 0)
        return;
    if (program->cgroup) {
        write_limits(program);
        return;
    }
    program_cgroup_prepare(program);
    if (program->cgroup)
        move_tree(program);
}

/* The other master may have had its groups elsewhere. */
void program_cgroup_resume(struct program *program)
{
    char *directory = is_wanted(program) ? cgroup_directory(program_pid(program), NULL) : NULL;
    char *name = name_of(program);
    const char *last = directory ? strrchr(directory, '/') : NULL;
    if (last && strcmp(last + 1, name) == 0)
        take(program, directory);
    else
        free(directory);
    free(name);
    program_cgroup_follow(program);
}

void program_cgroup_ended(struct program *program)
{
    struct program_cgroup *cgroup = program->cgroup;
    if (!cgroup)
        return;
    rmdir(cgroup->directory);
    free(cgroup->directory);
    free(cgroup->members);
    free(cgroup);
    program->cgroup = NULL;
}
