# m3m take: takes in a pack that comes on standard input. No reference moves; it follows the prelude in the same sh.
#
# $1  the commits that must be whole afterwards, a line each
#
# Says `took ID` for each.

said=$(in_repository index-pack --stdin --fix-thin --strict 2>&1) || git_failed "$said"
for id in $1; do
    in_repository rev-list --objects --quiet "$id" --not --all >/dev/null 2>&1 || refuse missing "$id"
    say took "$id"
done
finish
