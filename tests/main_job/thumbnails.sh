#!/bin/sh
# SPDX-License-Identifier: MIT
# The exec handler of the main job: one process for each job, which is told in the environment and on standard input.
note() { echo "$1 $MUSTER_JOB_UUID $MUSTER_ATTEMPT $(date +%s.%N)" >>"$HISTORY"; }

note begin
case $MUSTER_JOB in
MakeThumbnail)
    grep -q '"image":' || exit 65 ;;
MakeOnBusyDisk)
    if [ "$MUSTER_ATTEMPT" = 1 ]; then exit 75; fi ;;
MakeOfBrokenImage)
    if [ ! -e "$REPAIRED" ]; then
        echo "cannot read the image: not a JPEG file" >&2
        exit 65
    fi ;;
esac
note done
