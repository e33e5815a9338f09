# m3m probe: everything that m3m asks of a node, in one go. It only reads.
#
# $1  the repository's path          $3  seconds after which the service's check is given up
# $2  the service's check, for sh    $4  how many recent commits to name
#
# Each line is a key and a value; m3m takes lines between `m3m-probe 1` and `m3m-end` and ignores the rest, so that
# a banner of the login shell does no harm. Needs sh and git; what /proc, df or date do not tell is left out.

repository=$1 check=$2 check_s=$3 commits=$4
LC_ALL=C
export LC_ALL

# The clock comes first: it is compared with the time at which this line arrives.
printf 'm3m-probe 1\nclock %s\n' "$(date +%s.%N)"

# The check runs beside the next few lines. A watchdog ends it, so that one that hangs holds up nothing; in a session of
# its own, where there is setsid, so that whatever it has started ends with it.
if command -v setsid >/dev/null 2>&1; then
    setsid sh -c "$check" </dev/null >/dev/null 2>&1 &
    check_pid=$! check_group=-$!
else
    sh -c "$check" </dev/null >/dev/null 2>&1 &
    check_pid=$! check_group=$!
fi
(
    sleep_pid=''
    # The watchdog is sent away with TERM and takes its sleep along.
    trap 'kill "$sleep_pid"; exit 1' TERM
    sleep "$check_s" &
    sleep_pid=$!
    # From here on it is not sent away any more: that it killed must not be lost.
    wait "$sleep_pid" && trap '' TERM && kill -9 "$check_group"
) </dev/null >/dev/null 2>&1 &
watchdog_pid=$!

{
    read -r line </proc/sys/kernel/random/boot_id && printf 'boot_id %s\n' "$line"
    read -r line </proc/uptime && printf 'uptime %s\n' "$line"
    read -r line </proc/loadavg && printf 'load %s\n' "$line"
    while read -r key value _; do
        case $key in MemTotal: | MemAvailable:) printf 'memory %s %s\n' "$key" "$value" ;; esac
    done </proc/meminfo
    df -Pk "$repository" | { read -r _ && read -r line && printf 'disk %s\n' "$line"; }
} 2>/dev/null

# Before the repository, which may be large and slow: whether the service runs matters most.
wait "$check_pid" 2>/dev/null
code=$?
kill "$watchdog_pid" 2>/dev/null
# A watchdog that did its work ends with 0, one that was sent away does not.
if wait "$watchdog_pid" 2>/dev/null; then
    printf 'service timeout\n'
else
    printf 'service %s\n' "$code"
fi
# Its clock began with the first line; what stood in between takes next to nothing.
printf 'service_ended %s\n' "$(date +%s.%N)"

in_repository() {
    git -C "$repository" --no-optional-locks "$@" 2>/dev/null
}

if ! command -v git >/dev/null 2>&1; then
    printf 'git missing\n'
elif ! place=$(git -C "$repository" rev-parse --is-bare-repository --show-prefix 2>&1); then
    printf 'repository_error %s\n' "$(printf '%s' "$place" | head -n 1)"
else
    # The second line is the path from the top of the work tree down to here: empty at the top itself.
    printf 'repository %s\n' "$(printf '%s' "$place" | tr '\n' ' ')"
    in_repository symbolic-ref -q --short HEAD | { read -r line && printf 'branch %s\n' "$line"; }
    # One that works holds this for moments: after a minute it is what a crash has left, and nothing can be committed.
    lock=$(in_repository rev-parse --absolute-git-dir)/index.lock
    [ -e "$lock" ] && [ -n "$(find "$lock" -mmin +1 2>/dev/null)" ] && printf 'lock_file %s\n' "$lock"
    in_repository log -n "$commits" --format='commit %H %ct %P' HEAD --
    # git prints nothing at all where it fails, so a count is given only below a header.
    in_repository status --porcelain=v2 --branch --untracked-files=normal | {
        header='' count=0
        while read -r line; do
            case $line in
            '#'*) header=seen ;;
            *)
                count=$((1 + $(wc -l)))
                break
                ;;
            esac
        done
        [ -z "$header" ] || printf 'uncommitted %s\n' "$count"
    }
    # Whose repository it is, as `m3m init` has written it.
    node=$(in_repository config --local m3m.node) && cell=$(in_repository config --local m3m.cell) &&
        printf 'identity %s %s\n' "$node" "$cell"
    if term=$(in_repository rev-parse -q --verify refs/m3m/term); then
        printf 'term %s %s\n' "$term" "$(in_repository cat-file blob "$term:term.json" | tr -d '\r\n')"
    elif git -C "$repository" for-each-ref refs/m3m/term 2>&1 | grep -q refs/m3m/term; then
        # git passes over what it cannot read, and says so.
        printf 'term unreadable\n'
    fi
    pause=$(in_repository cat-file blob refs/m3m/pause) && printf 'pause %s\n' "$(printf '%s' "$pause" | tr -d '\r\n')"
fi

printf 'm3m-end\n'
