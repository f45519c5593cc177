/* SPDX-License-Identifier: MIT */

/* XML-RPC: the methods about logs. */
#include "supervisor/control/rpc_method.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "supervisor/control/log_read.h"
#include "supervisor/master.h"
#include "supervisor/programs/select.h"

#define READ_MAX                                                                                   \
    (48u << 20) /* bytes at a time, so that the answer has room for what is escaped                \
                 */

/* Reading */

static enum rpc_outcome put_range(struct rpc *rpc, int fd, const struct log_range *range)
{
    struct buf text;
    buf_init(&text, READ_MAX);
    if (log_read_range(fd, range, &text) < 0)
        rpc_fail(rpc, FAULT_FAILED, NULL);
    else
        xmlrpc_put_string(rpc_out(rpc), buf_text(&text), text.length);
    buf_finish(&text);
    return RPC_DONE;
}

/* path may be NULL; first is the parameter that is the offset. */
static enum rpc_outcome read_log(struct rpc *rpc, const char *path, size_t first)
{
    int64_t size;
    struct log_range range;
    if (!path || access(path, F_OK) < 0)
        return rpc_fail(rpc, FAULT_NO_FILE, path);
    int fd = log_read_open(path, &size);
    if (fd < 0)
        return rpc_fail(rpc, FAULT_FAILED, NULL);
    enum fault fault =
        log_range_to_read(size, rpc_integer(rpc, first), rpc_integer(rpc, first + 1), &range);
    if (fault == FAULT_SUCCESS)
        put_range(rpc, fd, &range);
    else
        rpc_fail(rpc, fault, NULL);
    fd_close(&fd);
    return RPC_DONE;
}

static enum rpc_outcome read_stream(struct rpc *rpc, enum stream stream)
{
    char room[LOG_PATH_SIZE];
    const struct program *program = rpc_program(rpc, 0);
    return program ? read_log(rpc, program_log_path(program, stream, room), 1) : RPC_DONE;
}

static enum rpc_outcome run_read_stdout(struct rpc *rpc)
{
    return read_stream(rpc, STREAM_OUT);
}

static enum rpc_outcome run_read_stderr(struct rpc *rpc)
{
    return read_stream(rpc, STREAM_ERR);
}

static enum rpc_outcome run_read_main(struct rpc *rpc)
{
    return read_log(rpc, log_path(), 0);
}

/* Following: [bytes, offset, overflow] */

static void put_followed(struct rpc *rpc, const struct buf *text, int64_t offset, bool overflow)
{
    xmlrpc_begin_array(rpc_out(rpc));
    xmlrpc_put_string(rpc_out(rpc), buf_text(text), text->length);
    xmlrpc_put_integer(rpc_out(rpc), offset);
    xmlrpc_put_boolean(rpc_out(rpc), overflow);
    xmlrpc_end_array(rpc_out(rpc));
}

static enum rpc_outcome follow(struct rpc *rpc, enum stream stream)
{
    char room[LOG_PATH_SIZE];
    int64_t size = 0;
    bool overflow = false;
    struct buf text;
    const struct program *program = rpc_program(rpc, 0);
    if (!program)
        return RPC_DONE;
    const char *path = program_log_path(program, stream, room);
    int fd = path ? log_read_open(path, &size) : -1;
    buf_init(&text, READ_MAX);
    if (fd >= 0) {
        struct log_range range =
            log_range_to_follow(size, rpc_integer(rpc, 1), rpc_integer(rpc, 2), &overflow);
        if (log_read_range(fd, &range, &text) < 0)
            rpc_fail(rpc, FAULT_FAILED, NULL);
    }
    put_followed(rpc, &text, size, overflow);
    buf_finish(&text);
    fd_close(&fd);
    return RPC_DONE;
}

static enum rpc_outcome run_tail_stdout(struct rpc *rpc)
{
    return follow(rpc, STREAM_OUT);
}

static enum rpc_outcome run_tail_stderr(struct rpc *rpc)
{
    return follow(rpc, STREAM_ERR);
}

/* Clearing */

static enum rpc_outcome run_clear_main(struct rpc *rpc)
{
    const char *path = log_path();
    if (!path || access(path, F_OK) < 0)
        return rpc_fail(rpc, FAULT_NO_FILE, NULL);
    if (unlink(path) < 0)
        return rpc_fail(rpc, FAULT_FAILED, NULL);
    log_write(LOG_INFO, "reopening log file");
    master_reopen_main_log(rpc_master(rpc));
    return rpc_yes(rpc);
}

static enum rpc_outcome run_clear(struct rpc *rpc)
{
    struct err err = ERR_INIT;
    struct program *program = rpc_program(rpc, 0);
    if (!program)
        return RPC_DONE;
    if (program_clear_logs(program, &err) != FAULT_SUCCESS)
        return rpc_fail(rpc, FAULT_FAILED, rpc_text(rpc, 0));
    return rpc_yes(rpc);
}

