/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_STATE_PARTS_H
#define SUPERVISOR_STATE_PARTS_H

#include "supervisor/state.h"

/*
 * Who has something to hand over at an upgrade has a row here: of the master as a whole in
 * state_parts.c, of each program in state_program.c. save fills an object of its own, load takes
 * from it what it knows; a member that is missing means what it means at a start. Nothing fails:
 * what cannot be taken over is logged.
 */
struct master;
struct program;

struct state_part {
    const char *name;
    void (*save)(struct master *master, struct state_out *out, cJSON *into);
    void (*load)(struct master *master, struct state_in *in, const cJSON *from);
};

struct program_part {
    const char *name;
    void (*save)(struct program *program, struct state_out *out, cJSON *into);
    void (*load)(struct program *program, struct state_in *in, const cJSON *from);
};

/* All parts of a master that runs, into out; and back, when master_init has been given in. */
void state_save(struct master *master, struct state_out *out);
void state_load(struct master *master, struct state_in *in);

/* Listening sockets that were handed over, for who opens such: -1 where there are none (in may be
 * NULL). place is what web_listeners told. */
int state_control_listener(struct state_in *in);
int state_web_listener(void *in, const char *place);

/* One program, with all of its parts. */
void state_save_program(struct program *program, struct state_out *out, cJSON *into);
/* False while something of it is under way that cannot be handed over. */
bool state_program_is_settled(const struct program *program);
bool state_programs_are_settled(const struct master *master);

/* The other way, into a program that was just made: takes its descriptors out of in, and goes on
 * watching the process that it had. */
void state_load_program(struct program *program, struct state_in *in, const cJSON *from);

/* Parts: state_programs.c, state_workers.c. */
void state_save_programs(struct master *master, struct state_out *out, cJSON *into);
void state_load_programs(struct master *master, struct state_in *in, const cJSON *from);
void state_save_workers(struct master *master, struct state_out *out, cJSON *into);
void state_load_workers(struct master *master, struct state_in *in, const cJSON *from);
void state_save_returns(struct master *master, struct state_out *out, cJSON *into);
void state_load_returns(struct master *master, struct state_in *in, const cJSON *from);

#endif
