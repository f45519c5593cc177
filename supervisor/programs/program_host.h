/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROGRAM_HOST_H
#define SUPERVISOR_PROGRAMS_PROGRAM_HOST_H

#include <stdbool.h>
#include <sys/resource.h>

#include "common/supervisor_settings.h"
#include "supervisor/host.h"
#include "supervisor/programs/cgroups.h"
#include "supervisor/programs/compressor.h"
#include "supervisor/programs/custody.h"
#include "supervisor/programs/event_bus.h"
#include "supervisor/programs/identity.h"
#include "supervisor/programs/sd_notify.h"
#include "supervisor/programs/listening.h"

/* A read of a program's output, at most. */
#define OUTPUT_BUFFER_SIZE (128u << 10)

/* What all programs of one master share. */
struct program_host {
    struct host *host;
    struct event_bus bus;
    struct identities identities;
    struct compressor compressor;
    struct listenings listenings;
    struct rlimit files; /* RLIMIT_NOFILE for programs; our own may be higher */
    char *buffer;        /* OUTPUT_BUFFER_SIZE bytes, for whoever reads or writes just now */
    char *clean_buffer;  /* one byte more, where escape sequences are taken out */

    /* of [supervisord] and its servers */
    char *identifier;
    char *childlogdir;
    char *serverurl; /* "": there is no server */
    bool strips_ansi;
    int64_t start_concurrency; /* 0: no bound */

    uint64_t kernel_kills; /* for want of memory, as far as they are known of */
    struct cgroups cgroups;
    const struct program_settings *warned; /* whose cpu_limit has no effect, the last one */

    struct program **dependents; /* those that depend on others, in no order */
    size_t dependent_count;
    struct sd_notify notify;
    struct probe_command *commands; /* checks that are under way, or are being killed */

    struct custody custody;

    bool is_stopping; /* nothing is started any more */
};

/* Takes what programs need from settings: all of it at the start; later what does not name the logs
 * that there are. */
void program_host_configure(struct program_host *host, const struct supervisor_settings *settings);
void program_host_adapt(struct program_host *host, const struct supervisor_settings *settings);

/* Raises our own limit of open files, as far as it may be, for so many processes. */
void program_host_make_room(const struct program_host *host, size_t process_count);

/* What is shared, before anything is read from the settings; the host must outlive it. Finishing is
 * for when no program is left. */
void program_host_init(struct program_host *programs, struct host *host);
void program_host_finish(struct program_host *host);

#endif
