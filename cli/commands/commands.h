/* SPDX-License-Identifier: MIT */
#ifndef CLI_COMMANDS_COMMANDS_H
#define CLI_COMMANDS_COMMANDS_H

#include "cli/command.h"

/* The descriptors, each defined in the file of its command or family; table.c puts them in order.
 */

extern const struct cli_command command_push; /* push.c */
extern const struct cli_command command_later;
extern const struct cli_command command_bulk; /* bulk.c */

extern const struct cli_command command_show; /* job.c */
extern const struct cli_command command_delayed;
extern const struct cli_command command_cancel;

extern const struct cli_command command_work;   /* work.c */
extern const struct cli_command command_listen; /* listen.c */

extern const struct cli_command command_stats;  /* stats.c */
extern const struct cli_command command_health; /* health.c */
extern const struct cli_command command_drivers;
extern const struct cli_command command_purge; /* purge.c */

extern const struct cli_command command_batch_create; /* batch.c */
extern const struct cli_command command_batch_show;
extern const struct cli_command command_batch_list;
extern const struct cli_command command_batch_cancel; /* batch_end.c */
extern const struct cli_command command_batch_retry;
extern const struct cli_command command_batch_prune;
extern const struct cli_command command_metrics; /* metrics.c */
extern const struct cli_command command_analyze;
extern const struct cli_command command_overview;     /* overview.c */
extern const struct cli_command command_check_alerts; /* alerts.c */
extern const struct cli_command command_top;          /* top.c */

extern const struct cli_command command_pause; /* pause.c */
extern const struct cli_command command_resume;
extern const struct cli_command command_pauses;

extern const struct cli_command command_failed; /* failed.c */
extern const struct cli_command command_retry;  /* retry.c */
extern const struct cli_command command_forget; /* forget.c */
extern const struct cli_command command_prune;
extern const struct cli_command command_flush;

extern const struct cli_command command_workers; /* master.c */
extern const struct cli_command command_restart;
extern const struct cli_command command_master_status;
extern const struct cli_command command_master_reload;
extern const struct cli_command command_master_reopen_logs;
extern const struct cli_command command_master_stop;

extern const struct cli_command command_status; /* programs.c */
extern const struct cli_command command_start;
extern const struct cli_command command_stop;
extern const struct cli_command command_restart_programs;
extern const struct cli_command command_signal;
extern const struct cli_command command_clear;
extern const struct cli_command command_pid;
extern const struct cli_command command_reread; /* update.c */
extern const struct cli_command command_update;
extern const struct cli_command command_avail;
extern const struct cli_command command_add;
extern const struct cli_command command_remove;
extern const struct cli_command command_reload;
extern const struct cli_command command_shutdown;
extern const struct cli_command command_upgrade;
extern const struct cli_command command_tail; /* tail.c */
extern const struct cli_command command_maintail;
extern const struct cli_command command_fg;

extern const struct cli_command command_config_check; /* config.c */
extern const struct cli_command command_config_show;
extern const struct cli_command command_config_sample;

extern const struct cli_command command_scale; /* scaling.c */
extern const struct cli_command command_autoscale;
extern const struct cli_command command_scaling_history;
extern const struct cli_command command_explain;  /* explain.c */
extern const struct cli_command command_record;   /* record.c */
extern const struct cli_command command_simulate; /* simulate.c */

extern const struct cli_command command_shell; /* shell.c */
extern const struct cli_command command_help;  /* help.c */

#endif
