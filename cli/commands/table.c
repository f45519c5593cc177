/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <stddef.h>

const struct cli_command *const cli_commands[] = {
    &command_push,
    &command_later,
    &command_bulk,
    &command_work,
    &command_listen,
    &command_workers,
    &command_restart,
    &command_stats,
    &command_health,
    &command_drivers,
    &command_purge,
    &command_batch_create,
    &command_batch_show,
    &command_batch_list,
    &command_batch_cancel,
    &command_batch_retry,
    &command_batch_prune,
    &command_failed,
    &command_retry,
    &command_forget,
    &command_prune,
    &command_flush,
    &command_master_status,
    &command_master_reload,
    &command_master_reopen_logs,
    &command_master_stop,
    &command_config_check,
    &command_config_show,
    &command_config_sample,
    &command_simulate,
    &command_help,
    NULL,
};
