/* SPDX-License-Identifier: MIT */
#include "cli/supervisor_keys.h"

#include <stddef.h>
#include <string.h>

#include "common/settings.h"

#define STREAM_KEYS(stream)                                                                        \
    " " stream "_logfile " stream "_logfile_maxbytes " stream "_logfile_backups " stream           \
    "_capture_maxbytes " stream "_events_enabled " stream "_syslog "
#define PROGRAM_KEYS                                                                               \
    " command process_name numprocs numprocs_start priority autostart autorestart startsecs "      \
    "startretries exitcodes stopsignal stopwaitsecs stopasgroup killasgroup user directory umask " \
    "environment serverurl redirect_stderr " STREAM_KEYS("stdout") STREAM_KEYS("stderr")

/* A section's kind: the keys that Supervisor knows there, with a space around each, and the tables
 * that we have. */
static const struct kind {
    const char *name; /* ends with a colon where a name follows */
    const char *keys;
    const struct key_table *tables[2];
} kinds[] = {
    {"supervisord",
     " logfile logfile_maxbytes logfile_backups loglevel pidfile umask nodaemon silent nocleanup "
     "strip_ansi minfds minprocs childlogdir user directory environment identifier ",
     {&settings_supervisord_table}},
    {"program:", PROGRAM_KEYS, {&settings_program_table}},
    {"eventlistener:",
     PROGRAM_KEYS "events buffer_size result_handler ",
     {&settings_program_table, &settings_eventlistener_table}},
    {"fcgi-program:",
     PROGRAM_KEYS "socket socket_owner socket_mode socket_backlog ",
     {&settings_program_table, &settings_fcgi_table}},
    {"group:", " programs priority ", {&settings_group_table}},
    {"unix_http_server",
     " file chmod chown username password ",
     {&settings_unix_http_server_table}},
    {"inet_http_server", " port username password ", {&settings_inet_http_server_table}},
    {"supervisorctl",
     " serverurl username password prompt history_file ",
     {&settings_supervisorctl_table}},
    {"include", " files ", {NULL}},
};

/* What is not the same, by section and key. */
static const struct {
    const char *section, *key;
    enum supervisor_verdict verdict;
    const char *note;
} differences[] = {
    {"supervisord", "nodaemon", SUPERVISOR_DIFFERENT,
     "the same where it is started as supervisord; musterd stays in the foreground without -b"},
    {"program:", "numprocs", SUPERVISOR_BETTER, "another number leaves the other processes alone"},
    {"program:", "startsecs", SUPERVISOR_BETTER, "also fractions and units: 0.5, 1m30s"},
    {"program:", "stopwaitsecs", SUPERVISOR_BETTER, "also fractions and units: 0.5, 1m30s"},
    {"program:", "environment", SUPERVISOR_BETTER,
     "what Supervisor misreads without a word (A=a b) is an error"},
    {"program:", "stdout_logfile", SUPERVISOR_BETTER,
     "also a pipe or /dev/stdout; a slow reader holds up nobody"},
    {"program:", "stderr_logfile", SUPERVISOR_BETTER,
     "also a pipe or /dev/stdout; a slow reader holds up nobody"},
    {"eventlistener:", "result_handler", SUPERVISOR_DIFFERENT,
     "it would be Python: only the usual one, OK and FAIL"},
    {"unix_http_server", "password", SUPERVISOR_BETTER,
     "also crypt(3); who guesses waits a second"},
    {"inet_http_server", "password", SUPERVISOR_BETTER,
     "also crypt(3); who guesses waits a second"},
    {"inet_http_server", "port", SUPERVISOR_BETTER, "also IPv6: [::1]:9001"},
};

static bool is_of(const char *section, const char *kind)
{
    size_t length = strlen(kind);
    if (length > 0 && kind[length - 1] == ':')
        return strncmp(section, kind, length) == 0;
    return strncmp(section, kind, length) == 0 &&
           (section[length] == '\0' || section[length] == ':');
}

static const struct kind *kind_of(const char *section)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (is_of(section, kinds[i].name))
            return &kinds[i];
    return NULL;
}

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; length > 0 && (at = strstr(at, word)); at++)
        if (at[-1] == ' ' && at[length] == ' ')
            return true;
    return false;
}

static bool has_key(const struct kind *kind, const char *key)
{
    for (size_t i = 0; i < sizeof kind->tables / sizeof kind->tables[0]; i++)
        if (kind->tables[i] && keys_find(kind->tables[i], key))
            return true;
    return false;
}

/* Other programs have what [program:x] has. */
static bool is_about(const char *section, const char *of)
{
    bool is_program = is_of(section, "eventlistener:") || is_of(section, "fcgi-program:");
    return is_of(section, of) || (is_program && strcmp(of, "program:") == 0);
}

static struct supervisor_difference known_difference(const char *section, const char *key)
{
    for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++)
        if (is_about(section, differences[i].section) && strcmp(key, differences[i].key) == 0)
            return (struct supervisor_difference){differences[i].verdict, differences[i].note};
    return (struct supervisor_difference){SUPERVISOR_SAME, ""};
}

struct supervisor_difference supervisor_key_difference(const char *section, const char *key)
{
    const struct kind *kind = kind_of(section);
    if (is_of(section, "rpcinterface:"))
        return strcmp(section, "rpcinterface:supervisor") == 0
                   ? (struct supervisor_difference){SUPERVISOR_SAME, ""}
                   : (struct supervisor_difference){SUPERVISOR_DIFFERENT,
                                                    "it would be Python: it is ignored"};
    if (kind && has_word(kind->keys, key))
        return known_difference(section, key);
    if (kind && has_key(kind, key))
        return (struct supervisor_difference){SUPERVISOR_NEW,
                                              "Supervisor ignores it, here it counts"};
    if (is_of(section, "ctlplugin:"))
        return (struct supervisor_difference){SUPERVISOR_DIFFERENT,
                                              "it would be Python: it is ignored"};
    return (struct supervisor_difference){SUPERVISOR_UNKNOWN, "there is no such key"};
}

bool supervisor_has_section(const char *section)
{
    return kind_of(section) || is_of(section, "rpcinterface:") || is_of(section, "ctlplugin:");
}

const char *supervisor_verdict_name(enum supervisor_verdict verdict)
{
    static const char *const names[] = {"same", "better", "different", "new", "unknown"};
    return names[verdict];
}
