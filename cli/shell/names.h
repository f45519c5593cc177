/* SPDX-License-Identifier: MIT */
#ifndef CLI_SHELL_NAMES_H
#define CLI_SHELL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/settings.h"

/* What words of a command line may name. Begins as zeroed memory. */
enum shell_kind { SHELL_QUEUE, SHELL_CONNECTION, SHELL_PROGRAM, SHELL_GROUP };

struct shell_name {
    enum shell_kind kind;
    char *text;
};

struct shell_names {
    struct shell_name *list;
    size_t count;
};

/* Adds one; twice the same is one. */
void shell_names_add(struct shell_names *names, enum shell_kind kind, const char *text);

/* Those of the settings, and those of the running musterd, where one answers soon. */
void shell_names_collect(struct shell_names *names, const struct settings *settings);
void shell_names_finish(struct shell_names *names);

#endif
