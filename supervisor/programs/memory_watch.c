/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/memory_watch.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/usage.h"
#include "supervisor/programs/program.h"
#include "supervisor/programs/program_cgroup.h"

#define LOOK_SECONDS 1.
#define VMSTAT_MAX   (64u << 10)
#define MEGABYTE     (1024. * 1024)

struct memory_watch {
    ev_timer timer;
    uint64_t killed_at; /* bytes that were in use when it was killed; 0: it was not */
};

static uint64_t limit_of(const struct program *program)
{
    return (uint64_t)program->settings->attributes.memory_limit;
}

/* The cheap figure counts shared pages for each process: only past the limit is it worth the exact
 * one. */
static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct program *program = timer->data;
    pid_t pid = program_pid(program);
    if (pid == 0 || usage_of_tree(pid).memory <= limit_of(program))
        return;
    uint64_t used = usage_proportional(pid);
    if (used <= limit_of(program))
        return;
    program->memory->killed_at = used;
    log_write(LOG_WARN, "killing '%s' (%d): it uses %.1f MB, its memory_limit is %.1f MB",
              program->process->name, (int)pid, (double)used / MEGABYTE,
              (double)limit_of(program) / MEGABYTE);
    spawn_signal_group(&program->child, SIGKILL);
}

void memory_watch_follow(struct program *program)
{
    struct ev_loop *loop = program->host->host->loop;
    bool is_wanted = program_pid(program) > 0 && limit_of(program) > 0 &&
                     !program_cgroup_limits_memory(program);
    if (is_wanted && !program->memory) {
        program->memory = mem_new(1, sizeof *program->memory);
        ev_timer_init(&program->memory->timer, on_look, LOOK_SECONDS, LOOK_SECONDS);
        program->memory->timer.data = program;
        ev_timer_start(loop, &program->memory->timer);
    } else if (!is_wanted && program->memory) {
        ev_timer_stop(loop, &program->memory->timer);
        free(program->memory);
        program->memory = NULL;
    }
}

uint64_t memory_kernel_kills(void)
{
    char *text;
    size_t length;
    uint64_t kills = 0;
    if (fd_read_file("/proc/vmstat", VMSTAT_MAX, &text, &length, NULL) < 0)
        return 0;
    const char *line = strstr(text, "\noom_kill ");
    if (line)
        sscanf(line, " oom_kill %" SCNu64, &kills);
    free(text);
    return kills;
}

char *memory_blame(struct program *program, int status)
{
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        return NULL;
    if (program->memory && program->memory->killed_at > 0)
        return mem_printf("Out of memory: it used %.1f MB, its memory_limit is %.1f MB",
                          (double)program->memory->killed_at / MEGABYTE,
                          (double)limit_of(program) / MEGABYTE);
    uint64_t kills = memory_kernel_kills();
    bool is_new = kills > program->host->kernel_kills;
    program->host->kernel_kills = kills;
    if (program_cgroup_ran_out(program))
        return mem_printf("Out of memory: killed by the kernel, past its memory_limit of %.1f MB",
                          (double)limit_of(program) / MEGABYTE);
    if (!is_new || program->state == PROCESS_STOPPING)
        return NULL;
    return mem_strdup(
        "Out of memory: killed by SIGKILL while the kernel's out-of-memory killer was "
        "at work");
}
