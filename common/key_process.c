/* SPDX-License-Identifier: MIT */

/* What a program is started with: limits, classes, files of variables. */
#include "common/key_types.h"

#include "common/cron.h"
#include "common/env_file.h"
#include "common/process_limits.h"
#include "common/socket_list.h"
#include "common/zone.h"

static int parse_rlimit(const struct key *key, const char *text, void *value, struct err *err)
{
    struct rlimit limit;
    if (text[0] && rlimit_parse(text, key->max == 0, &limit, err) < 0)
        return -1;
    return key_optional_store(text, value, err);
}

static int describe_rlimit(const struct key *key, struct buf *out)
{
    return buf_text_append(out, key->max == 0 ? "a size (4096, 1GB) or unlimited; SOFT:HARD for two"
                                              : "a number or unlimited; SOFT:HARD for two");
}

static int parse_ionice(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    int priority;
    if (text[0] && ionice_parse(text, &priority, err) < 0)
        return -1;
    return key_optional_store(text, value, err);
}

static int parse_env_files(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    return env_files_check(text, err) < 0 ? -1 : key_optional_store(text, value, err);
}

static int parse_env_sources(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    return env_sources_check(text, err) < 0 ? -1 : key_optional_store(text, value, err);
}

static int parse_whole_path(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    if (text[0] && text[0] != '/')
        return err_set(err, ERR_INVALID,
                       "\"%.200s\" is not an absolute path; write /PATH or %%(here)s/PATH", text);
    return key_optional_store(text, value, err);
}

static int parse_cron(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    struct cron cron;
    return text[0] && cron_parse(text, &cron, err) < 0 ? -1 : key_optional_store(text, value, err);
}

static int parse_zone(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    return zone_check(text, err) < 0 ? -1 : key_optional_store(text, value, err);
}

static int parse_daytime(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    struct cron cron;
    if (text[0] && cron_parse_daytime(text, &cron, err) < 0)
        return -1;
    return key_optional_store(text, value, err);
}

static int parse_owner(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    return key_check_owner(text, err) < 0 ? -1 : key_optional_store(text, value, err);
}

static int parse_command(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    return key_check_command(text, err) < 0 ? -1 : key_optional_store(text, value, err);
}

static int parse_sockets(const struct key *key, const char *text, void *value, struct err *err)
{
    (void)key;
    struct socket_list list;
    return socket_list_parse(text, &list, err) < 0 ? -1 : key_optional_store(text, value, err);
}

const struct key_type_operations key_rlimit = {
    .parse = parse_rlimit,
    .print = key_optional_print,
    .describe = describe_rlimit,
    .copy = key_optional_copy,
    .equal = key_optional_equal,
    .finish = key_text_finish,
};
const struct key_type_operations key_ionice =
    KEY_OPTIONAL_TYPE(parse_ionice, "idle, best-effort:0 to 7, realtime:0 to 7");
const struct key_type_operations key_env_files =
    KEY_OPTIONAL_TYPE(parse_env_files, "absolute paths, separated by commas");
const struct key_type_operations key_env_sources =
    KEY_OPTIONAL_TYPE(parse_env_sources, "NAME:/PATH, separated by commas");
const struct key_type_operations key_whole_path =
    KEY_OPTIONAL_TYPE(parse_whole_path, "an absolute path");
const struct key_type_operations key_cron =
    KEY_OPTIONAL_TYPE(parse_cron, "minute hour day month weekday, or @hourly, @daily …");
const struct key_type_operations key_zone = KEY_OPTIONAL_TYPE(parse_zone, "a time zone");
const struct key_type_operations key_daytime =
    KEY_OPTIONAL_TYPE(parse_daytime, "hourly, daily, weekly, HH:MM, or as in crontab(5)");
const struct key_type_operations key_optional_owner =
    KEY_OPTIONAL_TYPE(parse_owner, "user or user:group");
const struct key_type_operations key_optional_command =
    KEY_OPTIONAL_TYPE(parse_command, "a program and its arguments");
const struct key_type_operations key_sockets =
    KEY_OPTIONAL_TYPE(parse_sockets, "tcp://ADDRESS:PORT, unix:///PATH or systemd://NAME, several");
