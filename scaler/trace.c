/* SPDX-License-Identifier: MIT */

/* Workloads from files: one job a line, as CSV or as JSON. */
#include "scaler/workload.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/mem.h"

#define FILE_MAX    (256u << 20)
#define LINE_LENGTH 4096
#define WORK_MAX    (7. * 86400)
#define TAIL        60. /* seconds that go on behind the last arrival */

/* A trace that is being read. */
struct trace {
    const char *name;
    int line;
    size_t capacity;
    struct workload *workload;
};

static int refuse(const struct trace *trace, struct err *err, const char *what)
{
    return err_set(err, ERR_INVALID,
                   "%s:%d: %s; write at,work[,queue] or {\"at\":1.5,\"work\":0.2}", trace->name,
                   trace->line, what);
}

static int add_job(struct trace *trace, double at, double work, double queue, struct err *err)
{
    struct workload *workload = trace->workload;
    if (!isfinite(at))
        return refuse(trace, err, "the time is not a number");
    if (!(work >= 0 && work <= WORK_MAX))
        return refuse(trace, err, "the work is not 0 to 604800 seconds");
    if (!(queue >= 0 && queue < WORKLOAD_QUEUES_MAX) || queue != floor(queue))
        return refuse(trace, err, "the queue is not a whole number from 0 to 7");
    if (workload->arrival_count == WORKLOAD_ARRIVALS_MAX)
        return err_set(err, ERR_LIMIT, "%s:%d: more than %d jobs", trace->name, trace->line,
                       WORKLOAD_ARRIVALS_MAX);
    if (workload->arrival_count == trace->capacity) {
        trace->capacity = trace->capacity ? trace->capacity * 2 : 1024;
        workload->arrivals =
            mem_resize(workload->arrivals, trace->capacity, sizeof *workload->arrivals);
    }
    workload->arrivals[workload->arrival_count++] = (struct arrival){at, work, (uint32_t)queue};
    if (workload->queue_count < (size_t)queue + 1)
        workload->queue_count = (size_t)queue + 1;
    return 0;
}

/* --- CSV --- */

/* Reads one number and the comma behind it. Returns false where there is none. */
static bool take_number(const char **at, double *number)
{
    char *end;
    *number = strtod(*at, &end);
    if (end == *at)
        return false;
    *at = *end == ',' ? end + 1 : end;
    return *end == ',' || *end == '\0';
}

static int add_csv(struct trace *trace, const char *line, struct err *err)
{
    double at, work, queue = 0;
    const char *rest = line;
    bool first = trace->line == 1;
    if (!take_number(&rest, &at) || !take_number(&rest, &work))
        return first ? 0 : refuse(trace, err, "that are not two numbers");
    if (*rest && (!take_number(&rest, &queue) || *rest))
        return refuse(trace, err, "the third number is not one");
    return add_job(trace, at, work, queue, err);
}

/* --- JSON --- */

static int add_json(struct trace *trace, const char *line, size_t length, struct err *err)
{
    struct json_field fields[] = {{.name = "at"}, {.name = "work"}, {.name = "queue"}};
    double at, work, queue = 0;
    if (json_scan_object(line, length, fields, 3, err) < 0 ||
        json_slice_number(&fields[0].value, "at", &at, err) < 0 ||
        json_slice_number(&fields[1].value, "work", &work, err) < 0 ||
        (fields[2].value.text && json_slice_number(&fields[2].value, "queue", &queue, err) < 0))
        return err_prefix(err, "%s:%d", trace->name, trace->line);
    return add_job(trace, at, work, queue, err);
}

/* --- Lines --- */

static int add_line(struct trace *trace, const char *text, size_t length, struct err *err)
{
    char line[LINE_LENGTH];
    trace->line++;
    if (length > 0 && text[length - 1] == '\r')
        length--;
    if (length == 0 || text[0] == '#')
        return 0;
    if (length >= sizeof line)
        return refuse(trace, err, "the line is too long");
    memcpy(line, text, length);
    line[length] = '\0';
    if (strlen(line) != length)
        return refuse(trace, err, "a NUL in the line");
    return line[0] == '{' ? add_json(trace, line, length, err) : add_csv(trace, line, err);
}

static int add_lines(struct trace *trace, const char *text, size_t length, struct err *err)
{
    const char *end = text + length;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        if (add_line(trace, text, (size_t)(stop - text), err) < 0)
            return -1;
        text = stop + 1;
    }
    if (trace->workload->arrival_count == 0)
        return err_set(err, ERR_INVALID, "%s: there is no job in it", trace->name);
    return 0;
}

/* Time begins with the first job. */
static int settle(struct trace *trace, struct err *err)
{
    struct workload *workload = trace->workload;
    workload_sort(workload);
    double first = workload->arrivals[0].at;
    for (size_t i = 0; i < workload->arrival_count; i++)
        workload->arrivals[i].at -= first;
    workload->length = ceil(workload->arrivals[workload->arrival_count - 1].at) + TAIL;
    if (workload->length > WORKLOAD_LENGTH_MAX)
        return err_set(err, ERR_LIMIT, "%s: it is longer than 31 days", trace->name);
    return 0;
}

struct workload *workload_parse(const char *name, const char *text, size_t length, struct err *err)
{
    struct trace trace = {.name = name, .workload = mem_new(1, sizeof *trace.workload)};
    const char *slash = strrchr(name, '/');
    snprintf(trace.workload->name, sizeof trace.workload->name, "%.*s",
             (int)sizeof trace.workload->name - 1, slash ? slash + 1 : name);
    trace.workload->queue_count = 1;
    if (add_lines(&trace, text, length, err) == 0 && settle(&trace, err) == 0)
        return trace.workload;
    workload_destroy(trace.workload);
    return NULL;
}

struct workload *workload_load(const char *path, struct err *err)
{
    char *text;
    size_t length;
    if (fd_read_file(path, FILE_MAX, &text, &length, err) < 0)
        return NULL;
    struct workload *workload = workload_parse(path, text, length, err);
    free(text);
    return workload;
}
