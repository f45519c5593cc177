#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a test of drivers on a Redis server of its own, on a Unix socket: run_redis.sh PROGRAM [ARGUMENT…]
directory=$(mktemp -d "${TMPDIR:-/tmp}/muster-redis.XXXXXX") || exit 1
redis-server --port 0 --unixsocket "$directory/redis.sock" --dir "$directory" --save "" \
    --logfile "$directory/log" >/dev/null &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$directory"' EXIT
tries=0
until redis-cli -s "$directory/redis.sock" ping >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ] || ! kill -0 "$server" 2>/dev/null; then
        cat "$directory/log" >&2
        exit 1
    fi
    sleep 0.05
done
# shellcheck disable=SC2086 # the words of support/valgrind.py
$MUSTER_WRAPPER "$@" driver=redis "path=$directory/redis.sock" "prefix={test%}:"
