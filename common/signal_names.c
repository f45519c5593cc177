/* SPDX-License-Identifier: MIT */
#include "common/signal_names.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Names that sigabbrev_np does not have. */
static int by_other_name(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } others[] = {{"CLD", SIGCHLD}, {"IO", SIGIO}, {"POLL", SIGPOLL}, {"IOT", SIGIOT}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcasecmp(others[i].name, name) == 0)
            return others[i].number;
    if (strcasecmp(name, "RTMIN") == 0)
        return SIGRTMIN;
    return strcasecmp(name, "RTMAX") == 0 ? SIGRTMAX : -1;
}

int signal_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits > 0 && text[digits] == '\0') {
        long number = digits <= 3 ? strtol(text, NULL, 10) : -1;
        return number >= 1 && number <= SIGRTMAX ? (int)number : -1;
    }
    const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
    for (int number = 1; number < SIGRTMIN; number++) {
        const char *known = sigabbrev_np(number);
        if (known && strcasecmp(known, name) == 0)
            return number;
    }
    return by_other_name(name);
}

const char *signal_name(int number, char name[SIGNAL_NAME_SIZE])
{
    const char *known = sigabbrev_np(number);
    if (known)
        snprintf(name, SIGNAL_NAME_SIZE, "SIG%s", known);
    else if (number == SIGRTMIN || number == SIGRTMAX)
        snprintf(name, SIGNAL_NAME_SIZE, number == SIGRTMIN ? "SIGRTMIN" : "SIGRTMAX");
    else
        snprintf(name, SIGNAL_NAME_SIZE, "signal %d", number);
    return name;
}
