# m3m check: what a node still lacks. It follows the probe in the same sh. It starts and stops nothing; what it writes,
# to see whether it may, it takes away again.
#
# $1  the repository's path
# $2  seconds after which what has not ended is given up
# $3  the systemd unit that starts the service, where there is one
# and then for each of the service's commands three: its name, its first word, what it asks sudo for
#
# Each line is a key and a value, between `m3m-check 1` and `m3m-check-end`. The parts run side by side; one that came to
# its end says `done`.

repository=$1 patience_s=$2 unit=$3
shift 3
LC_ALL=C
export LC_ALL

printf 'm3m-check 1\nlogin_shell %s\n' "${SHELL:-}"
command -v flock >/dev/null || printf 'flock missing\n'

service_commands() {
    while [ $# -ge 3 ]; do
        if [ -n "$2" ] && found=$(place "$2"); then
            printf 'command %s %s\n' "$1" "$found"
            [ -z "$3" ] || printf 'sudo %s %s\n' "$1" "$(sudo_says "$3")"
        elif [ -n "$2" ]; then
            printf 'command %s\n' "$1"
        fi
        shift 3
    done
}

# Where a program stands. Some shells also name files that cannot be run.
place() {
    command -v -- "$1" || return
    case $1 in */*) [ -f "$1" ] && [ -x "$1" ] ;; esac
}

# Asks sudo what it would allow, which it may note in its log, and has it run nothing: `free`, `unsure` where it is allowed and may want a password,
# else why not.
sudo_says() {
    # The words are plain ones, and meant to be several.
    # shellcheck disable=SC2086
    if ! said=$(sudo -k -n -l $1 2>&1); then
        # It says nothing of what its rules do not name.
        printf '%s' "${said:-not allowed}" | head -n 1
    elif sudo -k -n -v || no_password | grep -q -x -F -e ' ALL' -e " $said"; then
        printf 'free'
    else
        printf 'unsure'
    fi 2>/dev/null
}

# The commands that sudo's rules free from a password, one a line. A rule reads `(root) NOPASSWD: this, that`.
no_password() {
    sudo -k -n -l | sed -e 's/ PASSWD:.*//' -e '/NOPASSWD:/!d' -e 's/.*NOPASSWD://' -e 's/ [A-Z_]*: / /g' | tr , '\n'
}

at_boot() {
    [ -z "$unit" ] || ! command -v systemctl >/dev/null || printf 'at_boot %s\n' "$(systemctl is-enabled "$unit" 2>&1 | head -n 1)"
}

# What a git that crashed has left. One that works holds its locks for moments.
locks() {
    git_dir=$(git rev-parse --absolute-git-dir) || return
    # Other files of that name, such as those of a hook's packages, are no locks, and those of a check stop nobody. The
    # one that steps lock stays there for good.
    find "$git_dir"/*.lock "$git_dir/refs" "$git_dir/reftable" -name '*.lock' ! -name 'm3m-check.*' ! -name m3m.lock \
        -type f -mmin +1 |
        head -n 5 |
        while IFS= read -r lock; do printf 'lock %s\n' "$lock"; done
}

# Paths that git passes over, so that they are on this node alone. No path is called `/`.
ignored() {
    { git ls-files --others --ignored --exclude-standard --directory --no-empty-directory && echo /; } | {
        count=0 line=''
        while read -r line && [ "$line" != / ]; do
            count=$((count + 1))
            [ "$count" -gt 3 ] || printf 'ignored %s\n' "$line"
        done
        [ "$line" != / ] || printf 'ignored_count %s\n' "$count"
    }
}

# Directories that another user's git, or the service, has made, and in which this user may not write.
closed() {
    git_dir=$(git rev-parse --git-common-dir) || return
    { git ls-tree -r -d --name-only HEAD; find "$git_dir/objects" "$git_dir/refs" "$git_dir/logs" -type d -print; } |
        while IFS= read -r dir; do
            [ ! -d "$dir" ] || [ -w "$dir" ] || printf 'closed %s\n' "$dir"
        done | head -n 5
}

# What earlier ones have left that were killed in the middle.
sweep() {
    find . "$(git rev-parse --git-path objects)" "$(git rev-parse --git-path refs/m3m)" -maxdepth 1 -mmin +1 \
        \( -name '.m3m-check.*' -o -name 'tmp_objdir-m3m-check.*' -o -name 'm3m-check.*' \) -exec rm -rf {} +
}

# A directory of the work tree, an object and a reference are made and removed. At no moment is there anything that would
# do harm if it stayed: git takes up no empty directory, clears `tmp_objdir-` away itself, and the reference names the head.
writes() {
    # Who asked may be gone before all is removed again.
    trap '' HUP INT PIPE TERM
    name=m3m-check.$$
    sweep
    if said=$(mkdir ".$name" 2>&1 && rmdir ".$name" 2>&1); then
        printf 'writes files\n'
    else
        printf 'writes_not files %s\n' "$(reason "$said")"
    fi
    objects=$(git rev-parse --git-path objects) && objects=$(cd "$objects" && pwd) || return
    aside=$objects/tmp_objdir-$name
    if said=$(mkdir "$aside" 2>&1 && date | GIT_OBJECT_DIRECTORY=$aside command git hash-object -w --stdin 2>&1); then
        printf 'writes objects\n'
    else
        printf 'writes_not objects %s\n' "$(reason "$said")"
    fi
    rm -rf "$aside"
    head=$(git rev-parse -q --verify HEAD) || return 0
    # No hook hears of this, and no log; and a lock that is left is not waited for until nobody waits here.
    quiet_git='git -c core.hooksPath=/dev/null -c core.logAllRefUpdates=false -c core.packedRefsTimeout=500'
    if said=$($quiet_git update-ref "refs/m3m/$name" "$head" 2>&1 && $quiet_git update-ref -d "refs/m3m/$name" 2>&1); then
        printf 'writes references\n'
    else
        printf 'writes_not references %s\n' "$(reason "$said")"
    fi
    references=$(git rev-parse --git-path refs/m3m)
    # Where git could not remove it: another one may hold the lock for that.
    rm -f "$references/$name"
    # Where others use it too it stays.
    rmdir "$references" || :
}

# The first line of a complaint. It is the same on every node.
reason() {
    printf '%s\n' "$1" | sed "s/$name/m3m-check/g; q"
}

# git as it looks at the work tree, without taking a lock for it.
git() {
    command git --no-optional-locks "$@"
}

{
    { service_commands "$@" && printf 'done commands\n'; } 2>/dev/null &
    commands_pid=$!
    { at_boot && printf 'done boot\n'; } 2>/dev/null &
    boot_pid=$!
    { cd "$repository" && locks && printf 'done locks\n'; } 2>/dev/null &
    locks_pid=$!
    { cd "$repository" && ignored && printf 'done ignored\n'; } 2>/dev/null &
    ignored_pid=$!
    { cd "$repository" && closed && printf 'done closed\n'; } 2>/dev/null &
    closed_pid=$!
    # This one is never killed: it has to clean up.
    { cd "$repository" && writes && printf 'done writes\n'; } 2>/dev/null &
    writes_pid=$!
} </dev/null
command git --version 2>/dev/null

# What hangs is left behind: the end is printed all the same.
trap 'kill -9 $commands_pid $boot_pid $locks_pid $ignored_pid $closed_pid' TERM
(
    sleep_pid=''
    trap 'kill "$sleep_pid"; exit' TERM
    sleep "$patience_s" &
    sleep_pid=$!
    wait "$sleep_pid" && kill $$
) </dev/null >/dev/null 2>&1 &
watchdog_pid=$!
wait "$commands_pid" "$boot_pid" "$locks_pid" "$ignored_pid" "$closed_pid" "$writes_pid" 2>/dev/null
kill "$watchdog_pid" 2>/dev/null

printf 'm3m-check-end\n'
