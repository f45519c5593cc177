/* SPDX-License-Identifier: MIT */
#ifndef SCALER_FLEET_H
#define SCALER_FLEET_H

#include "scaler/simulation.h"

/*
 * The workers of a simulation: they come and go, and run the jobs that wait. `queue` is the number
 * of a queue.
 */

/* Brings the virtual time of a queue to now; before anything that changes its speed. */
void fleet_advance(struct simulation *sim, struct sim_queue *queue);

/* When the first of the jobs that run in a queue ends; infinity where none does. */
double fleet_next_end(const struct simulation *sim, const struct sim_queue *queue);

/* Gives waiting jobs to resting workers. */
void fleet_match(struct simulation *sim, uint32_t queue);

/* The first of the jobs that run in a queue has ended: it succeeded, or is to be tried again. */
void fleet_end_job(struct simulation *sim, uint32_t queue);

/* Starts a worker; nothing happens where there are WORKERS_MAX. */
void fleet_spawn(struct simulation *sim, uint32_t queue);

/* The first of the workers that start is ready. */
void fleet_end_boot(struct simulation *sim);

/* Lets the worker go that the controller would choose; one that works ends with its job. */
void fleet_let_go(struct simulation *sim, uint32_t queue);

/* Kills the workers that were let go and took too long since; their jobs are given to others. */
void fleet_kill_overdue(struct simulation *sim);

/* Ends all workers, and counts what still waits. */
void fleet_settle(struct simulation *sim);

#endif