static void put_cleared(struct rpc *rpc, struct program *program)
{
    struct err err = ERR_INIT;
    enum fault fault = program_clear_logs(program, &err);
    char *name = program_full_name(program);
    xmlrpc_begin_struct(rpc_out(rpc));
    rpc_put_text(rpc, "name", program->process->name);
    rpc_put_text(rpc, "group", program_group_name(program->group));
    rpc_put_integer(rpc, "status", fault);
    xmlrpc_put_name(rpc_out(rpc), "description");
    if (fault == FAULT_SUCCESS)
        xmlrpc_put_text(rpc_out(rpc), "OK");
    else
        rpc_put_fault_text(rpc, fault, name);
    xmlrpc_end_name(rpc_out(rpc));
    xmlrpc_end_struct(rpc_out(rpc));
    free(name);
}

static enum rpc_outcome run_clear_all(struct rpc *rpc)
{
    struct program_list list = {0};
    programs_select(&rpc_master(rpc)->programs, "all", &list, NULL);
    xmlrpc_begin_array(rpc_out(rpc));
    for (size_t i = 0; i < list.count; i++)
        put_cleared(rpc, list.items[i]);
    xmlrpc_end_array(rpc_out(rpc));
    program_list_finish(&list);
    return RPC_DONE;
}

#define PROCESS_NAME                                                                               \
    {                                                                                              \
        "string", "name", "The process: group:name, or a name that is also its group's.", false    \
    }
#define OFFSET                                                                                     \
    {                                                                                              \
        "int", "offset", "Where to begin; negative: so many bytes from the end, all of them.",     \
            false                                                                                  \
    }
#define LENGTH                                                                                     \
    {                                                                                              \
        "int", "length", "How many bytes; 0: all that follows.", false                             \
    }
#define READ_PARAMS                                                                                \
    {                                                                                              \
        PROCESS_NAME, OFFSET, LENGTH                                                               \
    }
#define TAIL_PARAMS                                                                                \
    {                                                                                              \
        PROCESS_NAME, {"int", "offset", "Where to go on: what the last answer said.", false},      \
        {                                                                                          \
            "int", "length", "How many bytes at most.", false                                      \
        }                                                                                          \
    }
#define TAIL_HELP                                                                                  \
    "Follows the log of a process: [bytes, offset, overflow]; with overflow more had come than "   \
    "was asked for, and the bytes are the last ones."

const struct rpc_method rpc_log_methods[] = {
    {.name = "readLog",
     .result = "string",
     .params = {OFFSET, LENGTH},
     .run = run_read_main,
     .help = "Reads in the daemon's log."},
    {.name = "readMainLog",
     .result = "string",
     .params = {OFFSET, LENGTH},
     .run = run_read_main,
     .help = "The old name of readLog."},
    {.name = "clearLog",
     .acts = true,
     .result = "boolean",
     .run = run_clear_main,
     .help = "Begins the daemon's log anew."},
    {.name = "readProcessStdoutLog",
     .result = "string",
     .params = READ_PARAMS,
     .run = run_read_stdout,
     .help = "Reads in the log of a process's standard output."},
    {.name = "readProcessLog",
     .result = "string",
     .params = READ_PARAMS,
     .run = run_read_stdout,
     .help = "The old name of readProcessStdoutLog."},
    {.name = "readProcessStderrLog",
     .result = "string",
     .params = READ_PARAMS,
     .run = run_read_stderr,
     .help = "Reads in the log of a process's standard error."},
    {.name = "tailProcessStdoutLog",
     .result = "array",
     .params = TAIL_PARAMS,
     .run = run_tail_stdout,
     .help = TAIL_HELP},
    {.name = "tailProcessLog",
     .result = "array",
     .params = TAIL_PARAMS,
     .run = run_tail_stdout,
     .help = "The old name of tailProcessStdoutLog."},
    {.name = "tailProcessStderrLog",
     .result = "array",
     .params = TAIL_PARAMS,
     .run = run_tail_stderr,
     .help = TAIL_HELP},
    {.name = "clearProcessLogs",
     .acts = true,
     .result = "boolean",
     .params = {PROCESS_NAME},
     .run = run_clear,
     .help = "Begins the logs of a process anew."},
    {.name = "clearProcessLog",
     .acts = true,
     .result = "boolean",
     .params = {PROCESS_NAME},
     .run = run_clear,
     .help = "The old name of clearProcessLogs."},
    {.name = "clearAllProcessLogs",
     .acts = true,
     .result = "array",
     .run = run_clear_all,
     .help = "Begins the logs of all processes anew."},
    {.name = NULL},
};
