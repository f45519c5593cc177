/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/operation.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "supervisor/programs/depends.h"
#include "supervisor/programs/hook.h"
#include "supervisor/programs/program_reload.h"

#define REPORT_SECONDS 2.

static void end_item(struct operation *operation, struct operation_item *item, enum fault fault,
                     const char *text)
{
    item->stage = ITEM_DONE;
    item->fault = fault;
    item->text = fault == FAULT_SUCCESS ? NULL : mem_strdup(text);
    item->at_once = !operation->has_begun;
    operation->done_count++;
}

/* Beginning */

static void begin_start(struct operation *operation, struct operation_item *item)
{
    struct err err = ERR_INIT;
    enum fault fault = program_start(item->program, &err);
    if (fault != FAULT_SUCCESS || !operation->request.waits)
        end_item(operation, item, fault, err.text);
    else
        item->stage = ITEM_STARTS;
}

static void report_stop(const struct operation_item *item)
{
    if (item->stage == ITEM_STOPS && item->program->state == PROCESS_STOPPING)
        log_write(LOG_INFO, "waiting for %s to stop", item->name);
}

static void begin_stop(struct operation *operation, struct operation_item *item)
{
    struct err err = ERR_INIT;
    enum fault fault = program_stop(item->program, &err);
    if (fault != FAULT_SUCCESS || !operation->request.waits) {
        end_item(operation, item, fault, err.text);
        return;
    }
    item->stage = ITEM_STOPS;
    report_stop(item);
}

static bool has_stopped(const struct program *program)
{
    return !program_is_active(program) && !lifecycle_has_process(program->state);
}

/* The order of those that depend on each other: where all are stopped, or restarted, together, one
 * is stopped when those that depend on it have ended, and started when those that it depends on
 * have been begun. */

static bool is_in_order(const struct operation *operation)
{
    enum operation_kind kind = operation->request.kind;
    return operation->has_order &&
           (kind == OPERATION_STOP || (kind == OPERATION_RESTART && operation->request.width == 0));
}

static bool may_stop(const struct operation *operation, const struct operation_item *item)
{
    for (size_t i = 0; i < operation->item_count && is_in_order(operation); i++) {
        const struct operation_item *other = &operation->items[i];
        if (other->stage <= ITEM_STOPS && other->program && !has_stopped(other->program) &&
            depends_on(other->program, item->program))
            return false;
    }
    return true;
}

static bool may_start_again(const struct operation *operation, const struct operation_item *item)
{
    for (size_t i = 0; i < operation->item_count && is_in_order(operation); i++) {
        const struct operation_item *other = &operation->items[i];
        if (other->stage <= ITEM_STOPS && other->program &&
            depends_on(item->program, other->program))
            return false;
    }
    return true;
}

static void look_at_stop(struct operation *operation, struct operation_item *item)
{
    if (!has_stopped(item->program))
        return;
    if (operation->request.kind != OPERATION_RESTART)
        end_item(operation, item, FAULT_SUCCESS, NULL);
    else if (may_start_again(operation, item))
        begin_start(operation, item);
}

static void begin_restart(struct operation *operation, struct operation_item *item)
{
    if (program_is_active(item->program))
        program_stop(item->program, NULL);
    item->stage = ITEM_STOPS;
    report_stop(item);
    look_at_stop(operation, item);
}

static void look_at_reload(struct operation *operation, struct operation_item *item)
{
    struct err err = ERR_INIT;
    if (!hook_runs(item->program, HOOK_RELOAD))
        end_item(operation, item, program_reload_outcome(item->program, &err), err.text);
}

static void begin_reload(struct operation *operation, struct operation_item *item)
{
    struct err err = ERR_INIT;
    enum fault fault = program_reload(item->program, &err);
    bool goes_on = fault == FAULT_SUCCESS && hook_runs(item->program, HOOK_RELOAD);
    if (goes_on && operation->request.waits)
        item->stage = ITEM_RELOADS;
    else
        end_item(operation, item, fault, err.text);
}

