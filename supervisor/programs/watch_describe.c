/* SPDX-License-Identifier: MIT */

/* What is told of readiness and health. */
#include "supervisor/programs/watch.h"

#include "supervisor/programs/program.h"

const char *watch_word(const struct program *program)
{
    static const char *const words[] = {
        [WATCH_FINE] = NULL,
        [WATCH_NOT_READY] = "not_ready",
        [WATCH_UNHEALTHY] = "unhealthy",
        [WATCH_SILENT] = "watchdog",
    };
    return program->watch ? words[program->watch->verdict] : NULL;
}

void watch_put_words(const struct program *program, struct buf *out)
{
    const struct program_watch *watch = program->watch;
    if (!watch)
        return;
    if (watch->verdict != WATCH_FINE)
        buf_printf(out, ", ends: %s", watch->reason);
    else if (program->state == PROCESS_STARTING && watch_decides(program))
        buf_printf(out, ", not ready yet%s%s", watch->complaint ? ": " : "",
                   watch->complaint ? watch->complaint : "");
    else if (watch->failures > 0)
        buf_printf(out, ", unhealthy (%u of %lld): %s", watch->failures,
                   (long long)program->settings->health_retries, watch->complaint);
    if (watch->status[0])
        buf_printf(out, ", %s", watch->status);
}

static const char *health_of(const struct program *program)
{
    const struct program_watch *watch = program->watch;
    if (!watch || program->state != PROCESS_RUNNING)
        return NULL;
    if (watch->verdict != WATCH_FINE || watch->failures > 0)
        return "unhealthy";
    bool is_judged = watch->was_looked_at || watch->health.kind == CHECK_STARTED;
    return is_judged ? "healthy" : "unknown";
}

void watch_describe(const struct program *program, cJSON *object)
{
    const struct program_watch *watch = program->watch;
    json_put_text(object, "health", health_of(program));
    json_put_text(object, "health_error", watch ? watch->complaint : NULL);
    json_put_text(object, "status_text", watch && watch->status[0] ? watch->status : NULL);
    cJSON_AddNumberToObject(object, "ended_by_watch", watch ? watch->ended_count : 0);
    json_put_text(object, "ended_because", watch ? watch->reason : NULL);
}
