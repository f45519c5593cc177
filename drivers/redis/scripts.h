/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_REDIS_SCRIPTS_H
#define DRIVERS_REDIS_SCRIPTS_H

/* The transitions, each a script that Redis runs as a whole (drivers/redis/scripts). Their texts
 * are put into the program when it is built. */
enum script_id {
    SCRIPT_PUSH,
    SCRIPT_TURN,
    SCRIPT_EXTEND,
    SCRIPT_RETURN_OWNER,
    SCRIPT_UPKEEP,
    SCRIPT_LISTEN,
    SCRIPT_STATS,
    SCRIPT_PURGE,
    SCRIPT_FAILED_SCAN,
    SCRIPT_FAILED_RETRY,
    SCRIPT_FAILED_REMOVE,
    SCRIPT_JOB_PAGE,
    SCRIPT_JOB_FIND,
    SCRIPT_JOB_CANCEL,
    SCRIPT_BATCH_CREATE,
    SCRIPT_BATCH_LIST,
    SCRIPT_BATCH_JOBS,
    SCRIPT_BATCH_CANCEL,
    SCRIPT_BATCH_PRUNE,
    SCRIPT_NOTE_PUT,
    SCRIPT_NOTE_CLAIM,
    SCRIPT_NOTE_LIST,
    SCRIPT_NOTE_REMOVE,
    SCRIPT_COUNT,
};

struct script {
    const char *name;
    const char *sha;          /* SHA-1 of the whole text, in hex: the name that Redis knows it by */
    const char *const *parts; /* its text, in parts that scripts share; NULL-terminated */
};

extern const struct script redis_scripts[SCRIPT_COUNT];

#endif
