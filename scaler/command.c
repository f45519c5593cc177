/* SPDX-License-Identifier: MIT */
#include "scaler/command.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/utf8.h"

#define FOREIGN_REASON_MAX 100 /* bytes that are kept of a reason */

/* --- What it is given --- */

static int put_number(struct buf *out, const char *name, double value)
{
    return buf_printf(out, ",\"%s\":%.6g", name, value);
}

static int put_integer(struct buf *out, const char *name, int64_t value)
{
    return buf_printf(out, ",\"%s\":%" PRId64, name, value);
}

static int put_policy(const struct policy *policy, struct buf *out)
{
    if (put_integer(out, "min_workers", policy->min) < 0 ||
        put_integer(out, "max_workers", policy->max) < 0 ||
        put_number(out, "max_wait_time", policy->promise) < 0 ||
        put_integer(out, "scale_up_threshold", policy->up_threshold) < 0)
        return -1;
    return put_integer(out, "scale_down_threshold", policy->down_threshold);
}

/* Under the guide's names where it has them. */
static int put_metrics(const struct load_history *history, const struct load *load, struct buf *out)
{
    const struct {
        const char *name;
        double value;
    } metrics[] = {
        {"reserved", load->reserved},
        {"delayed", load->delayed},
        {"oldest_wait", load->oldest > 0 ? load->oldest : 0},
        {"avg_wait_time", load_history_mean_wait(history, load)},
        {"avg_worker_utilization", rate_of(&history->utilisation) * 100},
        {"processing_rate", rate_of(&history->processing)},
        {"incoming_rate", rate_of(&history->incoming)},
        {"failure_rate", rate_of(&history->failures) * 100},
        {"job_time", load_history_service_time(history)},
        {"boot_time", load->boot},
        {"busy", load->busy},
        {"starting", (double)load->starting},
    };
    if (buf_printf(out, ",\"metrics\":{\"queue_size\":%.0f", load->ready) < 0)
        return -1;
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++)
        if (put_number(out, metrics[i].name, metrics[i].value) < 0)
            return -1;
    return buf_text_append(out, "}");
}

int scaling_command_request(const char *queue, const struct policy *policy,
                            const struct load_history *history, const struct load *given,
                            struct buf *out)
{
    const struct load load = load_sane(given);
    if (buf_text_append(out, "{\"queue\":") < 0 ||
        json_string_append(out, queue, strlen(queue)) < 0 ||
        put_integer(out, "workers", load.workers) < 0 || put_policy(policy, out) < 0 ||
        put_metrics(history, &load, out) < 0)
        return -1;
    return buf_text_append(out, "}\n");
}

/* --- What it answers --- */

static int read_workers(const struct json_slice *value, double *workers, struct err *err)
{
    if (!value->text || value->kind != JSON_NUMBER)
        return err_set(err, ERR_INVALID,
                       "the answer has no number of workers; write {\"workers\": 5}");
    if (json_slice_number(value, "workers", workers, err) < 0)
        return -1;
    if (*workers != floor(*workers))
        return err_set(err, ERR_INVALID, "workers must be a whole number");
    return 0;
}

static int read_reason(const struct json_slice *value, struct arena *arena, const char **reason,
                       struct err *err)
{
    char *text;
    *reason = "The scaling command's answer";
    if (!value->text || value->kind == JSON_NULL)
        return 0;
    if (json_slice_string(value, "reason", arena, &text, err) < 0)
        return -1;
    *reason = text;
    return 0;
}

/* On one line, and no more of it than there is room for. */
static void keep_reason(const char *reason, char kept[REASON_SIZE])
{
    size_t length = strnlen(reason, FOREIGN_REASON_MAX);
    while (length > 0 && !utf8_is_valid(reason, length))
        length--;
    for (size_t i = 0; i < length; i++)
        kept[i] = (unsigned char)reason[i] < 0x20 || reason[i] == 0x7f ? ' ' : reason[i];
    kept[length] = '\0';
}

static void add_remark(char reason[REASON_SIZE], double asked, const char *bound, int64_t workers)
{
    size_t length = strlen(reason);
    snprintf(reason + length, REASON_SIZE - length, "; it asked for %.6g, %s is %" PRId64, asked,
             bound, workers);
}

static void clamp(const struct policy *policy, double asked, struct scaling_command_answer *answer)
{
    if (asked > (double)policy->max) {
        answer->workers = policy->max;
        add_remark(answer->reason, asked, "max_workers", policy->max);
    } else if (asked < (double)policy->min) {
        answer->workers = policy->min;
        add_remark(answer->reason, asked, "min_workers", policy->min);
    } else {
        answer->workers = (int64_t)asked;
    }
}

static int read_answer(const char *text, size_t length, struct arena *arena, double *asked,
                       const char **reason, struct err *err)
{
    struct json_field fields[] = {{.name = "workers"}, {.name = "reason"}};
    struct json_slice whole;
    if (json_scan(text, length, &whole, err) < 0)
        return -1;
    if (whole.kind == JSON_NUMBER)
        fields[0].value = whole;
    else if (json_scan_object(text, length, fields, 2, err) < 0)
        return -1;
    if (read_workers(&fields[0].value, asked, err) < 0)
        return -1;
    return read_reason(&fields[1].value, arena, reason, err);
}

int scaling_command_answer(const struct policy *policy, const char *text, size_t length,
                           struct scaling_command_answer *answer, struct err *err)
{
    struct arena arena = {0};
    const char *reason = "";
    double asked = 0;
    int result =
        length > COMMAND_ANSWER_MAX
            ? err_set(err, ERR_LIMIT, "the answer is longer than %d bytes", COMMAND_ANSWER_MAX)
            : read_answer(text, length, &arena, &asked, &reason, err);
    if (result == 0) {
        keep_reason(reason, answer->reason);
        clamp(policy, asked, answer);
    }
    arena_finish(&arena);
    return result;
}
