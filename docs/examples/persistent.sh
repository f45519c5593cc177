#!/bin/bash
# SPDX-License-Identifier: MIT
# The handler protocol in the shell: a line from descriptor 3, a line to descriptor 4.

echo '{"type":"hello","version":1,"name":"persistent.sh"}' >&4
while IFS= read -r line <&3; do
    [[ $line =~ ^'{"type":"'([a-z]*)'"' ]]
    case ${BASH_REMATCH[1]} in
    job)
        [[ $line =~ '"uuid":"'([^\"]*)'"' ]] && uuid=${BASH_REMATCH[1]}
        [[ $line =~ '"text":"'([^\"]*)'"' ]] && text=${BASH_REMATCH[1]} || text=
        if [ -n "$text" ]; then
            echo "job $uuid says $text"
            printf '{"type":"done","uuid":"%s"}\n' "$uuid" >&4
        else
            printf '{"type":"fail","uuid":"%s","exception":"there is no text","retry":false}\n' "$uuid" >&4
        fi
        ;;
    ping) echo '{"type":"pong"}' >&4 ;;
    drain) exit 0 ;;
    esac
done
