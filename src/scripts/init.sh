# m3m init: makes a node's repository ready: it is there, it has a commit, and it knows whose it is. What is there stays as
# it is: history, files, changes, configuration. It follows the prelude in the same sh.
#
# $1  `look`: only say what is missing; `make`: make it; `repair`: also set aside what cannot be read
# $2  the branch
#
# Says `needs` or `did` with each of repository, commit, name; `branch` with another one that is checked out, or without
# a name; `damaged` with what is wrong with the term; `aside` with the reference and the commit, or `raw` with what stood
# in its place.

# The parts of a step share their variables.
# shellcheck disable=SC2034,SC2154

mode=$1 branch=$2

# Whether something that is missing is to be made, which it is at once.
makes() {
    if [ "$mode" = look ]; then
        say needs "$1"
        return 1
    fi
    say did "$1"
}

# Another m3m may be at it as well: what fails is tried again for some seconds. Sets said.
patiently() {
    until said=$("$@" 2>&1); do
        tick
        [ $((now - begun_at)) -lt 300 ] || return
        nap
    done
}

# Sets git_dir where the repository is there, or refuses. One that another m3m is making just now is waited for.
find_repository() {
    until see_repository; do
        tick
        [ $((now - begun_at)) -lt 50 ] || refuse repository "$(in_a_line "$place")"
        nap
    done
}

# Fails where what it sees may be the half of something. A path may be mistyped, so nothing is made among other things.
see_repository() {
    if place=$(in_repository rev-parse --absolute-git-dir --is-inside-work-tree --show-prefix 2>&1); then
        case ${place#*"$newline"} in
        false*) refuse bare ;;
        true"$newline"?*) refuse inside "$(in_repository rev-parse --show-toplevel 2>/dev/null)" ;;
        esac
        git_dir=${place%%"$newline"*}
        [ -w "$git_dir" ] || refuse unwritable "$git_dir"
    elif [ -d "$repository" ]; then
        [ ! -e "$repository/.git" ] || return
        in_no_repository "$place" || return
        listed=$(ls -A "$repository" 2>&1) || refuse unwritable "$repository"
        [ "$listed" != .git ] || return
        [ -z "$listed" ] || refuse occupied "$(printf '%s\n' "$listed" | head -n 1)"
        [ -w "$repository" ] || refuse unwritable "$repository"
    else
        if [ -e "$repository" ] || [ -L "$repository" ]; then
            refuse occupied
        fi
        above=${repository%/*}
        until [ -e "${above:=/}" ]; do
            above=${above%/*}
        done
        [ -d "$above" ] || refuse occupied "$above"
        if place=$(LC_ALL=C git -C "$above" rev-parse --git-dir 2>&1); then
            refuse inside "$above"
        fi
        in_no_repository "$place" || return
        [ -w "$above" ] || refuse unwritable "$above"
    fi
}

# git may have another reason to see no repository than that there is none.
in_no_repository() {
    case $1 in
    *'not a git repository'*) ;;
    *) return 1 ;;
    esac
}

# Without the user's template, which may hold hooks.
make_repository() {
    said=$(mkdir -p "$repository" 2>&1) || refuse unwritable "$(in_a_line "$said")"
    patiently new_repository || git_failed "$said"
    git_dir=$(in_repository rev-parse --absolute-git-dir)
    # A git that knows no other default has its own.
    if [ "$(in_repository symbolic-ref -q HEAD)" != "refs/heads/$branch" ] && ! has_commits; then
        said=$(in_repository symbolic-ref HEAD "refs/heads/$branch" 2>&1) || git_failed "$said"
    fi
}

new_repository() {
    GIT_DEFAULT_HASH=sha1 in_repository -c "init.defaultBranch=$branch" init -q --template=
}

has_commits() {
    in_repository rev-parse -q --verify HEAD >/dev/null 2>&1 ||
        [ -n "$(in_repository for-each-ref --count=1 refs/heads refs/remotes refs/tags 2>&1)" ]
}

# By nobody, at a fixed time, with nothing in it: the same commit on each node, or they would have no history in common.
make_commit() {
    who='m3m <m3m@localhost> 1735689600 +0000'
    tree=$(in_repository mktree </dev/null 2>&1) || git_failed "$tree"
    first=$(printf 'tree %s\nauthor %s\ncommitter %s\n\nThe first commit\n' "$tree" "$who" "$who" |
        in_repository hash-object -t commit -w --stdin 2>&1) || git_failed "$first"
    said=$(in_repository update-ref -m 'm3m: init' "refs/heads/$branch" "$first" '' 2>&1) ||
        [ "$(in_repository rev-parse -q --verify HEAD)" = "$first" ] || git_failed "$said"
}

# Sets value, and unnamed where there is none. A name that is whole is never replaced.
read_name() {
    value=$(in_repository config --local "m3m.$1" 2>&1)
    case $? in
    0) ;;
    1) unnamed=1 value=$2 ;;
    *) git_failed "$value" ;;
    esac
    case $value in
    "$2") ;;
    '' | *[!a-z0-9._-]*)
        [ "$mode" = repair ] || refuse misnamed "$(in_a_line "$value")"
        unnamed=1 value=$2
        ;;
    esac
}

write_names() {
    for pair in "node $node" "cell $cell"; do
        patiently in_repository config --local --replace-all "m3m.${pair%% *}" "${pair#* }" || git_failed "$said"
    done
}

# Whether what is held, if anything, can be read down to its last object.
is_held_whole() {
    damage=''
    read_held || return
    [ -n "$held" ] || return 0
    damage=$(in_repository rev-list --objects --quiet "$held" 2>&1) || return
    json=$(in_repository cat-file blob "$held:term.json" 2>&1)
    number=$(field term)
    case $number in
    '' | *[!0-9]*)
        damage="$held has no term.json that can be read"
        return 1
        ;;
    esac
}

# What can still be read is kept: something that git cannot read to its end would spoil its upkeep under any name.
set_aside() {
    file=$(cd "$repository" && cd "$(git rev-parse --git-common-dir)" && pwd)/refs/m3m/term
    if id=$(in_repository rev-parse -q --verify refs/m3m/term 2>/dev/null) &&
        in_repository rev-list --objects --quiet "$id" >/dev/null 2>&1; then
        kept=refs/m3m/damaged/$(date -u +%Y%m%dT%H%M%SZ)
        said=$(in_repository update-ref "$kept" "$id" 2>&1) || git_failed "$said"
        say aside "$kept" "$id"
    else
        say raw "${id:-$(head -c 200 "$file" | tr -c '[:print:]' ' ')}"
    fi
    said=$(in_repository update-ref --no-deref -d refs/m3m/term 2>&1) && return
    # git does not remove a reference that it cannot read.
    if [ -n "$id" ] || ! rm -- "$file" 2>/dev/null; then
        git_failed "$said"
    fi
}

in_time
find_repository
if [ -z "$git_dir" ]; then
    if ! makes repository; then
        say needs commit
        say needs name
        finish
    fi
    make_repository
fi
on=$(in_repository symbolic-ref -q --short HEAD)
if [ "$on" != "$branch" ]; then
    say branch "$on"
elif ! has_commits && makes commit; then
    make_commit
fi
unnamed=''
read_name node "$node"
named_node=$value
read_name cell "$cell"
[ "$named_node/$value" = "$node/$cell" ] || refuse identity "$named_node" "$value"
if [ -n "$unnamed" ] && makes name; then
    write_names
fi
if ! is_held_whole; then
    say damaged "$(in_a_line "${damage#warning: }")"
    [ "$mode" != repair ] || set_aside
fi
finish
