/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_CLIENT_H
#define SUPERVISOR_CONTROL_CLIENT_H

#include <stdint.h>

#include "common/err.h"
#include "common/json.h"

/*
 * The other end of the control socket (docs/control.md): asks a running master one thing. Blocks,
 * for at most timeout_ms (above 0) in all.
 *
 * control_call sends the request, a JSON object in text, and returns the answer, an object whose
 * member "ok" is true; the caller deletes it with cJSON_Delete. NULL with err on failure:
 * ERR_UNAVAILABLE where no master runs or none answers in time, otherwise what the master said (its
 * code and message).
 */
cJSON *control_call(const char *socket_path, const char *request, int64_t timeout_ms,
                    struct err *err);

/* The same for {"command":COMMAND}, with "queue" where it is not NULL. */
cJSON *control_command(const char *socket_path, const char *command, const char *queue,
                       int64_t timeout_ms, struct err *err);

#endif
