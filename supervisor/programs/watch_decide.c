/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/watch_decide.h"

#include <limits.h>
#include <string.h>

#define FIRST_PAUSE_MS   20
#define LONGEST_PAUSE_MS 1000

int64_t watch_ready_pause(unsigned looks)
{
    int64_t pause = FIRST_PAUSE_MS;
    for (unsigned i = 1; i < looks && pause < LONGEST_PAUSE_MS; i++)
        pause *= 2;
    return pause < LONGEST_PAUSE_MS ? pause : LONGEST_PAUSE_MS;
}

unsigned watch_failures(unsigned failures, bool passed, int64_t running_ms, int64_t grace_ms)
{
    if (passed || running_ms < grace_ms)
        return 0;
    return failures < UINT_MAX ? failures + 1 : failures;
}

/* "HTTP/1.1 200", where # stands for a digit. */
int watch_http_status(const char *bytes, size_t length)
{
    static const char form[] = "HTTP/#.# ###";
    for (size_t i = 0; i < length && i < HTTP_STATUS_BYTES; i++) {
        bool is_digit = bytes[i] >= '0' && bytes[i] <= '9';
        if (form[i] == '#' ? !is_digit : bytes[i] != form[i])
            return -1;
    }
    if (length < HTTP_STATUS_BYTES)
        return 0;
    int status = (bytes[9] - '0') * 100 + (bytes[10] - '0') * 10 + (bytes[11] - '0');
    return status >= 100 ? status : -1;
}

bool watch_http_is_good(int status)
{
    return status >= 200 && status < 400;
}
