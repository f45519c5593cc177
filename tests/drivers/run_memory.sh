#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a test of drivers on the example plugin: run_memory.sh FOLDER PROGRAM [ARGUMENT…]
folder=$1
shift
directory=$(mktemp -d "/dev/shm/muster-memory.XXXXXX") || exit 1
trap 'rm -rf "$directory"' EXIT
# shellcheck disable=SC2086 # the words of support/valgrind.py
$MUSTER_WRAPPER "$@" driver=memory "driver_path=$folder" "path=$directory/%"
