/* SPDX-License-Identifier: MIT */
#include "supervisor/main_log.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "supervisor/programs/syslog.h"

#define NOWHERE "/dev/null"

static struct {
    void (*rotated)(void *context);
    void *context;
    bool to_output, to_syslog;
} current;

static void on_rotated(void)
{
    if (current.rotated)
        current.rotated(current.context);
}

/* Standard output may be a pipe whose reader is slow, or has gone: it has no claim to each line. */
static void copy(const char *line, size_t length)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (current.to_syslog)
        syslog_lines("supervisord", line, length);
    if (!current.to_output || poll(&output, 1, 0) != 1 || !(output.revents & POLLOUT))
        return;
    if (write(STDOUT_FILENO, line, length) < 0)
        current.to_output = false;
}

void main_log_set_rotated(void (*rotated)(void *context), void *context)
{
    current.rotated = rotated;
    current.context = context;
}

/* True where it is [supervisord] that says where the log goes. */
static bool is_supervisors(const struct settings *settings)
{
    const struct supervisord_settings *daemon = &settings->supervisor.daemon;
    bool has_own =
        settings->muster.logfile[0] && strcmp(settings->muster.logfile, daemon->logfile) != 0;
    return settings->supervisor.is_given && !has_own;
}

int main_log_open(const struct settings *settings, bool background, struct err *err)
{
    const struct supervisord_settings *daemon = &settings->supervisor.daemon;
    struct log_options options = {
        .level = (enum log_level)settings->muster.log_level,
        .format = (enum log_format)settings->muster.log_format,
        .path = settings->muster.logfile,
        .process = settings->supervisor.is_given && !settings->serves_queues ? NULL : "musterd",
        .rotated = on_rotated,
    };
    current.to_output = current.to_syslog = false;
    if (is_supervisors(settings)) {
        current.to_output = !background && !daemon->silent;
        current.to_syslog = strcmp(daemon->logfile, KEY_LOG_SYSLOG) == 0;
        options.maxbytes = daemon->logfile_maxbytes;
        options.backups = daemon->logfile_backups;
        options.tee = copy;
        if (!options.path[0])
            options.path = NOWHERE;
    }
    return log_open(&options, err);
}
