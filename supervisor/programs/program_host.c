/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/program_host.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/programs/probe.h"
#include "supervisor/programs/memory_watch.h"

#define FILES_A_PROCESS 6   /* three pipes, two logs, and one to spare */
#define FILES_BESIDE    512 /* of workers, clients and us */

static void replace(char **text, char *by)
{
    free(*text);
    *text = by;
}

/* A unix socket is preferred, as by Supervisor. */
static char *server_url(const struct supervisor_settings *settings)
{
    const struct http_server_settings *inet = NULL;
    for (size_t i = 0; i < settings->server_count; i++) {
        if (settings->servers[i].is_unix)
            return mem_printf("unix://%s", settings->servers[i].file);
        inet = &settings->servers[i];
    }
    if (!inet)
        return mem_strdup("");
    return mem_printf("http://%s:%lld", inet->host[0] ? inet->host : "localhost",
                      (long long)inet->port);
}

void program_host_adapt(struct program_host *host, const struct supervisor_settings *settings)
{
    replace(&host->serverurl, server_url(settings));
    host->strips_ansi = settings->daemon.strip_ansi;
    host->start_concurrency = settings->daemon.start_concurrency;
    host->warned = NULL;
    identities_forget(&host->identities);
}

void program_host_configure(struct program_host *host, const struct supervisor_settings *settings)
{
    replace(&host->identifier, mem_strdup(settings->daemon.identifier));
    replace(&host->childlogdir, mem_strdup(settings->daemon.childlogdir));
    program_host_adapt(host, settings);
}

void program_host_make_room(const struct program_host *host, size_t process_count)
{
    struct rlimit limit = host->files;
    rlim_t needed = FILES_BESIDE + (rlim_t)process_count * FILES_A_PROCESS;
    if (needed <= limit.rlim_cur)
        return;
    limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void program_host_init(struct program_host *programs, struct host *host)
{
    *programs = (struct program_host){.custody = {.socket = -1}, .host = host, .compressor.host = host};
    programs->buffer = mem_pages(OUTPUT_BUFFER_SIZE);
    programs->clean_buffer = mem_pages(OUTPUT_BUFFER_SIZE + 1);
    getrlimit(RLIMIT_NOFILE, &programs->files);
    sd_notify_init(programs);
    listenings_init(&programs->listenings);
    programs->kernel_kills = memory_kernel_kills();
}

void program_host_finish(struct program_host *host)
{
    custody_finish(host);
    cgroups_finish(&host->cgroups);
    compressor_finish(&host->compressor);
    probe_commands_finish(host);
    sd_notify_finish(host);
    listenings_finish(&host->listenings);
    free(host->dependents);
    identities_forget(&host->identities);
    mem_pages_free(host->buffer, OUTPUT_BUFFER_SIZE);
    mem_pages_free(host->clean_buffer, OUTPUT_BUFFER_SIZE + 1);
    free(host->identifier);
    free(host->childlogdir);
    free(host->serverurl);
}
