# m3m step: what everything begins with that changes a node. The step itself follows it in the same sh.
#
# $1  the repository's path        $4  the boot for which it is meant, as the kernel names it; empty: any
# $2  the node's name              $5  the time after which it does not begin any more, in seconds; empty: none
# $3  the cell's name              and then the step's own
#
# Time is the node's own since it was booted, or the time of day where there is no /proc. Each line of the answer is a
# key and a value, between `m3m-step 1` and `m3m-end`. A step that is refused says `refused`, a reason and a detail.
# Needs sh and git.

# The parts of a step share their variables.
# shellcheck disable=SC2034

repository=$1 node=$2 cell=$3 boot=$4 not_after=$5
shift 5
newline='
'
git_dir='' own_lock=''

say() {
    printf '%s\n' "$*"
}

# The end of every answer, refused or not: what is held now.
finish() {
    if [ -n "$git_dir" ] && read_held && [ -n "$held" ]; then
        say term "$held" "$(in_repository cat-file blob "$held:term.json" 2>/dev/null | tr -d '\r\n')"
    fi
    [ -z "$own_lock" ] || in_repository update-ref --no-deref -d refs/m3m/lock "$own_lock" 2>/dev/null
    tick
    say took_ms $(((now - begun_at) * 10))
    say m3m-end
    exit 0
}

refuse() {
    say refused "$@"
    finish
}

# git durably, as nobody in particular: it asks for no name, signs nothing, runs no hook, tidies nothing up and takes files
# byte by byte. No variable of these reaches the service.
in_repository() {
    LC_ALL=C GIT_AUTHOR_NAME=m3m GIT_AUTHOR_EMAIL="m3m@$node" GIT_COMMITTER_NAME=m3m GIT_COMMITTER_EMAIL="m3m@$node" \
        git -C "$repository" -c "$durable" -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.autocrlf=false \
        -c core.safecrlf=false -c gc.auto=0 -c maintenance.auto=false "$@"
}

# Refuses with what git says where it fails, in a line. A lock file that a crash has left is named, and never removed.
git_failed() {
    case $1 in
    *"Unable to create '"*"': File exists"*)
        lock=${1#*"Unable to create '"}
        refuse lock-file "${lock%%"': File exists"*}"
        ;;
    esac
    refuse git "$(in_a_line "$1")"
}

in_a_line() {
    printf '%s\n' "$1" | sed -e 's/^fatal: //' -e 's/^error: //' -e '/^warning: /d' -e '/^hint: /d' | tr -s '\n\t' '  ' | cut -c 1-300
}

# Sets now: hundredths of a second since the second in which the step began.
tick() {
    { read -r clock _ </proc/uptime; } 2>/dev/null || clock=$(date +%s)
    : "${begun_s:=${clock%%.*}}"
    hundredths_of "$clock"
    now=$hundredths
}

hundredths_of() {
    case $1 in
    *.*) hundredths=$(((${1%%.*} - begun_s) * 100 + 1${1#*.} - 100)) ;;
    *) hundredths=$((($1 - begun_s) * 100)) ;;
    esac
}

# Some sleeps know whole seconds alone.
nap() {
    sleep 0.05 2>/dev/null || sleep 1
}

boot_id() {
    { read -r id </proc/sys/kernel/random/boot_id; } 2>/dev/null && printf '%s' "$id"
}

# A step that was held up is not done late: who ordered it has given it up, and others may have decided since.
in_time() {
    [ -z "$boot" ] || [ "$boot" = "$(boot_id)" ] || refuse rebooted
    [ -n "$limit" ] || return 0
    tick
    [ "$now" -le "$limit" ] || refuse late
}

# Sets held: the commit that refs/m3m/term names, empty where there is none. Fails where that cannot be told.
read_held() {
    damage=''
    held=$(in_repository for-each-ref --format='%(objectname) %(objecttype) %(refname)' refs/m3m/term 2>/dev/null)
    case $held in
    *' commit refs/m3m/term') held=${held%% *} ;;
    ?*) damage='refs/m3m/term names no commit' ;;
    # git passes over what it cannot read, and says so.
    '') damage=$(in_repository for-each-ref --format='%(objecttype)' refs/m3m/term 2>&1 | head -n 1) ;;
    esac
    [ -z "$damage" ]
}

