# What the prelude ends with, before any step but the one that makes a repository ready: it is there, it is this node's, and
# what it holds can be read.

# The parts of a step share their variables.
# shellcheck disable=SC2034,SC2154

place=$(in_repository rev-parse --absolute-git-dir --is-bare-repository --show-prefix 2>&1) ||
    refuse repository "$(in_a_line "$place")"
case ${place#*"$newline"} in
true*) refuse repository 'it is bare: there is no work tree' ;;
false"$newline"?*) refuse repository "the work tree begins above: this is its ${place##*"$newline"}" ;;
esac
git_dir=${place%%"$newline"*}
named_node=$(in_repository config --local m3m.node) || refuse not-initialised
named_cell=$(in_repository config --local m3m.cell) || refuse not-initialised
[ "$named_node/$named_cell" = "$node/$cell" ] || refuse identity "$named_node" "$named_cell"
in_time
must_read_held
