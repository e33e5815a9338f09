# m3m pause: keeps the record of a pause, or of its end. Which record counts is for its readers to tell: the latest one of
# all nodes. It follows the prelude in the same sh.
#
# $1  the record, as JSON
#
# Says `pause ID`, the blob, and always what term is held.

blob=$(printf '%s' "$1" | in_repository hash-object -w --stdin 2>&1) || git_failed "$blob"
in_time
said=$(in_repository update-ref --no-deref -m 'm3m: pause' refs/m3m/pause "$blob" 2>&1) || git_failed "$said"
say pause "$blob"
finish
