# m3m service: runs the service's commands for the steps that stop and start it. It follows the prelude in the same sh,
# and the step follows it.
#
# A command has no input, its output goes to a file and never to who asked, it does not hold the lock, and it is ended
# when its time is over.

# The parts of a step share their variables.
# shellcheck disable=SC2034,SC2154

if command -v setsid >/dev/null 2>&1; then
    apart='setsid' group_sign='-'
else
    apart='' group_sign=''
fi
# There while a start is under way: one that was cut off may bring up a service that no check sees yet.
starting=$git_dir/m3m-starting

# Runs $3 with its output added to the file $2; $1 seconds at most. Sets status: its exit status, or `timeout`.
bounded() {
    # The shell around it is always one that may be killed, even if what runs in it is root's.
    ${apart:+"$apart"} sh -c "($3$newline)${newline}exit \"\$?\"" </dev/null >>"$2" 2>&1 9>&- &
    command_pid=$!
    # The watchdog keeps the lock: should this shell be killed, nobody else begins before the command is ended.
    (
        sleep_pid=''
        trap 'kill "$sleep_pid"; exit 1' TERM
        sleep "$1" 9>&- &
        sleep_pid=$!
        # From here on it is not sent away any more: that it killed must not be lost.
        wait "$sleep_pid" && trap '' TERM && kill -9 "$group_sign$command_pid"
    ) </dev/null >/dev/null 2>&1 &
    watchdog_pid=$!
    wait_for "$command_pid"
    status=$?
    kill "$watchdog_pid" 2>/dev/null
    # A watchdog that did its work ends with 0, one that was sent away does not.
    ! wait_for "$watchdog_pid" || status=timeout
}

# A hang-up, which is caught, ends a wait before its time.
wait_for() {
    wait "$1" 2>/dev/null
    code=$?
    while [ "$code" = 129 ] && kill -0 "$1" 2>/dev/null; do
        wait "$1" 2>/dev/null
        code=$?
    done
    return "$code"
}

# Sets service to running or stopped, or to unknown where the check cannot tell. $1 seconds at most.
ask() {
    bounded "$1" /dev/null "$check"
    case $status in
    0) service=running ;;
    126 | 127 | timeout) service=unknown ;;
    *) service=stopped ;;
    esac
}

# Runs a command that ends the service, $1 `stop` or `kill`, for $2 seconds, and asks until nothing runs or the time is
# over. What it says goes to a file in the git directory.
end_by() {
    word=$1 time_s=$2
    said_file=$git_dir/m3m-$word.log
    (: >"$said_file") 2>/dev/null || said_file=/dev/null
    tick
    give_up_at=$((now + time_s * 100))
    bounded "$time_s" "$said_file" "$3"
    [ "$status" = 0 ] || say "$word" "$status" "$(first_words "$said_file")"
    while ask "$time_s" && [ "$service" = running ]; do
        tick
        [ "$now" -lt "$give_up_at" ] || break
        nap
    done
}

first_words() {
    sed -n -e '/[^[:space:]]/{p;q;}' "$1" | cut -c 1-300
}
