# m3m start: starts the service on the node that the held term names, and sees that it runs. Under the lock, so that no
# raise stops it half way. It follows the prelude and the part for the service in the same sh.
#
# $1  the term's commit, which must be held     $4  the seconds for start and check, $5 for the kill
# $2  the role that it must give the node       $6  the commands start, $7 check, $8 kill
# $3  the head that the branch must have; empty: any
#
# Says `service` running (it did already), started, stopped or unknown, and `failed` with how the start ended, its first
# words, where it did not start. What start prints stays in m3m-start.log in the git directory.

# The parts of a step share their variables.
# shellcheck disable=SC2034,SC2154

commit=$1 role=$2 expected=$3 start_s=$4 kill_s=$5 start=$6 check=$7 kill=$8

# Asks until the service runs or the time is over.
until_running() {
    while ask "$start_s" && [ "$service" != running ]; do
        tick
        [ "$now" -lt "$give_up_at" ] || return
        nap
    done
}

start_service() {
    # What the service itself prints may go on in this file, so it is one that an admin can find.
    said_file=$git_dir/m3m-start.log
    (: >"$said_file") 2>/dev/null || said_file=/dev/null
    in_time
    (: >"$starting") 2>/dev/null || refuse git "cannot write $starting"
    # Whoever executes from here on writes newer things than those who did under terms before.
    if [ "$role" = primary ]; then
        said=$(in_repository update-ref --no-deref refs/m3m/started "$commit" 2>&1) || git_failed "$said"
    fi
    tick
    give_up_at=$((now + start_s * 100))
    bounded "$start_s" "$said_file" "$start"
    started=$status
    # One that says that it failed is not waited for.
    [ "$started" = 0 ] || give_up_at=$now
    until_running
    [ "$service" = running ] || say failed "$started" "$(first_words "$said_file")"
}

# Leaves nothing running that this step has started.
undo() {
    end_by kill "$kill_s" "$kill"
    [ "$service" != stopped ] || rm -f "$starting"
}

locked
[ "$held" = "$commit" ] || refuse rival "$held"
read_term "$commit"
case $role in
primary) [ "$primary" = "$node" ] || refuse not-named primary ;;
brain) [ "$brain" = "$node" ] || refuse not-named brain ;;
esac
head=$(in_repository rev-parse -q --verify HEAD)
[ -z "$expected" ] || [ "$head" = "$expected" ] || refuse head "$head"
in_time
tick
service_begun=$now
ask "$start_s"
case $status in 126 | 127) refuse check "$status" ;; esac
word=running
if [ "$service" != running ]; then
    start_service
    word=started
fi
if [ "$service" != running ]; then
    undo
    word=$service
else
    must_read_held
    if [ "$held" != "$commit" ]; then
        undo
        say service "$service"
        refuse superseded "$held"
    fi
    rm -f "$starting"
fi
tick
say service "$word"
say service_ms $(((now - service_begun) * 10))
[ -z "$head" ] || say head "$head"
finish
