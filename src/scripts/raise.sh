# m3m raise: makes a node follow a term that was won, which is also how a holder of a role is fenced. It stops the service
# where that runs, commits the work tree, and moves the reference, in this order and under one lock. A service that cannot
# be ended keeps it from neither.
# It follows the prelude and the parts for the service and for committing in the same sh.
#
# $1  the term's commit              $4  `exhale`: commit the work tree; else empty
# $2  the role that the node must    $5  the seconds for the stop, $6 for the kill
#     not have in it: primary,       $7  the commands stop, $8 kill, $9 check; a check that is empty:
#     brain; empty: any                  nothing is stopped
# $3  the branch
#
# Says `service` was-stopped, stopped, killed, running or unknown; `stop` and `kill` with what failed; `head`, `uncommitted`.

# The parts of a step share their variables.
# shellcheck disable=SC2034,SC2154

commit=$1 role=$2 branch=$3 exhales=$4 stop_s=$5 kill_s=$6 stop=$7 kill=$8 check=$9

end_service() {
    ask "$stop_s"
    if [ "$service" = stopped ] && [ ! -e "$starting" ]; then
        ended=was-stopped
        return
    fi
    end_by stop "$stop_s" "$stop"
    ended=stopped
    [ "$service" = stopped ] || ended=killed
    if [ "$ended" = killed ] || [ -e "$starting" ]; then
        end_by kill "$kill_s" "$kill"
    fi
    if [ "$service" = stopped ]; then
        rm -f "$starting"
    else
        ended=$service
    fi
}

locked
is_commit "$commit" || refuse missing "$commit"
must_follow "$commit"
read_term "$commit"
case $role in
primary) [ "$primary" != "$node" ] || refuse named primary ;;
brain) [ "$brain" != "$node" ] || refuse named brain ;;
esac
number_before "$commit"
if [ -n "$check" ]; then
    tick
    service_begun=$now
    in_time
    end_service
    tick
    say service "$ended"
    say service_ms $(((now - service_begun) * 10))
fi
if [ -n "$exhales" ]; then
    ready_to_commit
    stage
    commit_staged "$number"
    tell_head
fi
move_term "$commit"
finish
