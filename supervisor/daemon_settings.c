/* SPDX-License-Identifier: MIT */
#include "supervisor/daemon_settings.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/path.h"
#include "common/users.h"

static void replace(char **text, char *by)
{
    free(*text);
    *text = by;
}

static void make_absolute(char **path)
{
    if (**path && strcmp(*path, KEY_LOG_NONE) != 0 && strcmp(*path, KEY_LOG_SYSLOG) != 0)
        replace(path, path_absolute(*path));
}

/* The paths as they were before tell which of the daemon's own follow from them. */
static void derive(struct settings *settings, const char *logfile, const char *pidfile)
{
    struct muster_settings *muster = &settings->muster;
    struct supervisord_settings *daemon = &settings->supervisor.daemon;
    make_absolute(&daemon->logfile);
    make_absolute(&daemon->pidfile);
    if (!muster->logfile[0] || strcmp(muster->logfile, logfile) == 0)
        replace(&muster->logfile, mem_strdup(daemon->logfile[0] == '/' ? daemon->logfile : ""));
    if (strcmp(muster->pidfile, pidfile) == 0)
        replace(&muster->pidfile, mem_strdup(daemon->pidfile));
    muster->log_level = daemon->log_level;
}

int daemon_settings_override(struct settings *settings, const struct daemon_override *overrides,
                             size_t count, struct err *err)
{
    struct supervisord_settings *daemon = &settings->supervisor.daemon;
    if (count == 0)
        return 0;
    char *logfile = mem_strdup(daemon->logfile), *pidfile = mem_strdup(daemon->pidfile);
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result =
            keys_set(&settings_supervisord_table, daemon, overrides[i].key, overrides[i].text, err);
    if (result == 0)
        derive(settings, logfile, pidfile);
    free(logfile);
    free(pidfile);
    return result;
}

/* Limits */

static int raise_limit(int resource, int64_t wanted, const char *key, const char *what,
                       struct err *err)
{
    struct rlimit limit;
    rlim_t least = (rlim_t)wanted;
    if (getrlimit(resource, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur >= least)
        return 0;
    limit.rlim_cur = least;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < least)
        limit.rlim_max = least; /* root may */
    if (setrlimit(resource, &limit) == 0)
        return 0;
    return err_errno(err, errno,
                     "[supervisord] %s: %lld %s are more than may be had here; lower it, or raise "
                     "the limit",
                     key, (long long)wanted, what);
}

/* The user */

static int become(const char *user, struct err *err)
{
    uid_t uid;
    gid_t gid;
    if (user_find(user, &uid, &gid, err) < 0)
        return err_prefix(err, "[supervisord] user");
    if (uid == getuid())
        return 0;
    if (geteuid() != 0)
        return err_set(err, ERR_INVALID,
                       "[supervisord] user: only root can become %s; start it as root, or take "
                       "this line out",
                       user);
    size_t count = 0;
    gid_t *groups = user_groups(uid, &count);
    int result = groups && setgroups(count, groups) == 0 && setgid(gid) == 0 && setuid(uid) == 0
                     ? 0
                     : err_errno(err, errno, "[supervisord] user: cannot become %s", user);
    free(groups);
    return result;
}

int daemon_settings_apply(const struct settings *settings, bool background, struct err *err)
{
    const struct supervisord_settings *daemon = &settings->supervisor.daemon;
    if (!settings->supervisor.is_given)
        return 0;
    umask((mode_t)daemon->umask);
    if (raise_limit(RLIMIT_NOFILE, daemon->minfds, "minfds", "open files", err) < 0 ||
        raise_limit(RLIMIT_NPROC, daemon->minprocs, "minprocs", "processes", err) < 0)
        return -1;
    if (background && daemon->directory[0] && chdir(daemon->directory) < 0)
        return err_errno(err, errno, "[supervisord] directory: cannot change to %s",
                         daemon->directory);
    return daemon->user[0] ? become(daemon->user, err) : 0;
}
