/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/auto_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "supervisor/programs/program.h"

static void make_one(struct program *program, enum stream stream)
{
    static const char *const stream_names[] = {"stdout", "stderr"};
    const struct program_host *host = program->host;
    char *path = mem_printf("%s/%s-%s---%s-XXXXXX.log", host->childlogdir, program->process->name,
                            stream_names[stream], host->identifier);
    int fd = mkostemps(path, (int)strlen(".log"), O_CLOEXEC);
    if (fd >= 0) {
        memcpy(program->auto_names[stream], path + strlen(path) - strlen("XXXXXX.log"),
               AUTO_LETTERS);
        close(fd);
    } else {
        log_write(LOG_ERROR, "cannot make a log for %s in %s: %s", program->process->name,
                  host->childlogdir, strerror(errno));
    }
    free(path);
}

void auto_log_make(struct program *program)
{
    for (int stream = 0; stream < STREAM_COUNT; stream++)
        if (strcmp(program->process->logfiles[stream], KEY_LOG_AUTO) == 0 &&
            !program->auto_names[stream][0])
            make_one(program, (enum stream)stream);
}

/* NAME---IDENTIFIER-LETTERS.log, and what rotation puts behind it. */
static bool is_auto_log(const char *file, const char *identifier)
{
    char *middle = mem_printf("---%s-", identifier);
    const char *found = strstr(file + (file[0] != '\0'), middle);
    const char *letters = found ? found + strlen(middle) : "";
    free(middle);
    const char *end = letters[0] ? strstr(letters + 1, ".log") : NULL;
    return end && strcspn(letters, " \t\n") >= (size_t)(end - letters);
}

void auto_log_clean(const struct program_host *host)
{
    DIR *directory = opendir(host->childlogdir);
    if (!directory) {
        log_write(LOG_WARN, "Could not clear childlog dir");
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (is_auto_log(entry->d_name, host->identifier) &&
            unlinkat(dirfd(directory), entry->d_name, 0) < 0)
            log_write(LOG_WARN, "Failed to clean up '%s/%s'", host->childlogdir, entry->d_name);
    }
    closedir(directory);
}
