#!/bin/sh
# SPDX-License-Identifier: MIT
# A handler of kind exec for tests: the class of the job says what it does, and $HISTORY gets the same lines as from
# handler.py.
note() { echo "$1 $MUSTER_JOB_UUID $MUSTER_ATTEMPT $$" >>"${HISTORY:-/dev/null}"; }

note begin
case $MUSTER_JOB in
Exit*) exit "${MUSTER_JOB#Exit}" ;;
Kill) kill -9 $$ ;;
KillWorker) kill -9 "$PPID"; sleep 60 ;;
Sleep*) sleep "${MUSTER_JOB#Sleep}" ;;
Say*) echo "$MUSTER_JOB" >&2; exit 1 ;;
Echo) cat >>"$HISTORY.input" ;;
esac
note done
