# m3m exhale: commits what a work tree holds. It follows the prelude in the same sh, and the step follows it.
#
# What .gitignore names stays out, as in any commit.

# The parts of a step share their variables.
# shellcheck disable=SC2034,SC2154

# Refuses where a commit would go astray: another branch, something unfinished, a lock that a crash has left.
ready_to_commit() {
    on=$(in_repository symbolic-ref -q HEAD) || refuse branch
    [ "$on" = "refs/heads/$branch" ] || refuse branch "${on#refs/heads/}"
    for sign in MERGE_HEAD CHERRY_PICK_HEAD REVERT_HEAD rebase-merge rebase-apply; do
        [ ! -e "$git_dir/$sign" ] || refuse unfinished "$sign"
    done
    [ -z "$(in_repository ls-files -u | head -n 1)" ] || refuse unfinished merge
    # One that works holds it for moments.
    tick
    give_up_at=$((now + 100))
    while [ -e "$git_dir/index.lock" ]; do
        tick
        [ "$now" -lt "$give_up_at" ] || refuse lock-file "$git_dir/index.lock"
        nap
    done
}

# Sets head to the branch's commit, empty where there is none yet, and tree to what the work tree holds.
stage() {
    head=$(in_repository rev-parse -q --verify HEAD) || head=''
    said=$(in_repository add -A 2>&1) || git_failed "$said"
    tree=$(in_repository write-tree 2>&1) || git_failed "$tree"
}

# Commits what is staged, where it is anything new. $1 is the number of the term under which it was written.
commit_staged() {
    if [ -n "$head" ]; then
        [ "$tree" != "$(in_repository rev-parse "$head^{tree}")" ] || return 0
    elif [ -z "$(in_repository ls-tree "$tree" | head -n 1)" ]; then
        return 0
    fi
    exhaled=$(say "m3m: exhale of $node, written under term $1" |
        in_repository commit-tree "$tree" ${head:+-p "$head"} 2>&1) || git_failed "$exhaled"
    move_branch "$exhaled" exhale
}

# Moves the branch from head to $1.
move_branch() {
    said=$(in_repository update-ref -m "m3m: $2" HEAD "$1" "$head" 2>&1) || git_failed "$said"
    head=$1
}

# How many paths are not committed after all, because somebody still writes.
tell_head() {
    [ -z "$head" ] || say head "$head"
    say uncommitted "$(in_repository status --porcelain 2>/dev/null | wc -l | tr -d ' ')"
}
