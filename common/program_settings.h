/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PROGRAM_SETTINGS_H
#define COMMON_PROGRAM_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event_types.h"
#include "common/keys.h"
#include "common/program_attributes.h"

/*
 * [program:x], [eventlistener:x], [fcgi-program:x] and [group:x]: programs that are supervised as
 * Supervisor does it. Strings are never NULL, times are milliseconds, sizes bytes.
 */
#define PROGRAM_NAME_MAX 200 /* bytes of a program's, process's or group's name */
#define PROCESSES_MAX    20000

enum group_kind { GROUP_PROGRAMS, GROUP_LISTENERS, GROUP_FCGI };
enum autorestart { AUTORESTART_NEVER, AUTORESTART_ALWAYS, AUTORESTART_UNEXPECTED };
enum stream { STREAM_OUT, STREAM_ERR, STREAM_COUNT };

/* stdout_… and stderr_… */
struct stream_settings {
    int64_t maxbytes; /* of the log file before it is rotated; 0: never */
    int64_t backups;
    int64_t capture_maxbytes; /* of what stands between two tokens; 0: they are not looked for */
    bool events;
    bool syslog;
};

/* What each process of a program has for itself, because it may differ by %(process_num)d. */
struct process_settings {
    char *name;
    char *command;
    char *directory; /* "": that of musterd */
    char *environment;
    char *logfiles[STREAM_COUNT]; /* a path, KEY_LOG_NONE or KEY_LOG_AUTO */

    /* NULL where unset */
    char *env_file;              /* for env_files_read */
    char *environment_from_file; /* for env_sources_read */
    char *stdin_file;
    char *sockets; /* for socket_list_parse */
    char *pre_start, *post_stop, *stop_command, *reload_command;
    char *ready, *health; /* check.h */
};

/* What they share, and with them the programs that are given the same: there may be
 * thousands alike. */
struct program_settings {
    unsigned holders;
    int64_t numprocs, numprocs_start;
    int64_t priority;
    bool autostart;
    int autorestart;   /* enum autorestart */
    int64_t startsecs; /* it runs when it has stayed up for so long */
    int64_t startretries;
    struct exit_codes exitcodes; /* that are expected */
    int stopsignal;
    int reload_signal;    /* 0: none */
    int64_t stopwaitsecs; /* from stopsignal to KILL */
    bool stopasgroup, killasgroup;
    bool redirect_stderr;
    char *user;
    int umask; /* -1: that of musterd */
    char *serverurl;
    struct stream_settings streams[STREAM_COUNT];
    struct attribute_settings attributes;
    bool socket_activation;
    int64_t hook_timeout; /* of pre_start, post_stop, stop_command and reload_command */
    struct run_schedule_settings schedule;
    struct log_settings logs;

    char *depends_on; /* program_depends.h */
    int64_t ready_timeout, watchdog;
    int64_t health_interval, health_timeout, health_retries, health_start;
    int64_t restart_delay; /* KEY_UNSET: as Supervisor does it */
    int64_t restart_delay_max;
    int64_t restart_jitter; /* percent */
    bool fatal;
    bool exit_on_fatal;
};

/* A program of a group. */
struct program_entry {
    char *name;
    unsigned rank; /* higher than those that it depends on have; 0: there are none */
    struct program_settings *settings;  /* held */
    struct process_settings *processes; /* by name, which is the order that they are started in;
                                         * packed, the texts of all stand behind them */
    size_t process_count;
};

/* Settings that were read stay as they are; who needs them longer than the struct settings that
 * they came with, holds them. */
struct group_settings {
    unsigned holders;
    size_t place; /* among the groups as they were read */
    char *name;
    int kind; /* enum group_kind */
    int64_t priority;
    struct program_entry *programs; /* in the order that they are started in */
    size_t program_count;
    char *environment; /* of [supervisord], for all: those of the processes stand above it */

    /* GROUP_LISTENERS */
    uint32_t events;     /* enum event_type, as bits: with what is below an abstract one */
    int64_t buffer_size; /* events that wait */

    /* GROUP_FCGI */
    char *socket; /* tcp://HOST:PORT or unix:///PATH */
    char *socket_owner;
    int socket_mode;
    int64_t socket_backlog; /* 0: what the system allows */
};

/* What the keys of one section are read into. */
struct program_section {
    struct program_settings program;
    struct process_settings process;
    const struct program_entry *entry; /* that is being read */
};

extern const struct key_table settings_program_table;       /* of struct program_section */
extern const struct key_table settings_group_table;         /* of struct group_section */
extern const struct key_table settings_eventlistener_table; /* likewise */
extern const struct key_table settings_fcgi_table;          /* likewise */

struct group_section {
    struct group_settings group;
    char *programs;       /* the names, separated by commas */
    char *result_handler; /* a function of Python's, which cannot be called */
};

/* True for a key whose value each process has for itself. */
bool program_key_is_of_process(const struct key *key);

/* Texts stand behind what has them, in one block: there may be thousands. Both are for what stays
 * as it is from then on; the texts are the block's. */

/* What rows have for all processes, as a block that has one holder. */
struct program_settings *program_settings_pack(struct program_section *rows);

/* The name and the processes of an entry, which are its own. */
void program_entry_pack(struct program_entry *entry);

/* True where both say the same in each key. */
bool program_settings_equal(const struct program_settings *one,
                            const struct program_settings *other);

/* Accepts what is empty, too. */
void program_entry_finish(struct program_entry *entry);

/* Both accept NULL; the last release frees. */
struct group_settings *group_settings_hold(struct group_settings *group);
void group_settings_release(struct group_settings *group);

/* A name as Supervisor accepts it: no space, colon or slash. Returns 0, or -1 with err. */
int program_check_name(const char *name, struct err *err);

#endif
