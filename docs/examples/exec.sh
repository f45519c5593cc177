#!/bin/sh
# SPDX-License-Identifier: MIT
# A handler of kind exec: one start a job. Its answer is its exit status; what it writes to standard error is kept
# as the exception.
#
#     [queue:thumbnails]
#     command = /usr/local/bin/exec.sh
#     handler = exec

file=$(sed -n 's/.*"data":{.*"file":"\([^"]*\)".*/\1/p') # the job is on standard input, in one line of JSON

if [ -z "$file" ]; then
    echo "job $MUSTER_JOB_UUID has no file" >&2
    exit 65 # never again
fi
if [ ! -e "$file" ]; then
    echo "$file is not there yet (attempt $MUSTER_ATTEMPT)" >&2
    exit 75 # again, later
fi
wc -c <"$file" # standard output goes to the log
