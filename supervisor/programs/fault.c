/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/fault.h"

const char *fault_name(enum fault fault)
{
    static const char *const names[] = {
        [FAULT_UNKNOWN_METHOD] = "UNKNOWN_METHOD",
        [FAULT_INCORRECT_PARAMETERS] = "INCORRECT_PARAMETERS",
        [FAULT_BAD_ARGUMENTS] = "BAD_ARGUMENTS",
        [FAULT_SIGNATURE_UNSUPPORTED] = "SIGNATURE_UNSUPPORTED",
        [FAULT_SHUTDOWN_STATE] = "SHUTDOWN_STATE",
        [FAULT_BAD_NAME] = "BAD_NAME",
        [FAULT_BAD_SIGNAL] = "BAD_SIGNAL",
        [FAULT_NO_FILE] = "NO_FILE",
        [FAULT_NOT_EXECUTABLE] = "NOT_EXECUTABLE",
        [FAULT_FAILED] = "FAILED",
        [FAULT_ABNORMAL_TERMINATION] = "ABNORMAL_TERMINATION",
        [FAULT_SPAWN_ERROR] = "SPAWN_ERROR",
        [FAULT_ALREADY_STARTED] = "ALREADY_STARTED",
        [FAULT_NOT_RUNNING] = "NOT_RUNNING",
        [FAULT_SUCCESS] = "SUCCESS",
        [FAULT_ALREADY_ADDED] = "ALREADY_ADDED",
        [FAULT_STILL_RUNNING] = "STILL_RUNNING",
        [FAULT_CANT_REREAD] = "CANT_REREAD",
    };
    return names[fault];
}
