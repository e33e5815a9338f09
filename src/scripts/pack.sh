# m3m pack: hands out commits with everything in them that the other side lacks. It only reads.
#
# $1  the repository's path
# $2  the commits that are wanted, a line each
# $3  the commits that the other side has, a line each; what is not here is passed over
#
# Prints `m3m-pack 1`, a line break, and then the pack up to the end of the output.

repository=$1 wanted=$2 known=$3
LC_ALL=C
export LC_ALL

revisions() {
    printf '%s\n' "$wanted"
    for id in $known; do
        ! git -C "$repository" cat-file -e "$id^{commit}" 2>/dev/null || printf '^%s\n' "$id"
    done
}

for id in $wanted; do
    git -C "$repository" cat-file -e "$id^{commit}" || exit
done
printf 'm3m-pack 1\n'
revisions | git -C "$repository" pack-objects --revs --stdout --thin --delta-base-offset -q
