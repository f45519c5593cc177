/* SPDX-License-Identifier: MIT */

/* The commands of the control socket that are about programs (docs/control.md). */
#include "supervisor/command.h"

#include <stdlib.h>
#include <string.h>

#include "common/signal_names.h"
#include "supervisor/master.h"
#include "supervisor/programs/description.h"
#include "supervisor/programs/operation.h"
#include "supervisor/programs/select.h"
#include "supervisor/programs/update.h"

#define NAMES_MAX 10000

/* Reading a request */

static int check_names(const cJSON *names, struct err *err)
{
    const cJSON *name;
    if (!cJSON_IsArray(names) || cJSON_GetArraySize(names) > NAMES_MAX)
        return err_set(err, ERR_INVALID, "names: must be a list of at most %d names", NAMES_MAX);
    cJSON_ArrayForEach(name, names)
    {
        if (!cJSON_IsString(name))
            return err_set(err, ERR_INVALID, "names: must be a list of strings");
    }
    return 0;
}

/* The programs that a request names, or all; those names that mean none are listed in the answer.
 * Returns 0, or -1 with err. */
static int read_programs(const struct master *master, const cJSON *request,
                         struct program_list *list, cJSON *answer, struct err *err)
{
    const cJSON *name, *names = json_get(request, "names");
    cJSON *unknown = cJSON_AddArrayToObject(answer, "unknown");
    *list = (struct program_list){0};
    if (!names) {
        programs_select(&master->programs, "all", list, NULL);
        return 0;
    }
    if (check_names(names, err) < 0)
        return -1;
    cJSON_ArrayForEach(name, names)
    {
        if (programs_select(&master->programs, name->valuestring, list, NULL) != FAULT_SUCCESS)
            cJSON_AddItemToArray(unknown, cJSON_CreateString(name->valuestring));
    }
    return 0;
}

static int read_group(const cJSON *request, const char **name, struct err *err)
{
    *name = json_get_string(request, "name", NULL);
    return *name ? 0 : err_set(err, ERR_INVALID, "name: must be a string, the name of a group");
}

/* Writing an answer */

static cJSON *result_of(const char *group, const char *name, enum fault fault, const char *text)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "group", group);
    cJSON_AddStringToObject(object, "name", name);
    cJSON_AddNumberToObject(object, "status", fault);
    cJSON_AddStringToObject(object, "result", fault_name(fault));
    if (fault == FAULT_SUCCESS)
        cJSON_AddNullToObject(object, "message");
    else
        cJSON_AddStringToObject(object, "message", text ? text : "");
    return object;
}

static void put_operation(const struct operation *operation, cJSON *answer)
{
    cJSON_AddNumberToObject(answer, "operation", operation->number);
    cJSON_AddBoolToObject(answer, "done", operation->has_ended);
    cJSON_AddNumberToObject(answer, "count", (double)operation->item_count);
    cJSON *results = cJSON_AddArrayToObject(answer, "results");
    for (size_t i = 0; i < operation->item_count; i++) {
        const struct operation_item *item = &operation->items[i];
        if (item->stage == ITEM_DONE)
            cJSON_AddItemToArray(results,
                                 result_of(item->group, item->name, item->fault, item->text));
    }
}

static int no_fault(enum fault fault)
{
    return fault == FAULT_SUCCESS ? 0 : -1;
}

/* Looking */

static int run_programs(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    struct program_list list;
    if (read_programs(master, request, &list, answer, err) < 0) {
        program_list_finish(&list);
        return -1;
    }
    int64_t now = clock_wall_ms(master->host.clock);
    cJSON *programs = cJSON_AddArrayToObject(answer, "programs");
    for (size_t i = 0; i < list.count; i++)
        cJSON_AddItemToArray(programs, description_of_program(list.items[i], now));
    cJSON_AddBoolToObject(answer, "settled", programs_are_settled(&master->programs));
    program_list_finish(&list);
    return 0;
}

static int run_available(struct master *master, const cJSON *request, cJSON *answer,
                         struct err *err)
{
    (void)request, (void)err;
    cJSON *list = cJSON_AddArrayToObject(answer, "programs");
    for (size_t i = 0; i < master->programs.available_count; i++)
        description_add_available(&master->programs, master->programs.available[i], list);
    return 0;
}

/* Starting and stopping */

static int run_operation(struct master *master, const cJSON *request, cJSON *answer,
                         enum operation_kind kind, struct err *err)
{
    struct program_list list;
    int64_t width = json_get_integer(request, "at_once", 0);
    if (width < 0 || width > PROCESSES_MAX)
        return err_set(err, ERR_INVALID, "at_once: must be a number from 0 (all) to %d",
                       PROCESSES_MAX);
    int result = read_programs(master, request, &list, answer, err);
    if (result == 0) {
        const struct operation_request wish = {
            .kind = kind,
            .waits = true,
            .only_needed = cJSON_IsTrue(json_get(request, "only_needed")),
            .stops_at_failure = cJSON_IsTrue(json_get(request, "stop_at_failure")),
            .width = (size_t)width,
        };
        put_operation(operation_begin(&master->programs, &list, &wish), answer);
    }
    program_list_finish(&list);
    return result;
}