static void (*const beginnings[])(struct operation *operation, struct operation_item *item) = {
    [OPERATION_START] = begin_start,
    [OPERATION_STOP] = begin_stop,
    [OPERATION_RESTART] = begin_restart,
    [OPERATION_RELOAD] = begin_reload,
};

/* Going on */

/* It waits for others, of which one cannot be had. */
static void end_in_vain(struct operation *operation, struct operation_item *item)
{
    char *text = mem_printf("it waits for %s", item->program->waits_for);
    depends_cancel(item->program);
    end_item(operation, item, FAULT_ABNORMAL_TERMINATION, text);
    free(text);
}

static void look_at_start(struct operation *operation, struct operation_item *item)
{
    const struct program *program = item->program;
    if (program->want == WANT_IN_VAIN)
        end_in_vain(operation, item);
    else if (program->want != WANT_NOTHING)
        return;
    else if (program->spawn_error)
        end_item(operation, item, FAULT_SPAWN_ERROR, program->spawn_error);
    else if (program->state == PROCESS_RUNNING)
        end_item(operation, item, FAULT_SUCCESS, NULL);
    else if (program->state != PROCESS_STARTING)
        end_item(operation, item, FAULT_ABNORMAL_TERMINATION, "it has ended again");
}

static void look_at(struct operation *operation, struct operation_item *item)
{
    if (item->stage == ITEM_STOPS)
        look_at_stop(operation, item);
    if (item->stage == ITEM_STARTS)
        look_at_start(operation, item);
    if (item->stage == ITEM_RELOADS)
        look_at_reload(operation, item);
}

static void end(struct operation *operation)
{
    ev_timer_stop(operation->programs->host.host->loop, &operation->report);
    operation->has_ended = true;
    if (operation->request.finished)
        operation->request.finished(operation->request.context, operation);
}

/* Those that have not been begun are left as they are where one has failed. */
static void give_up_after_failure(struct operation *operation)
{
    const struct operation_item *failed = NULL;
    for (size_t i = 0; i < operation->item_count && !failed; i++) {
        const struct operation_item *item = &operation->items[i];
        if (item->stage == ITEM_DONE && item->fault != FAULT_SUCCESS &&
            item->fault != FAULT_ALREADY_STARTED)
            failed = item;
    }
    for (size_t i = 0; i < operation->item_count && failed; i++) {
        if (operation->items[i].stage != ITEM_WAITING)
            continue;
        char *text = mem_printf("left as it is: %s has failed before it", failed->name);
        end_item(operation, &operation->items[i], FAULT_FAILED, text);
        free(text);
    }
}

/* Looks at those that are under way, and begins others as far as there is room. */
static void look(struct operation *operation)
{
    size_t under_way = 0;
    for (size_t i = 0; i < operation->item_count; i++) {
        look_at(operation, &operation->items[i]);
        enum operation_stage stage = operation->items[i].stage;
        under_way += stage != ITEM_WAITING && stage != ITEM_DONE;
    }
    if (operation->request.stops_at_failure)
        give_up_after_failure(operation);
    size_t width = operation->request.width ? operation->request.width : operation->item_count;
    for (size_t i = 0; i < operation->item_count && under_way < width; i++) {
        struct operation_item *item = &operation->items[i];
        if (item->stage != ITEM_WAITING || !may_stop(operation, item))
            continue;
        beginnings[operation->request.kind](operation, item);
        under_way += item->stage != ITEM_DONE;
    }
    if (operation->done_count == operation->item_count && !operation->has_ended)
        end(operation);
}

static void on_report(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct operation *operation = timer->data;
    for (size_t i = 0; i < operation->item_count; i++)
        report_stop(&operation->items[i]);
}

/* Those that there are */

static void destroy(struct operation *operation)
{
    ev_timer_stop(operation->programs->host.host->loop, &operation->report);
    for (size_t i = 0; i < operation->item_count; i++) {
        free(operation->items[i].group);
        free(operation->items[i].name);
        free(operation->items[i].text);
    }
    free(operation->items);
    free(operation);
}

