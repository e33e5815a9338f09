# m3m inhale: brings the work tree to a commit and loses nothing that is its own. Under the lock; it follows the prelude
# and the part for committing in the same sh.
#
# $1  the term's commit, which must be held
# $2  the wanted commit
# $3  the branch
# $4  `own`: where both sides wrote, the node's own files stay; else empty
#
# What is not committed is committed first. Where the node has commits of its own, both sides are merged file by file,
# and where they differ on one the wanted side has it, unless the node itself was the last to execute; the other stays in
# the history. Says `head`, `uncommitted` and, where there was something to decide, `merged` with the number of paths that
# the wanted side won, or `whole`; or `kept` with that of the paths that are still the node's own, or `whole`.

# The parts of a step share their variables.
# shellcheck disable=SC2034,SC2154

commit=$1 wanted=$2 branch=$3 winner=$4

# Whether the node wrote last: the service was started here as PRIMARY's, and nobody else was PRIMARY since.
wrote_last() {
    started=$(in_repository rev-parse -q --verify refs/m3m/started) || return
    at=$commit
    while json=$(in_repository cat-file blob "$at:term.json" 2>/dev/null) && [ "$(field primary)" = "$node" ]; do
        [ "$at" != "$started" ] || return 0
        at=$(in_repository rev-parse -q --verify "$at^1") || return
    done
    return 1
}

# Sets tree to the merge of the wanted side and head, and merged to how much there was to decide. In the index the wanted
# side is 2 and head is 3; $1 is the one that wins, $2 its commit.
merge() {
    base=$(in_repository merge-base "$wanted" "$head" | head -n 1)
    [ -n "$base" ] || base=$(in_repository mktree </dev/null) || git_failed 'no empty tree'
    aside=$git_dir/m3m-merge.index
    rm -f "$aside" "$aside.lock"
    in_aside read-tree -i -m --aggressive "$base" "$wanted" "$head" >/dev/null 2>&1
    unmerged=$(in_aside ls-files -u)
    # First every undecided path goes, then what the winner has comes, in place of whatever stands in its way.
    {
        say "$unmerged" | sed -n 's/^[0-7]* \([0-9a-f]*\) [123]/0 \1/p'
        say "$unmerged" | sed -n "s/^\([0-7]* [0-9a-f]*\) $1/\1 0/p"
    } | in_aside update-index --replace --index-info 2>/dev/null
    merged=$(say "$unmerged" | cut -s -f 2 | sort -u | wc -l | tr -d ' ')
    if ! tree=$(in_aside write-tree 2>/dev/null); then
        tree=$(in_repository rev-parse "$2^{tree}") merged=whole
    fi
    rm -f "$aside" "$aside.lock"
}

in_aside() {
    (
        GIT_INDEX_FILE=$aside
        export GIT_INDEX_FILE
        in_repository "$@"
    )
}

# Moves the work tree and the branch to $1, which descends from head. What differs alone is touched; a file that is ignored
# here and not there stops it.
move_to() {
    in_time
    said=$(in_repository -c merge.autoStash=false -c merge.verifySignatures=false \
        merge -q --ff-only --no-overwrite-ignore "$1" 2>&1) || git_failed "$said"
    head=$(in_repository rev-parse -q --verify HEAD)
    [ "$head" = "$1" ] || git_failed "the branch did not move to $1"
    # git itself does not wait until the files are on the disk.
    sync -f "$repository" 2>/dev/null
}

locked
[ "$held" = "$commit" ] || refuse rival "$held"
is_commit "$wanted" || refuse missing "$wanted"
in_time
ready_to_commit
stage
number_before "$commit"
if [ "$tree" = "$(in_repository rev-parse "$wanted^{tree}")" ] && { [ -z "$head" ] || is_ancestor "$head" "$wanted"; }; then
    # All is there already, as where an earlier inhale was cut off right before its end.
    move_branch "$wanted" inhale
else
    commit_staged "$number"
    if [ -z "$head" ] || is_ancestor "$head" "$wanted"; then
        move_to "$wanted"
    elif ! is_ancestor "$wanted" "$head"; then
        if [ "$winner" = own ] || wrote_last; then
            merge 3 "$head"
            word=kept
        else
            merge 2 "$wanted"
            word=merged
        fi
        joined=$(say "m3m: inhale of $node" | in_repository commit-tree "$tree" -p "$wanted" -p "$head" 2>&1) ||
            git_failed "$joined"
        move_to "$joined"
        say "$word" "$merged"
    fi
fi
tell_head
finish
