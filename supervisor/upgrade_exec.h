/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_UPGRADE_EXEC_H
#define SUPERVISOR_UPGRADE_EXEC_H

#include "supervisor/upgrade.h"

/* Adds what the new program has to know before it reads its settings. */
void upgrade_save_origin(const struct upgrade *upgrade, struct state_out *out);

/* Becomes the new program. Returns only where that fails, with err; then all is as it was. */
void upgrade_exec(struct upgrade *upgrade, struct err *err);

#endif
