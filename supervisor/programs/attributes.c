/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/keys.h"
#include "common/process_limits.h"

#define IOPRIO_OF_PROCESS 1
#define SCORE_SIZE        8

static const struct {
    const char *key;
    int resource;
    bool is_size;
} rlimits[PROGRAM_RLIMIT_COUNT] = {
#define ROW(name, resource, is_size)                                                               \
    [PROGRAM_RLIMIT_##resource] = {"rlimit_" #name, (int)RLIMIT_##resource, is_size},
    PROGRAM_RLIMITS(ROW)
#undef ROW
};

void attributes_prepare(struct attributes *attributes, const struct attribute_settings *settings)
{
    *attributes = (struct attributes){.settings = settings};
    for (int i = 0; i < PROGRAM_RLIMIT_COUNT; i++)
        if (settings->rlimits[i] && rlimit_parse(settings->rlimits[i], rlimits[i].is_size,
                                                 &attributes->limits[i], NULL) == 0)
            attributes->limited |= UINT32_C(1) << i;
    if (settings->ionice)
        ionice_parse(settings->ionice, &attributes->ionice, NULL);
}

/* Without printf, which is not async-signal-safe. */
static int write_score(int64_t score)
{
    char text[SCORE_SIZE];
    size_t at = sizeof text;
    uint64_t rest = (uint64_t)(score < 0 ? -score : score);
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (score < 0)
        text[--at] = '-';
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, text + at, sizeof text - at);
    int cause = errno;
    close(fd);
    errno = cause;
    return written < 0 ? -1 : 0;
}

static const char *take_limits(const struct attributes *attributes)
{
    for (int i = 0; i < PROGRAM_RLIMIT_COUNT; i++)
        if ((attributes->limited >> i & 1) &&
            syscall(SYS_prlimit64, 0, rlimits[i].resource, &attributes->limits[i], NULL) < 0)
            return rlimits[i].key;
    return NULL;
}

const char *attributes_take(const struct attributes *attributes)
{
    const struct attribute_settings *settings = attributes->settings;
    if (settings->nice != KEY_UNSET && setpriority(PRIO_PROCESS, 0, (int)settings->nice) < 0)
        return "nice";
    if (attributes->ionice && syscall(SYS_ioprio_set, IOPRIO_OF_PROCESS, 0, attributes->ionice) < 0)
        return "ionice";
    if (settings->oom_score_adj != KEY_UNSET && write_score(settings->oom_score_adj) < 0)
        return "oom_score_adj";
    if (settings->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return "no_new_privs";
    return take_limits(attributes);
}
