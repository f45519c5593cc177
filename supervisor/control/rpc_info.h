/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_RPC_INFO_H
#define SUPERVISOR_CONTROL_RPC_INFO_H

#include "supervisor/control/rpc_method.h"

/* Methods that tell of processes, for the table of those. */
enum rpc_outcome rpc_run_process_info(struct rpc *rpc);
enum rpc_outcome rpc_run_all_process_info(struct rpc *rpc);
enum rpc_outcome rpc_run_all_config_info(struct rpc *rpc);

#endif
