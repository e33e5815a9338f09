# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_m3m_global_optspecs
    string join \n i/inventory= o/output= color= q/quiet v/verbose timeout= n/node= h/help V/version
end

function __fish_m3m_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_m3m_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_m3m_using_subcommand
    set -l cmd (__fish_m3m_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c m3m -n "__fish_m3m_needs_command" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_needs_command" -s o -l output -d 'The form of the output' -r -f -a "table\t'Tables in a terminal, plain lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_needs_command" -l timeout -d 'The time for one node\'s whole observation, such as 2s [default: the inventory\'s health timeout]' -r
complete -c m3m -n "__fish_m3m_needs_command" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_needs_command" -s q -l quiet -d 'Say less: no progress, no notes; status prints its verdict only'
complete -c m3m -n "__fish_m3m_needs_command" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_needs_command" -s V -l version -d 'Print version'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "status" -d 'Show what is true now'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "where" -d 'Print the host of the PRIMARY or the BRAIN, for scripts'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "check" -d 'Check whether the inventory is sound and its promises can hold'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c m3m -n "__fish_m3m_using_subcommand status" -l every -d 'Ask again and again, over connections that stand' -r
complete -c m3m -n "__fish_m3m_using_subcommand status" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand status" -s o -l output -d 'The form of the output' -r -f -a "table\t'Tables in a terminal, plain lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand status" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand status" -l timeout -d 'The time for one node\'s whole observation, such as 2s [default: the inventory\'s health timeout]' -r
complete -c m3m -n "__fish_m3m_using_subcommand status" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand status" -l wide -d 'All columns: also host, location, branch, memory, time since boot'
complete -c m3m -n "__fish_m3m_using_subcommand status" -s q -l quiet -d 'Say less: no progress, no notes; status prints its verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand status" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand where" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand where" -s o -l output -d 'The form of the output' -r -f -a "table\t'Tables in a terminal, plain lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand where" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand where" -l timeout -d 'The time for one node\'s whole observation, such as 2s [default: the inventory\'s health timeout]' -r
complete -c m3m -n "__fish_m3m_using_subcommand where" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand where" -s q -l quiet -d 'Say less: no progress, no notes; status prints its verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand where" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand where" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand check" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand check" -s o -l output -d 'The form of the output' -r -f -a "table\t'Tables in a terminal, plain lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand check" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand check" -l timeout -d 'The time for one node\'s whole observation, such as 2s [default: the inventory\'s health timeout]' -r
complete -c m3m -n "__fish_m3m_using_subcommand check" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand check" -l offline -d 'Judge by the inventory alone: no node is asked'
complete -c m3m -n "__fish_m3m_using_subcommand check" -s q -l quiet -d 'Say less: no progress, no notes; status prints its verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand check" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand completions" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand completions" -s o -l output -d 'The form of the output' -r -f -a "table\t'Tables in a terminal, plain lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand completions" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand completions" -l timeout -d 'The time for one node\'s whole observation, such as 2s [default: the inventory\'s health timeout]' -r
complete -c m3m -n "__fish_m3m_using_subcommand completions" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand completions" -s q -l quiet -d 'Say less: no progress, no notes; status prints its verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand completions" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check completions help" -f -a "status" -d 'Show what is true now'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check completions help" -f -a "where" -d 'Print the host of the PRIMARY or the BRAIN, for scripts'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check completions help" -f -a "check" -d 'Check whether the inventory is sound and its promises can hold'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check completions help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
