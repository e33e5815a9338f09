# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_m3m_global_optspecs
    string join \n i/inventory= lab= o/output= color= q/quiet v/verbose timeout= n/node= h/help V/version
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
complete -c m3m -n "__fish_m3m_needs_command" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_needs_command" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_needs_command" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_needs_command" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_needs_command" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_needs_command" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_needs_command" -s V -l version -d 'Print version'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "status" -d 'Show what is true now'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "where" -d 'Print the host of the PRIMARY or the BRAIN, for scripts'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "check" -d 'Check whether the nodes are ready and the promises can hold'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "init" -d 'Make nodes ready: the repository, its name, and the cell\'s term; change members'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "promote" -d 'Make a node PRIMARY: a switchover where the present one lives, a failover where it is dead'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "inherit-brain" -d 'Make a node BRAIN: who observes and decides'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "pause" -d 'Hands off: nothing changes by itself anywhere in the cell'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "resume" -d 'End a pause: what acts by itself may act again'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "history" -d 'Show every term: who was PRIMARY and BRAIN, since when, by whom and why'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "exec" -d 'Run a command on all nodes at once, or on those of --node'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "ssh" -d 'Log in to a node with the system\'s ssh'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "lab" -d 'Run five real SSH nodes on this machine, to try m3m and to rehearse failures'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "lab-node" -d 'Be one SSH node of a lab; started by m3m itself'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "lab-wire" -d 'Be the network of a lab; started by m3m itself'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "lab-ledger" -d 'Be, or drive, the service of a lab\'s node; called by the node\'s command `ledger`'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "lab-keeper" -d 'End a throw-away lab when its owner has ended; started by m3m itself'
complete -c m3m -n "__fish_m3m_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c m3m -n "__fish_m3m_using_subcommand status" -l every -d 'Ask again and again, every 2s if not said otherwise, over connections that stand' -r
complete -c m3m -n "__fish_m3m_using_subcommand status" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand status" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand status" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand status" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand status" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand status" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand status" -l wide -d 'All columns: also host, location, branch, memory, time since boot'
complete -c m3m -n "__fish_m3m_using_subcommand status" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand status" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand where" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand where" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand where" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand where" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand where" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand where" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand where" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand where" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand where" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand check" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand check" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand check" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand check" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand check" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand check" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand check" -l offline -d 'Judge by the inventory alone: no node is asked, and every promise is shown with its numbers'
complete -c m3m -n "__fish_m3m_using_subcommand check" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand check" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand init" -l reason -d 'Why: one line that stays with the change, in the term and in the journal' -r
complete -c m3m -n "__fish_m3m_using_subcommand init" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand init" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand init" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand init" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand init" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand init" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand init" -l new -d 'Ask for what an inventory needs and write it to -i FILE, else to ./inventory.yaml'
complete -c m3m -n "__fish_m3m_using_subcommand init" -l repair -d 'Set aside what of this one NODE cannot be read, and put what the others hold in its place'
complete -c m3m -n "__fish_m3m_using_subcommand init" -l apply -d 'Make the inventory\'s members and safety settings the cell\'s'
complete -c m3m -n "__fish_m3m_using_subcommand init" -l yes -d 'Do not ask: for scripts, where nobody could answer'
complete -c m3m -n "__fish_m3m_using_subcommand init" -l dry-run -d 'Look and check as without it, print the plan, and change nothing'
complete -c m3m -n "__fish_m3m_using_subcommand init" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand init" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand promote" -l confirm-off -d 'You have seen to it that this node is off: it stands for the evidence of its death, for a stop that its check cannot show, and for the proof that `fence: required` asks for' -r
complete -c m3m -n "__fish_m3m_using_subcommand promote" -l reason -d 'Why: one line that stays with the change, in the term and in the journal' -r
complete -c m3m -n "__fish_m3m_using_subcommand promote" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand promote" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand promote" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand promote" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand promote" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand promote" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand promote" -l allow-data-loss -d 'Go on without writes that no reachable node holds, or that a service had not written when it was killed'
complete -c m3m -n "__fish_m3m_using_subcommand promote" -l yes -d 'Do not ask: for scripts, where nobody could answer'
complete -c m3m -n "__fish_m3m_using_subcommand promote" -l dry-run -d 'Look and check as without it, print the plan, and change nothing'
complete -c m3m -n "__fish_m3m_using_subcommand promote" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand promote" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand promote" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand inherit-brain" -l confirm-off -d 'You have seen to it that this node is off: it stands for the evidence of its death' -r
complete -c m3m -n "__fish_m3m_using_subcommand inherit-brain" -l reason -d 'Why: one line that stays with the change, in the term and in the journal' -r
complete -c m3m -n "__fish_m3m_using_subcommand inherit-brain" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand inherit-brain" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand inherit-brain" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand inherit-brain" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand inherit-brain" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand inherit-brain" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand inherit-brain" -l yes -d 'Do not ask: for scripts, where nobody could answer'
complete -c m3m -n "__fish_m3m_using_subcommand inherit-brain" -l dry-run -d 'Look and check as without it, print the plan, and change nothing'
complete -c m3m -n "__fish_m3m_using_subcommand inherit-brain" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand inherit-brain" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand inherit-brain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand pause" -l for -d 'How long, such as 30m; without it until somebody resumes' -r
complete -c m3m -n "__fish_m3m_using_subcommand pause" -l reason -d 'Why: one line that everybody sees' -r
complete -c m3m -n "__fish_m3m_using_subcommand pause" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand pause" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand pause" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand pause" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand pause" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand pause" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand pause" -l dry-run -d 'Say who would keep it, and change nothing'
complete -c m3m -n "__fish_m3m_using_subcommand pause" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand pause" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand resume" -l reason -d 'Why: one line for the record' -r
complete -c m3m -n "__fish_m3m_using_subcommand resume" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand resume" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand resume" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand resume" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand resume" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand resume" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand resume" -l dry-run -d 'Say who would be told, and change nothing'
complete -c m3m -n "__fish_m3m_using_subcommand resume" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand resume" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand history" -l limit -d 'The most terms, closed claims included' -r
complete -c m3m -n "__fish_m3m_using_subcommand history" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand history" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand history" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand history" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand history" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand history" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand history" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand history" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand exec" -l connect-timeout -d 'The time for connecting to a node [default: the inventory\'s health timeout]' -r
complete -c m3m -n "__fish_m3m_using_subcommand exec" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand exec" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand exec" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand exec" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand exec" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand exec" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand exec" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand exec" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand ssh" -l via -d 'Go through another node, such as the one that status names' -r
complete -c m3m -n "__fish_m3m_using_subcommand ssh" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand ssh" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand ssh" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand ssh" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand ssh" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand ssh" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand ssh" -s t -l tty -d 'Give the command a terminal, as ssh -t does'
complete -c m3m -n "__fish_m3m_using_subcommand ssh" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand ssh" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand ssh" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -f -a "up" -d 'Make a lab and start it; one that is there is left as it is'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -f -a "down" -d 'End everything that a lab runs and remove it, repositories included'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -f -a "list" -d 'Show all labs, their nodes, and what is in force on the paths between them'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -f -a "kill" -d 'Kill nodes and all they run at once, as a crash would'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -f -a "poweroff" -d 'Take the power from nodes: silence at once, and nothing that they ran is left'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -f -a "revive" -d 'Start nodes again that are dead or off: same port, same keys, same repository'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -f -a "freeze" -d 'Stop nodes and all they run, without ending anything'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -f -a "thaw" -d 'Let frozen nodes go on'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -f -a "cut" -d 'Cut the network of nodes that go on running: bytes vanish, and nothing closes'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -f -a "heal" -d 'Undo cuts and delays: those of the nodes, or all'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -f -a "delay" -d 'Add to the round-trip time of nodes, in place of what was added before'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and not __fish_seen_subcommand_from up down list kill poweroff revive freeze thaw cut heal delay help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from up" -l wan -d 'How far the nodes are from the operator and from each other; a lab that is there takes it over' -r -f -a "none\t''
montana\t''"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from up" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from up" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from up" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from up" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from up" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from up" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from up" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from up" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from up" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from down" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from down" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from down" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from down" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from down" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from down" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from down" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from down" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from down" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from list" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from list" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from list" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from list" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from list" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from kill" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from kill" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from kill" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from kill" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from kill" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from kill" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from kill" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from kill" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from kill" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from poweroff" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from poweroff" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from poweroff" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from poweroff" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from poweroff" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from poweroff" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from poweroff" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from poweroff" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from poweroff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from revive" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from revive" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from revive" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from revive" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from revive" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from revive" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from revive" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from revive" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from revive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from freeze" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from freeze" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from freeze" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from freeze" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from freeze" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from freeze" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from freeze" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from freeze" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from freeze" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from thaw" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from thaw" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from thaw" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from thaw" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from thaw" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from thaw" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from thaw" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from thaw" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from thaw" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from cut" -l from -d 'Only on the path to this end: another node, or `operator`, which is this machine' -r -f -a "operator\t''
amsterdam\t''
moscow\t''
almaty\t''
saint-petersburg\t''
novosibirsk\t''"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from cut" -l one-way -d 'Only what goes to the nodes vanishes, or only what comes from them' -r -f -a "to\t''
from\t''"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from cut" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from cut" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from cut" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from cut" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from cut" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from cut" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from cut" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from cut" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from cut" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from heal" -l from -d 'Only on the path to this end: another node, or `operator`, which is this machine' -r -f -a "operator\t''
amsterdam\t''
moscow\t''
almaty\t''
saint-petersburg\t''
novosibirsk\t''"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from heal" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from heal" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from heal" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from heal" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from heal" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from heal" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from heal" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from heal" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from heal" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from delay" -l from -d 'Only on the path to this end: another node, or `operator`, which is this machine' -r -f -a "operator\t''
amsterdam\t''
moscow\t''
almaty\t''
saint-petersburg\t''
novosibirsk\t''"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from delay" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from delay" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from delay" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from delay" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from delay" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from delay" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from delay" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from delay" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from delay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "up" -d 'Make a lab and start it; one that is there is left as it is'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "down" -d 'End everything that a lab runs and remove it, repositories included'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "list" -d 'Show all labs, their nodes, and what is in force on the paths between them'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "kill" -d 'Kill nodes and all they run at once, as a crash would'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "poweroff" -d 'Take the power from nodes: silence at once, and nothing that they ran is left'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "revive" -d 'Start nodes again that are dead or off: same port, same keys, same repository'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "freeze" -d 'Stop nodes and all they run, without ending anything'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "thaw" -d 'Let frozen nodes go on'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "cut" -d 'Cut the network of nodes that go on running: bytes vanish, and nothing closes'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "heal" -d 'Undo cuts and delays: those of the nodes, or all'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "delay" -d 'Add to the round-trip time of nodes, in place of what was added before'
complete -c m3m -n "__fish_m3m_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c m3m -n "__fish_m3m_using_subcommand completions" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand completions" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand completions" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand completions" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand completions" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand completions" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand completions" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand completions" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab-node" -l dir -d 'The node\'s directory' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab-node" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab-node" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab-node" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab-node" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab-node" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab-node" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab-node" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab-node" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab-node" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab-wire" -l dir -d 'The lab\'s directory' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab-wire" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab-wire" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab-wire" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab-wire" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab-wire" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab-wire" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab-wire" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab-wire" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab-wire" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab-ledger" -l dir -d 'The node\'s directory' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab-ledger" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab-ledger" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab-ledger" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab-ledger" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab-ledger" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab-ledger" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab-ledger" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab-ledger" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab-ledger" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand lab-keeper" -l dir -d 'The lab\'s directory' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab-keeper" -s i -l inventory -d 'The inventory: else $M3M_INVENTORY, ./inventory.yaml, $XDG_CONFIG_HOME/m3m/inventory.yaml' -r -F
complete -c m3m -n "__fish_m3m_using_subcommand lab-keeper" -l lab -d 'Use a lab on this machine instead: the one that is there, or a throw-away one that ends with the command' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab-keeper" -s o -l output -d 'The form of the output' -r -f -a "table\t'For people: fitted to a terminal, whole lines in a pipe'
json\t'One JSON document, with its version in `schema`'
yaml\t'The same as YAML'"
complete -c m3m -n "__fish_m3m_using_subcommand lab-keeper" -l color -d 'When to use colours' -r -f -a "auto\t'In a terminal, unless `NO_COLOR` is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c m3m -n "__fish_m3m_using_subcommand lab-keeper" -l timeout -d 'The time for one node\'s whole observation, or for exec\'s command, such as 2s [default: the inventory\'s health timeout, 60s for exec]' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab-keeper" -s n -l node -d 'Only these nodes: repeat it, or separate names by commas' -r
complete -c m3m -n "__fish_m3m_using_subcommand lab-keeper" -s q -l quiet -d 'Say less: no progress, no notes; status and check print their verdict only'
complete -c m3m -n "__fish_m3m_using_subcommand lab-keeper" -s v -l verbose -d 'Say more: each node\'s answer as it comes, on standard error'
complete -c m3m -n "__fish_m3m_using_subcommand lab-keeper" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "status" -d 'Show what is true now'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "where" -d 'Print the host of the PRIMARY or the BRAIN, for scripts'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "check" -d 'Check whether the nodes are ready and the promises can hold'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "init" -d 'Make nodes ready: the repository, its name, and the cell\'s term; change members'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "promote" -d 'Make a node PRIMARY: a switchover where the present one lives, a failover where it is dead'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "inherit-brain" -d 'Make a node BRAIN: who observes and decides'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "pause" -d 'Hands off: nothing changes by itself anywhere in the cell'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "resume" -d 'End a pause: what acts by itself may act again'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "history" -d 'Show every term: who was PRIMARY and BRAIN, since when, by whom and why'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "exec" -d 'Run a command on all nodes at once, or on those of --node'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "ssh" -d 'Log in to a node with the system\'s ssh'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "lab" -d 'Run five real SSH nodes on this machine, to try m3m and to rehearse failures'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "lab-node" -d 'Be one SSH node of a lab; started by m3m itself'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "lab-wire" -d 'Be the network of a lab; started by m3m itself'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "lab-ledger" -d 'Be, or drive, the service of a lab\'s node; called by the node\'s command `ledger`'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "lab-keeper" -d 'End a throw-away lab when its owner has ended; started by m3m itself'
complete -c m3m -n "__fish_m3m_using_subcommand help; and not __fish_seen_subcommand_from status where check init promote inherit-brain pause resume history exec ssh lab completions lab-node lab-wire lab-ledger lab-keeper help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c m3m -n "__fish_m3m_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "up" -d 'Make a lab and start it; one that is there is left as it is'
complete -c m3m -n "__fish_m3m_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "down" -d 'End everything that a lab runs and remove it, repositories included'
complete -c m3m -n "__fish_m3m_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "list" -d 'Show all labs, their nodes, and what is in force on the paths between them'
complete -c m3m -n "__fish_m3m_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "kill" -d 'Kill nodes and all they run at once, as a crash would'
complete -c m3m -n "__fish_m3m_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "poweroff" -d 'Take the power from nodes: silence at once, and nothing that they ran is left'
complete -c m3m -n "__fish_m3m_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "revive" -d 'Start nodes again that are dead or off: same port, same keys, same repository'
complete -c m3m -n "__fish_m3m_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "freeze" -d 'Stop nodes and all they run, without ending anything'
complete -c m3m -n "__fish_m3m_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "thaw" -d 'Let frozen nodes go on'
complete -c m3m -n "__fish_m3m_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "cut" -d 'Cut the network of nodes that go on running: bytes vanish, and nothing closes'
complete -c m3m -n "__fish_m3m_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "heal" -d 'Undo cuts and delays: those of the nodes, or all'
complete -c m3m -n "__fish_m3m_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "delay" -d 'Add to the round-trip time of nodes, in place of what was added before'