static int run_start(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    return run_operation(master, request, answer, OPERATION_START, err);
}

static int run_stop(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    return run_operation(master, request, answer, OPERATION_STOP, err);
}

static int run_restart(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    return run_operation(master, request, answer, OPERATION_RESTART, err);
}

static int run_reload(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    return run_operation(master, request, answer, OPERATION_RELOAD, err);
}

static int run_look(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    int64_t number = json_get_integer(request, "operation", -1);
    const struct operation *operation = number > 0 && number <= UINT32_MAX
                                            ? operation_find(&master->programs, (unsigned)number)
                                            : NULL;
    if (!operation)
        return err_set(err, ERR_NOT_FOUND, "operation: there is none of this number (any more)");
    put_operation(operation, answer);
    return 0;
}

/* What is done at once to each */

struct deed {
    int signal_number;
    const char *text;
};

static enum fault signal_one(struct program *program, const struct deed *deed, struct err *err)
{
    return program_signal(program, deed->signal_number, err);
}

static enum fault clear_one(struct program *program, const struct deed *deed, struct err *err)
{
    (void)deed;
    return program_clear_logs(program, err);
}

static enum fault write_one(struct program *program, const struct deed *deed, struct err *err)
{
    return program_write(program, deed->text, strlen(deed->text), err);
}

static int do_to_each(struct master *master, const cJSON *request, cJSON *answer,
                      enum fault (*act)(struct program *program, const struct deed *deed,
                                        struct err *err),
                      const struct deed *deed, struct err *err)
{
    struct program_list list;
    int result = read_programs(master, request, &list, answer, err);
    cJSON *results = cJSON_AddArrayToObject(answer, "results");
    for (size_t i = 0; i < list.count && result == 0; i++) {
        struct err cause = ERR_INIT;
        struct program *program = list.items[i];
        enum fault fault = act(program, deed, &cause);
        cJSON_AddItemToArray(results, result_of(program_group_name(program->group),
                                                program->process->name, fault, cause.text));
    }
    program_list_finish(&list);
    return result;
}

static int run_signal(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    const char *name = json_get_string(request, "signal", NULL);
    const struct deed deed = {.signal_number = name ? signal_number(name) : -1};
    if (deed.signal_number < 0)
        return err_set(err, ERR_INVALID,
                       "signal: there is none called %.40s; write a name or number, e.g. HUP",
                       name ? name : "\"\"");
    return do_to_each(master, request, answer, signal_one, &deed, err);
}

static int run_clear(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    return do_to_each(master, request, answer, clear_one, NULL, err);
}

static int run_write(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    const struct deed deed = {.text = json_get_string(request, "text", NULL)};
    if (!deed.text || !json_get(request, "names"))
        return err_set(err, ERR_INVALID, "names and text: must be given");
    return do_to_each(master, request, answer, write_one, &deed, err);
}

/* Another configuration */

struct changes {
    cJSON *groups;
    cJSON *processes; /* of the last group */
};

static void note_group(void *context, const char *name, enum update_kind kind)
{
    static const char *const words[] = {"added", "changed", "removed"};
    struct changes *changes = context;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "group", name);
    cJSON_AddStringToObject(object, "change", words[kind]);
    changes->processes = cJSON_AddArrayToObject(object, "processes");
    cJSON_AddItemToArray(changes->groups, object);
}

static void note_process(void *context, const char *name, enum process_change change,
                         const char *keys)
{
    static const char *const words[] = {"kept", "adapted", "replaced", "added", "removed"};
    struct changes *changes = context;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", name);
    cJSON_AddStringToObject(object, "change", words[change]);
    cJSON_AddStringToObject(object, "keys", keys);
    cJSON_AddItemToArray(changes->processes, object);
}

static int run_reread(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    (void)request;
    if (master_reread_programs(master, err) < 0)
        return -1;
    struct changes changes = {.groups = cJSON_AddArrayToObject(answer, "changes")};
    const struct update_listener listener = {note_group, note_process, &changes};
    programs_compare(&master->programs, &listener);
    return 0;
}

static int run_update(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    (void)answer;
    const char *name;
    if (read_group(request, &name, err) < 0 || master_check_running(master, "an update", err) < 0)
        return -1;
    return no_fault(programs_update_group(&master->programs, name, err));
}

static int run_add(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    (void)answer;
    const char *name;
    if (read_group(request, &name, err) < 0 || master_check_running(master, "an update", err) < 0)
        return -1;
    return no_fault(programs_add(&master->programs, name, err));
}

static int run_remove(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    (void)answer;
    const char *name;
    if (read_group(request, &name, err) < 0 || master_check_running(master, "an update", err) < 0)
        return -1;
    return no_fault(programs_remove(&master->programs, name, err));
}

const struct command program_commands[] = {
    {"programs", run_programs},
    {"programs-available", run_available},
    {"programs-start", run_start},
    {"programs-stop", run_stop},
    {"programs-restart", run_restart},
    {"programs-reload", run_reload},
    {"operation", run_look},
    {"programs-signal", run_signal},
    {"programs-clear", run_clear},
    {"programs-write", run_write},
    {"programs-reread", run_reread},
    {"group-update", run_update},
    {"group-add", run_add},
    {"group-remove", run_remove},
    {NULL, NULL},
};
