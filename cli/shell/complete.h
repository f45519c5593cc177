/* SPDX-License-Identifier: MIT */
#ifndef CLI_SHELL_COMPLETE_H
#define CLI_SHELL_COMPLETE_H

#include "cli/shell/names.h"

/* What the last word of a line may become. Begins as zeroed memory. */
struct completions {
    char **list; /* whole words */
    size_t count;
};

/* Collects them: commands first, then options and the names that the command takes, by its table.
 * line is what stands before the cursor; names may be NULL, where only commands and options are
 * wanted. Pure. Returns the length of the word that they replace. */
size_t complete_line(const char *line, const struct shell_names *names,
                     struct completions *completions);
void completions_finish(struct completions *completions);

/* How many bytes all of them begin with. */
size_t completions_common(const struct completions *completions);

#endif
