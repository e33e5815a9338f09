# m3m claim: writes a term and makes it the held one, if it follows what is held. It takes no lock: git compares and sets
# the reference in one go, and a start that hangs must not hold up a claim. It follows the prelude in the same sh.
#
# $1  the commit's text behind the line of its tree: parents, author, committer, message
# $2  term.json
#
# Says `claim ID`, the commit, and always what is held.

head=$1 json=$2

for parent in $(printf '%s\n' "$head" | sed -n -e '/^$/q' -e 's/^parent //p'); do
    is_commit "$parent" || refuse missing "$parent"
done
blob=$(printf '%s' "$json" | in_repository hash-object -w --stdin 2>&1) || git_failed "$blob"
tree=$(printf '100644 blob %s\tterm.json\n' "$blob" | in_repository mktree 2>&1) || git_failed "$tree"
claim=$({ say tree "$tree" && printf '%s' "$head"; } | in_repository hash-object -t commit -w --stdin 2>&1) ||
    git_failed "$claim"
say claim "$claim"
move_term "$claim"
finish
