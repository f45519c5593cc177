# SPDX-License-Identifier: MIT
# Made from the command tables (etc/generate_cli.py).

_muster() {
    local command='' options='' name word i
    COMPREPLY=()
    # A colon and an equals sign break words for bash; commands and options have them.
    _get_comp_words_by_ref -n := cur words cword 2>/dev/null || return
    for ((i = 1; i < cword; i++)); do
        case ${words[i]} in
        -c) ((i++)) ;;
        -*) ;;
        *) command=${words[i]} && break ;;
        esac
    done
    word=${cur#*=} name=${cur%%=*}
    if [ "$word" = "$cur" ]; then
        name=${words[cword - 1]}
    fi
    case $name in
    --handler) COMPREPLY=($(compgen -W 'exec persistent plugin' -- "$word")) && return ;;
    --config|--data-file|--jobs|--plot|--program|--socket|--trace|--watch|-c) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$word")) && return ;;
    esac
    case $command in
    '') options='--config= --json --help' ;;
    help) options='queue:push queue:later queue:bulk queue:show queue:delayed queue:cancel queue:work queue:listen queue:workers queue:restart queue:pause queue:resume queue:pauses queue:stats queue:health queue:drivers queue:purge batch:create batch:show batch:list batch:cancel batch:retry batch:prune queue:metrics queue:analyze queue:overview queue:check-alerts top queue:failed queue:retry queue:forget queue:prune queue:flush status start stop restart signal tail fg clear pid avail reread update add remove maintail reload shutdown upgrade master:status master:reload master:reopen-logs master:stop config:check config:show config:sample queue:scale queue:autoscale queue:scaling-history queue:explain queue:record scaler:simulate shell help' ;;
    queue:push) options='--queue= --connection= --batch= --priority= --tries= --timeout= --traceparent= --uuid= --unique= --unique-until= --unique-for= --chain= --data-file= --delay= --config= --json --help' ;;
    queue:later) options='--queue= --connection= --batch= --priority= --tries= --timeout= --traceparent= --uuid= --unique= --unique-until= --unique-for= --chain= --data-file= --config= --json --help' ;;
    queue:bulk) options='--queue= --connection= --batch= --uuids --skip-bad --config= --json --help' ;;
    queue:show) options='--queue= --connection= --config= --json --help' ;;
    queue:delayed) options='--queue= --connection= --limit= --config= --json --help' ;;
    queue:cancel) options='--queue= --connection= --config= --json --help' ;;
    queue:work) options='--queue= --once --stop-when-empty --memory= --timeout= --max-jobs= --tries= --sleep= --rest= --handler= --concurrency= --auto-scale --min-workers= --max-workers= --max-wait-time= --config= --json --help' ;;
    queue:listen) options='--queue= --once --stop-when-empty --memory= --timeout= --max-jobs= --tries= --sleep= --rest= --handler= --concurrency= --watch= --config= --json --help' ;;
    queue:workers) options='--queue= --socket= --jobs --watch --interval= --config= --json --help' ;;
    queue:restart) options='--queue= --socket= --config= --json --help' ;;
    queue:pause) options='--queue= --all --here --host= --connection= --config= --json --help' ;;
    queue:resume) options='--queue= --all --here --host= --connection= --config= --json --help' ;;
    queue:pauses) options='--connection= --config= --json --help' ;;
    queue:stats) options='--queue= --connection= --config= --json --help' ;;
    queue:health) options='--connection= --config= --json --help' ;;
    queue:drivers) options='--config= --json --help' ;;
    queue:purge) options='--queue= --all --connection= --yes --force --config= --json --help' ;;
    batch:create) options='--queue= --connection= --jobs= --then= --catch= --finally= --allow-failures --uuid= --config= --json --help' ;;
    batch:show) options='--connection= --watch --config= --json --help' ;;
    batch:list) options='--connection= --limit= --after= --config= --json --help' ;;
    batch:cancel) options='--connection= --config= --json --help' ;;
    batch:retry) options='--connection= --config= --json --help' ;;
    batch:prune) options='--days= --hours= --connection= --config= --json --help' ;;
    queue:metrics) options='--queue= --connection= --window= --config= --json --help' ;;
    queue:analyze) options='--queue= --connection= --window= --config= --json --help' ;;
    queue:overview) options='--config= --json --help' ;;
    queue:check-alerts) options='--history --config= --json --help' ;;
    top) options='--once --interval= --config= --json --help' ;;
    queue:failed) options='--queue= --connection= --class= --text= --since= --fingerprint= --limit= --group --config= --json --help' ;;
    queue:retry) options='--all --queue= --connection= --class= --text= --since= --fingerprint= --config= --json --help' ;;
    queue:forget) options='--queue= --connection= --class= --text= --since= --fingerprint= --config= --json --help' ;;
    queue:prune) options='--days= --hours= --queue= --connection= --config= --json --help' ;;
    queue:flush) options='--queue= --connection= --yes --force --config= --json --help' ;;
    status) options='--config= --json --help' ;;
    start) options='--wait= --config= --json --help' ;;
    stop) options='--wait= --config= --json --help' ;;
    restart) options='--wait= --at-once= --rolling= --config= --json --help' ;;
    signal) options='--config= --json --help' ;;
    tail) options='--follow --bytes= --stderr --config= --json --help' ;;
    fg) options='--config= --json --help' ;;
    clear) options='--config= --json --help' ;;
    pid) options='--config= --json --help' ;;
    avail) options='--config= --json --help' ;;
    reread) options='--config= --json --help' ;;
    update) options='--dry-run --config= --json --help' ;;
    add) options='--config= --json --help' ;;
    remove) options='--config= --json --help' ;;
    maintail) options='--follow --bytes= --config= --json --help' ;;
    reload) options='--wait= --at-once= --rolling= --config= --json --help' ;;
    shutdown) options='--config= --json --help' ;;
    upgrade) options='--program= --config= --json --help' ;;
    master:status) options='--socket= --config= --json --help' ;;
    master:reload) options='--socket= --config= --json --help' ;;
    master:reopen-logs) options='--socket= --config= --json --help' ;;
    master:stop) options='--wait --socket= --config= --json --help' ;;
    config:check) options='--supervisor --config= --json --help' ;;
    config:show) options='--config= --json --help' ;;
    config:sample) options='--config= --json --help' ;;
    queue:scale) options='--workers= --reason= --for= --force --config= --json --help' ;;
    queue:autoscale) options='--config= --json --help' ;;
    queue:scaling-history) options='--limit= --config= --json --help' ;;
    queue:explain) options='--config= --json --help' ;;
    queue:record) options='--for= --config= --json --help' ;;
    scaler:simulate) options='--workload= --trace= --policy= --promise= --boot= --min-workers= --max-workers= --length= --seeds= --seed= --validation --plot= --config= --json --help' ;;
    shell) options='--config= --json --help' ;;
    help) options='--config= --json --help' ;;
    esac
    if [ -z "$command" ] && [ "${cur#-}" = "$cur" ]; then
        options='queue:push queue:later queue:bulk queue:show queue:delayed queue:cancel queue:work queue:listen queue:workers queue:restart queue:pause queue:resume queue:pauses queue:stats queue:health queue:drivers queue:purge batch:create batch:show batch:list batch:cancel batch:retry batch:prune queue:metrics queue:analyze queue:overview queue:check-alerts top queue:failed queue:retry queue:forget queue:prune queue:flush status start stop restart signal tail fg clear pid avail reread update add remove maintail reload shutdown upgrade master:status master:reload master:reopen-logs master:stop config:check config:show config:sample queue:scale queue:autoscale queue:scaling-history queue:explain queue:record scaler:simulate shell help'
    fi
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
    if [ "${#COMPREPLY[@]}" = 0 ]; then
        COMPREPLY=($(compgen -f -- "$cur"))
    elif [ "${COMPREPLY[0]%=}" != "${COMPREPLY[0]}" ]; then
        compopt -o nospace 2>/dev/null
    fi
    __ltrim_colon_completions "$cur"
}
complete -F _muster muster
