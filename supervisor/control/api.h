/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_API_H
#define SUPERVISOR_CONTROL_API_H

#include "supervisor/control/web.h"

/* Answers what is below API_ROOT (api_routes.h): the master at once, a store when the maintenance
 * process has. */
void api_answer(const struct web_request *request);

#endif
