# m3m exec: runs a person's command for a limited time, marks where its output begins, and proves that it ended.
#
# $1  a word for the marks, which no output holds by chance
# $2  the command's time in seconds
# $3  the command, a line for sh
#
# What start-up files of the login shell print comes before the first mark. The marks are put together here, so that a
# list of processes shows none.

printf 'm3m-%s-begin\n' "$1"
printf 'm3m-%s-begin\n' "$1" >&2

# timeout ends all that the command has started. Where there is none, or too old a one, the command runs without it.
if timeout -k 1 "$2" true 2>/dev/null; then
    timeout -k 1 "$2" sh -c "$3" </dev/null
else
    sh -c "$3" </dev/null
fi
printf 'm3m-%s-end %s\n' "$1" "$?" >&2
