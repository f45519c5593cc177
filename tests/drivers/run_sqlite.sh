#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a test of drivers on SQLite files in a directory of its own: run_sqlite.sh PROGRAM [ARGUMENT…]
directory=$(mktemp -d "${TMPDIR:-/tmp}/muster-sqlite.XXXXXX") || exit 1
trap 'rm -rf "$directory"' EXIT
# shellcheck disable=SC2086 # the words of support/valgrind.py
$MUSTER_WRAPPER "$@" driver=sqlite "path=$directory/%.db"
