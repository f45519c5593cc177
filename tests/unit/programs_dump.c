/* SPDX-License-Identifier: MIT */

/* For the comparison with Supervisor (test_programs_oracle.py): reads names of files from standard
 * input, and answers each with a line of JSON: what the file means, or {"error":…}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/json.h"
#include "common/log.h"
#include "common/settings.h"
#include "common/users.h"

static void put_optional(cJSON *object, const char *name, const char *text)
{
    if (text[0] && strcmp(text, KEY_LOG_NONE) != 0)
        cJSON_AddStringToObject(object, name, text);
    else
        cJSON_AddNullToObject(object, name);
}

static void put_user(cJSON *object, const char *user)
{
    uid_t uid;
    gid_t gid;
    if (user[0] && user_find(user, &uid, &gid, NULL) == 0)
        cJSON_AddNumberToObject(object, "uid", uid);
    else
        cJSON_AddNullToObject(object, "uid");
}

static void put_owner(cJSON *object, const char *name, const char *owner)
{
    uid_t uid;
    gid_t gid;
    cJSON *pair = owner[0] && owner_find(owner, &uid, &gid, NULL) == 0
                      ? cJSON_AddArrayToObject(object, name)
                      : NULL;
    if (!pair)
        return;
    cJSON_AddItemToArray(pair, cJSON_CreateNumber(uid));
    cJSON_AddItemToArray(pair, cJSON_CreateNumber(gid == (gid_t)-1 ? -1 : (double)gid));
}

static void put_environment(cJSON *object, const char *text, const char *over)
{
    cJSON *names = cJSON_AddObjectToObject(object, "environment");
    char **base = command_environment(text, NULL), **more = command_environment(over, NULL);
    char **all = command_merge_environment(NULL, base);
    char **merged = command_merge_environment(all, more);
    for (char **pair = merged; *pair; pair++) {
        char *equals = strchr(*pair, '=');
        *equals = '\0';
        cJSON_DeleteItemFromObjectCaseSensitive(names, *pair);
        cJSON_AddStringToObject(names, *pair, equals + 1);
    }
    command_free(base);
    command_free(more);
    command_free(all);
    command_free(merged);
}

static void put_stream(cJSON *object, const char *prefix, const struct stream_settings *stream,
                       const char *logfile)
{
    char name[64];
    snprintf(name, sizeof name, "%s_logfile", prefix);
    put_optional(object, name, logfile);
    snprintf(name, sizeof name, "%s_logfile_maxbytes", prefix);
    cJSON_AddNumberToObject(object, name, (double)stream->maxbytes);
    snprintf(name, sizeof name, "%s_logfile_backups", prefix);
    cJSON_AddNumberToObject(object, name, (double)stream->backups);
    snprintf(name, sizeof name, "%s_capture_maxbytes", prefix);
    cJSON_AddNumberToObject(object, name, (double)stream->capture_maxbytes);
    snprintf(name, sizeof name, "%s_events_enabled", prefix);
    cJSON_AddBoolToObject(object, name, stream->events);
    snprintf(name, sizeof name, "%s_syslog", prefix);
    cJSON_AddBoolToObject(object, name, stream->syslog);
}

static void put_codes(cJSON *object, const struct exit_codes *codes)
{
    cJSON *list = cJSON_AddArrayToObject(object, "exitcodes");
    for (int status = 0; status <= 255; status++)
        if (exit_codes_have(codes, status))
            cJSON_AddItemToArray(list, cJSON_CreateNumber(status));
}

static cJSON *describe_process(const struct supervisord_settings *daemon,
                               const struct program_settings *program,
                               const struct process_settings *process)
{
    static const char *const restart[] = {"never", "always", "unexpected"};
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", process->name);
    cJSON_AddStringToObject(object, "command", process->command);
    put_optional(object, "directory", process->directory);
    put_environment(object, daemon->environment, process->environment);
    cJSON_AddNumberToObject(object, "priority", (double)program->priority);
    cJSON_AddBoolToObject(object, "autostart", program->autostart);
    cJSON_AddStringToObject(object, "autorestart", restart[program->autorestart]);
    cJSON_AddNumberToObject(object, "startsecs", (double)program->startsecs / 1000);
    cJSON_AddNumberToObject(object, "startretries", (double)program->startretries);
    put_codes(object, &program->exitcodes);
    cJSON_AddNumberToObject(object, "stopsignal", program->stopsignal);
    cJSON_AddNumberToObject(object, "stopwaitsecs", (double)program->stopwaitsecs / 1000);
    cJSON_AddBoolToObject(object, "stopasgroup", program->stopasgroup);
    cJSON_AddBoolToObject(object, "killasgroup", program->killasgroup);
    cJSON_AddBoolToObject(object, "redirect_stderr", program->redirect_stderr);
    put_user(object, program->user);
    if (program->umask < 0)
        cJSON_AddNullToObject(object, "umask");
    else
        cJSON_AddNumberToObject(object, "umask", program->umask);
    if (strcasecmp(program->serverurl, "AUTO") == 0)
        cJSON_AddNullToObject(object, "serverurl");
    else
        cJSON_AddStringToObject(object, "serverurl", program->serverurl);
    put_stream(object, "stdout", &program->streams[STREAM_OUT], process->logfiles[STREAM_OUT]);
    put_stream(object, "stderr", &program->streams[STREAM_ERR], process->logfiles[STREAM_ERR]);
    return object;
}

static cJSON *describe_group(const struct supervisord_settings *daemon,
                             const struct group_settings *group)
{
    static const char *const kinds[] = {"programs", "listeners", "fcgi"};
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", group->name);
    cJSON_AddStringToObject(object, "kind", kinds[group->kind]);
    cJSON_AddNumberToObject(object, "priority", (double)group->priority);
    if (group->kind == GROUP_LISTENERS) {
        cJSON_AddNumberToObject(object, "buffer_size", (double)group->buffer_size);
        cJSON *events = cJSON_AddArrayToObject(object, "events");
        for (int i = 0; i < EVENT_TYPE_COUNT; i++)
            if (group->events & EVENT_BIT(i))
                cJSON_AddItemToArray(events, cJSON_CreateString(event_type_names[i]));
    }
    if (group->kind == GROUP_FCGI) {
        cJSON_AddStringToObject(object, "socket", group->socket);
        put_owner(object, "socket_owner", group->socket_owner);
        cJSON_AddNumberToObject(object, "socket_mode", group->socket_mode);
        cJSON_AddNumberToObject(object, "socket_backlog", (double)group->socket_backlog);
    }
    cJSON *processes = cJSON_AddArrayToObject(object, "processes");
    for (size_t p = 0; p < group->program_count; p++)
        for (size_t i = 0; i < group->programs[p].process_count; i++)
            cJSON_AddItemToArray(processes, describe_process(daemon, group->programs[p].settings,
                                                             &group->programs[p].processes[i]));
    return object;
}

static cJSON *describe_daemon(const struct supervisord_settings *daemon)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "logfile", daemon->logfile);
    cJSON_AddNumberToObject(object, "logfile_maxbytes", (double)daemon->logfile_maxbytes);
    cJSON_AddNumberToObject(object, "logfile_backups", (double)daemon->logfile_backups);
    cJSON_AddStringToObject(object, "loglevel", log_level_names[daemon->log_level]);
    cJSON_AddStringToObject(object, "pidfile", daemon->pidfile);
    cJSON_AddNumberToObject(object, "umask", daemon->umask);
    cJSON_AddBoolToObject(object, "nodaemon", daemon->nodaemon);
    cJSON_AddBoolToObject(object, "silent", daemon->silent);
    cJSON_AddBoolToObject(object, "nocleanup", daemon->nocleanup);
    cJSON_AddBoolToObject(object, "strip_ansi", daemon->strip_ansi);
    cJSON_AddNumberToObject(object, "minfds", (double)daemon->minfds);
    cJSON_AddNumberToObject(object, "minprocs", (double)daemon->minprocs);
    cJSON_AddStringToObject(object, "childlogdir", daemon->childlogdir);
    put_user(object, daemon->user);
    put_optional(object, "directory", daemon->directory);
    cJSON_AddStringToObject(object, "identifier", daemon->identifier);
    return object;
}

static cJSON *describe_server(const struct http_server_settings *server)
{
    cJSON *object = cJSON_CreateObject();
    put_optional(object, "name", server->name);
    put_optional(object, "username", server->username);
    put_optional(object, "password", server->password);
    if (server->is_unix) {
        cJSON_AddStringToObject(object, "file", server->file);
        cJSON_AddNumberToObject(object, "chmod", server->chmod);
        put_owner(object, "chown", server->chown);
    } else {
        cJSON_AddStringToObject(object, "host", server->host);
        cJSON_AddNumberToObject(object, "port", (double)server->port);
    }
    return object;
}

static cJSON *describe(const struct settings *settings)
{
    const struct supervisor_settings *supervisor = &settings->supervisor;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToObject(object, "supervisord", describe_daemon(&supervisor->daemon));
    cJSON *servers = cJSON_AddArrayToObject(object, "servers");
    for (size_t i = 0; i < supervisor->server_count; i++)
        cJSON_AddItemToArray(servers, describe_server(&supervisor->servers[i]));
    cJSON *groups = cJSON_AddArrayToObject(object, "groups");
    for (size_t i = 0; i < supervisor->group_count; i++)
        cJSON_AddItemToArray(groups, describe_group(&supervisor->daemon, supervisor->groups[i]));
    return object;
}

static void dump(const char *path)
{
    struct err err = ERR_INIT;
    struct settings *settings = settings_load(path, &err);
    cJSON *answer = settings ? describe(settings) : cJSON_CreateObject();
    if (!settings)
        cJSON_AddStringToObject(answer, "error", err.text);
    char *text = cJSON_PrintUnformatted(answer);
    puts(text);
    fflush(stdout);
    cJSON_free(text);
    cJSON_Delete(answer);
    settings_destroy(settings);
}

int main(void)
{
    char path[4096];
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = '\0';
        dump(path);
    }
    return 0;
}
