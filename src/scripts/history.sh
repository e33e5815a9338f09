# m3m history: the terms that a node knows, from the one it holds backwards. It only reads.
#
# $1  the repository's path    $2  how many commits at most
#
# Between `m3m-history 1` and `m3m-end`: `tip ID`, the held commit; `link ID PARENT…` for each commit; `term ID`, and below
# it term.json as it stands, of which no line begins like one of these. Needs sh and git.

repository=$1 limit=$2
LC_ALL=C
export LC_ALL

in_repository() {
    git -C "$repository" --no-optional-locks "$@"
}

printf 'm3m-history 1\n'
if ! command -v git >/dev/null 2>&1; then
    printf 'fault it has no git\n'
elif ! said=$(in_repository rev-parse --git-dir 2>&1); then
    printf 'fault %s\n' "$(printf '%s' "$said" | head -n 1)"
elif tip=$(in_repository rev-parse -q --verify refs/m3m/term 2>/dev/null); then
    printf 'tip %s\n' "$tip"
    # A child stands before its parents, whatever the clocks of the claimers said.
    if links=$(in_repository rev-list --topo-order -n "$limit" --parents "$tip" -- 2>&1); then
        printf '%s\n' "$links" | sed 's/^/link /'
        printf '%s\n' "$links" | sed 's/^\([0-9a-f]*\).*/\1:term.json \1/' |
            in_repository cat-file --batch='term %(rest)' 2>/dev/null
    else
        printf 'fault %s\n' "$(printf '%s' "$links" | head -n 1)"
    fi
elif in_repository for-each-ref refs/m3m/term 2>&1 | grep -q refs/m3m/term; then
    # git passes over what it cannot read, and says so.
    printf 'fault the held one cannot be read\n'
fi
printf 'm3m-end\n'