/* The list has the newest one first. */
static void forget_old(struct programs *programs)
{
    size_t ended = 0;
    struct operation **link = &programs->operations;
    while (*link) {
        struct operation *operation = *link;
        ended += operation->has_ended;
        if (!operation->has_ended || ended <= OPERATIONS_KEPT) {
            link = &operation->next;
            continue;
        }
        *link = operation->next;
        destroy(operation);
    }
}

void operations_look(struct programs *programs)
{
    for (struct operation *operation = programs->operations; operation; operation = operation->next)
        if (!operation->has_ended)
            look(operation);
}

void operations_forget_program(struct programs *programs, const struct program *program)
{
    for (struct operation *operation = programs->operations; operation;
         operation = operation->next) {
        for (size_t i = 0; i < operation->item_count; i++) {
            struct operation_item *item = &operation->items[i];
            if (item->program != program)
                continue;
            if (item->stage != ITEM_DONE)
                end_item(operation, item, FAULT_BAD_NAME, "it has been removed");
            item->program = NULL;
        }
    }
}

void operations_finish(struct programs *programs)
{
    while (programs->operations) {
        struct operation *operation = programs->operations;
        programs->operations = operation->next;
        destroy(operation);
    }
}

const struct operation *operation_find(const struct programs *programs, unsigned number)
{
    const struct operation *operation = programs->operations;
    while (operation && operation->number != number)
        operation = operation->next;
    return operation;
}

static bool concerns(const struct operation_request *request, const struct program *program)
{
    bool wants_active = request->kind != OPERATION_START;
    if (!request->only_needed)
        return true;
    return program_is_active(program) == wants_active &&
           (request->kind != OPERATION_RELOAD || program_reload_is_possible(program));
}

static int compare_ranks(const void *a, const void *b)
{
    const struct operation_item *one = a, *other = b;
    unsigned first = one->program->entry->rank, second = other->program->entry->rank;
    return first != second ? (first < second ? -1 : 1)
                           : (one->place > other->place) - (one->place < other->place);
}

/* Who depends on others comes behind them. */
static void put_in_order(struct operation *operation)
{
    for (size_t i = 0; i < operation->item_count; i++)
        operation->has_order |= operation->items[i].program->entry->rank > 0;
    if (operation->has_order)
        qsort(operation->items, operation->item_count, sizeof *operation->items, compare_ranks);
}

static void add_items(struct operation *operation, const struct program_list *list)
{
    operation->items = mem_new(list->count + 1, sizeof *operation->items);
    for (size_t i = 0; i < list->count; i++) {
        struct program *program = list->items[i];
        if (!concerns(&operation->request, program))
            continue;
        operation->items[operation->item_count++] = (struct operation_item){
            .program = program,
            .group = mem_strdup(program_group_name(program->group)),
            .name = mem_strdup(program->process->name),
            .place = i,
        };
    }
    put_in_order(operation);
}

struct operation *operation_make(struct programs *programs, unsigned number,
                                 enum operation_kind kind)
{
    struct operation *operation = mem_new(1, sizeof *operation);
    operation->programs = programs;
    operation->number = number;
    operation->request.kind = kind;
    ev_timer_init(&operation->report, on_report, REPORT_SECONDS, REPORT_SECONDS);
    operation->report.data = operation;
    return operation;
}

bool operations_have_ended(const struct programs *programs)
{
    for (const struct operation *one = programs->operations; one; one = one->next)
        if (!one->has_ended)
            return false;
    return true;
}

struct operation *operation_begin(struct programs *programs, const struct program_list *list,
                                  const struct operation_request *request)
{
    struct operation *operation =
        operation_make(programs, ++programs->operation_count, request->kind);
    operation->request = *request;
    add_items(operation, list);
    if (request->kind != OPERATION_START && request->waits)
        ev_timer_start(programs->host.host->loop, &operation->report);
    operation->next = programs->operations;
    programs->operations = operation;
    look(operation);
    operation->has_begun = true;
    forget_old(programs);
    return operation;
}