must_read_held() {
    read_held || refuse damaged "$damage"
}

# Sets number, primary and brain as a term says them. m3m writes term.json with each of its fields on a line.
read_term() {
    json=$(in_repository cat-file blob "$1:term.json" 2>/dev/null)
    number=$(field term) primary=$(field primary) brain=$(field brain)
    case $number in *[!0-9]*) number='' ;; esac
    if [ -z "$number" ] || [ -z "$primary" ] || [ -z "$brain" ]; then
        refuse damaged "$1 holds no term.json that can be read"
    fi
}

field() {
    value=${json#*"$newline  \"$1\": "}
    [ "$value" != "$json" ] || return
    value=${value#\"}
    printf '%s' "${value%%[\","$newline"]*}"
}

# The number of the term before this one, under which whatever is not committed yet was written.
number_before() {
    earlier=$(in_repository rev-parse -q --verify "$1^1") || earlier=$1
    read_term "$earlier"
}

is_commit() {
    in_repository cat-file -e "$1^{commit}" 2>/dev/null
}

is_ancestor() {
    said=$(in_repository merge-base --is-ancestor "$1" "$2" 2>&1)
    case $? in
    0) return 0 ;;
    1) return 1 ;;
    *) refuse damaged "$(in_a_line "$said")" ;;
    esac
}

# Refuses a term that does not follow the held one: it must descend from it and have a higher number.
must_follow() {
    [ -n "$held" ] && [ "$held" != "$1" ] || return 0
    read_term "$1"
    follower=$number
    read_term "$held"
    is_ancestor "$held" "$1" || refuse rival "$held"
    [ "$number" -lt "$follower" ] || refuse rival "$held"
}

# Moves the reference to a term that follows, unless somebody else was faster.
move_term() {
    while [ "$held" != "$1" ]; do
        must_follow "$1"
        in_time
        said=$(in_repository update-ref --no-deref -m 'm3m: term' refs/m3m/term "$1" "$held" 2>&1) && return
        seen=$held
        must_read_held
        [ "$held" != "$seen" ] || git_failed "$said"
    done
}

# One step at a time. The lock ends with the process that holds it and with the watchdog of a command that it runs.
locked() {
    lock=$git_dir/m3m.lock
    (: >>"$lock") 2>/dev/null || refuse git "cannot write $lock"
    exec 9<>"$lock"
    until try_lock; do
        in_time
        tick
        [ $((now - begun_at)) -lt 500 ] || refuse busy "$holder"
        nap
    done
    printf '%s\n' "$$" >"$lock"
    in_time
    must_read_held
}

try_lock() {
    if ! command -v flock >/dev/null 2>&1; then
        lock_by_git
    elif ! flock -n 0 <&9; then
        read -r holder <"$lock"
        return 1
    fi
}

# Where there is no flock: a reference that names a process. git takes over that of a dead one for one of us only.
lock_by_git() {
    mine=$(printf '%s %s\n' "$$" "$(boot_id)" | in_repository hash-object -w --stdin) || return
    if theirs=$(in_repository rev-parse -q --verify refs/m3m/lock); then
        holder=$(in_repository cat-file blob "$theirs" 2>/dev/null)
        pid=${holder%% *}
        if [ "$theirs" != "$mine" ] && [ "${holder#* }" = "$(boot_id)" ]; then
            ! kill -0 "$pid" 2>/dev/null && [ ! -d "/proc/$pid" ] || return
        fi
    fi
    in_repository update-ref --no-deref refs/m3m/lock "$mine" "$theirs" 2>/dev/null && own_lock=$mine
}

# Who asked may hang up: what was begun comes to its end. Unlike an ignored signal, a caught one is not handed on.
trap : HUP PIPE

holder='' limit=''
tick
begun_at=$now
if [ -n "$not_after" ]; then
    hundredths_of "$not_after"
    limit=$hundredths
fi
say m3m-step 1

version=$(git version 2>/dev/null) || refuse git-missing
version=${version#git version }
minor=${version#*.}
# Either name for what git writes through to the disk is foreign to the other half of all gits, or makes it complain.
if [ "${version%%.*}" -gt 2 ] || [ "${minor%%[!0-9]*}" -ge 36 ]; then
    durable=core.fsync=all
else
    durable=core.fsyncObjectFiles=true
fi
