/* SPDX-License-Identifier: MIT */
#ifndef SCALER_SIMULATION_H
#define SCALER_SIMULATION_H

#include "scaler/heap.h"
#include "scaler/line.h"
#include "scaler/random.h"
#include "scaler/simulate.h"

/*
 * A simulation that runs: what simulate.c (the course of events, the controller) and fleet.c (the
 * workers and their jobs) share. Times are seconds from the beginning.
 */
#define WORKERS_MAX 4096

enum worker_state { WORKER_GONE, WORKER_BOOTING, WORKER_RESTING, WORKER_WORKING };

struct sim_worker {
    enum worker_state state;
    bool leaving; /* let go: ends with its job */
    uint32_t queue;
    uint32_t job;
    double spawned_at; /* and of equal ones, the lower number is the older */
    double let_go_at;
};

struct sim_queue {
    struct line line;
    struct heap ends;   /* of jobs that run, by the virtual time at which they are done */
    double virtual_now; /* passes as fast as each job is worked on */
    double advanced_at; /* the time that virtual_now belongs to */
    double last_taken;
    double observed_at;
    int64_t workers; /* that stay */
    int64_t leaving;
    int64_t busy; /* with those that leave */
    int last_direction;
    struct load load; /* of the tick that runs */
};

struct simulation {
    const struct workload *workload;
    const struct sim_settings *settings;
    const struct sim_controller *controller;
    struct sim_result *result;
    struct random random;
    double now;
    size_t next_arrival;
    uint8_t *attempts; /* of each job */
    struct heap retries;
    struct heap boots;
    struct sim_worker workers[WORKERS_MAX];
    uint32_t worker_count; /* of the slots in workers that were ever used */
    struct sim_queue queues[WORKLOAD_QUEUES_MAX];
    struct load seen[WORKLOAD_QUEUES_MAX];
    void *memory;
};

#endif
