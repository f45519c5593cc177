/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_SELECT_H
#define SUPERVISOR_PROGRAMS_SELECT_H

#include "supervisor/programs/programs.h"

/* Programs that somebody names. */
struct program_list {
    struct program **items;
    size_t count;
};

/* Adds the programs that a text means, by priority: "all"; "group:name"; "group:*" or "group:" (all
 * of a group); a name (of a group and its program, as under Supervisor, or else of a whole group);
 * or a pattern with * ? [ for names, or "pattern:pattern" for groups and names. One that is in the
 * list already is not added again. Returns FAULT_SUCCESS, or FAULT_BAD_NAME with err where it means
 * none. */
enum fault programs_select(const struct programs *programs, const char *text,
                           struct program_list *list, struct err *err);

/* Frees the list and leaves it empty; the programs are not its own. */
void program_list_finish(struct program_list *list);

/* Exactly one, "group:name" or a name: NULL with err where there is none. */
struct program *programs_find(const struct programs *programs, const char *text, struct err *err);

#endif
