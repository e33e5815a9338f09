//! The man pages and completion scripts that are checked in, generated from the command line's own definition.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, Command, CommandFactory};
use clap_complete::Shell;
use m3m::cli::Cli;
use m3m::commands::completions;
use m3m::error::Exit;
use roff::{Inline, Roff, bold, italic, roman};

use crate::generated::check_or_bless;

const ENVIRONMENT: [(&str, &str); 7] = [
    ("M3M_INVENTORY", "The inventory, where -i and --lab are not given."),
    ("NO_COLOR", "Set to anything: no colours, unless --color says otherwise."),
    ("SSH_AUTH_SOCK", "The key agent, whose keys are all offered where the inventory names none."),
    ("USER, LOGNAME", "The remote user, where the inventory names none."),
    ("XDG_CONFIG_HOME, XDG_STATE_HOME", "Where configuration is looked for and labs are kept."),
    ("XDG_CACHE_HOME", "Where answers of `ssh -G` are kept."),
    ("HOME", "Where ~/.ssh is, and the three above where they are not set."),
];

const FILES: [(&str, &str); 6] = [
    ("./inventory.yaml, ~/.config/m3m/inventory.yaml", "The inventory, where none is named; see m3m-inventory(5)."),
    ("~/.ssh/config, /etc/ssh/ssh_config", "What the inventory does not say of reaching a node."),
    ("~/.ssh/known_hosts, /etc/ssh/ssh_known_hosts", "The host keys, where neither names another file."),
    ("~/.cache/m3m/", "What may be deleted at any time."),
    (
        "~/.local/state/m3m/journal.jsonl",
        "What m3m has changed from this machine: a JSON object a line, each act before it is done and its outcome after. At \
         1 MiB it becomes `journal.jsonl.1`; four old ones are kept. While it cannot be written nothing is changed.",
    ),
    ("~/.local/state/m3m/labs/", "Labs that stay up; see m3m-lab(1)."),
];

const EXAMPLES: [(&str, &str); 7] = [
    ("m3m --lab status", "Starts five nodes on this machine, shows them and ends them."),
    ("m3m check --offline -i cell.yaml", "Whether the file is sound, and whether its timing can keep the promises."),
    ("m3m status -i cell.yaml --every=5s", "What is true now, every five seconds."),
    ("m3m exec -- uptime", "A command on all nodes at once."),
    ("m3m ssh almaty", "Log in to one."),
    ("m3m ssh almaty --via moscow", "Log in to one through another, where status says so."),
    ("m3m where primary", "The host of the PRIMARY and nothing else."),
];

const LAB_FILES: [(&str, &str); 4] = [
    ("~/.local/state/m3m/labs/NAME/inventory.yaml", "The lab's inventory, as for any cell."),
    ("~/.local/state/m3m/labs/NAME/ssh_config", "For `ssh -F`: the nodes by their names."),
    ("~/.local/state/m3m/labs/NAME/nodes/NODE/", "What one node has: its home, its keys, its port and its log."),
    ("~/.local/state/m3m/labs/NAME/wire/", "What the network between them has: what is in force, and its log."),
];

const LAB_EXAMPLES: [(&str, &str); 11] = [
    ("m3m lab up", "Five nodes that stay."),
    ("m3m --lab status --every", "Watches them; leave it running while you go on in another terminal."),
    ("m3m lab kill almaty", "A mirror crashes: the cell is degraded."),
    ("m3m lab revive almaty", "It is back."),
    ("m3m lab cut amsterdam", "PRIMARY loses its network and goes on running: nobody hears from it."),
    ("m3m lab cut amsterdam --from operator", "Only this machine is cut from it; the other nodes are not."),
    ("m3m lab cut almaty --from moscow --one-way to", "What moscow sends to almaty vanishes; the answers arrive."),
    ("m3m lab delay 300ms almaty", "Every round trip with almaty takes 300 ms more."),
    ("m3m lab heal", "No cut and no delay any more."),
    ("m3m lab up --wan montana", "As far from each other as the cities that they are named after."),
    ("m3m lab down", "Everything is gone."),
];

const EXEC_EXAMPLES: [(&str, &str); 4] = [
    ("m3m exec -- 'uptime; df -h /'", "A line for sh on all nodes; what they print alike stands once."),
    ("m3m exec -n almaty,moscow -- git -C /srv/montana fetch", "Words, on two nodes."),
    ("m3m exec --timeout 10m -- apt-get -y upgrade", "What takes longer than a minute is given its time."),
    ("m3m exec -o json -- uname -r | jq '.nodes[] | {name, stdout}'", "For a program."),
];

const INIT_EXAMPLES: [(&str, &str); 5] = [
    ("m3m init --new -i cell.yaml", "Asks for what an inventory needs and writes it."),
    ("m3m init --dry-run", "What would be done on each node."),
    ("m3m init", "Does it; again and again, until every node is ready."),
    (
        "m3m init --repair almaty",
        "The term of almaty cannot be read: sets it aside and puts what the others hold there.",
    ),
    ("m3m init --apply", "A node was added to the inventory or left out: makes that so for the cell."),
];

/// The pages that belong together, by name: `m3m-lab`.
type Pages = BTreeMap<String, String>;

#[test]
fn completion_scripts() {
    for (shell, file) in [(Shell::Bash, "m3m.bash"), (Shell::Zsh, "_m3m"), (Shell::Fish, "m3m.fish")] {
        check_or_bless(format!("completions/{file}"), &completions::script(shell, &mut Cli::command()));
    }
}

#[test]
fn man_pages_of_m3m_and_every_verb() {
    for (name, page) in &pages() {
        check_or_bless(format!("man/{name}.1"), page);
    }
}

#[test]
fn no_man_page_is_left_of_what_is_gone() {
    let pages = pages();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/man")).expect("the man pages") {
        let file = entry.expect("a man page").file_name().into_string().expect("a name in UTF-8");
        let is_page = file.strip_suffix(".1").is_some_and(|name| pages.contains_key(name));
        assert!(is_page || file == "m3m-inventory.5", "{file} is no page of a verb");
    }
}

#[test]
fn man_pages_name_pages_that_exist() {
    let pages = pages();
    for (name, page) in &pages {
        let text = page.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "");
        for word in text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| word.starts_with("m3m")) {
            let Some((named, section)) = word.split_once('(') else { continue };
            let is_page = section.starts_with("1)") && pages.contains_key(named);
            assert!(is_page || word.starts_with("m3m-inventory(5)"), "{name} names {word}");
        }
    }
}

fn pages() -> Pages {
    let mut m3m = Cli::command();
    m3m.build();
    let mut pages = Pages::new();
    collect(&m3m, "m3m", None, &mut pages);
    pages
}

/// The page of a command, and of each verb below it.
fn collect(command: &Command, name: &str, above: Option<&str>, pages: &mut Pages) {
    pages.insert(name.to_owned(), page(command, name, above));
    for verb in verbs(command) {
        collect(verb, &format!("{name}-{}", verb.get_name()), Some(name), pages);
    }
}

fn verbs(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help")
}

fn page(command: &Command, name: &str, above: Option<&str>) -> String {
    let about = command.get_about().expect("every command says what it is for").to_string();
    let mut page = Roff::new();
    heading(&mut page, &name.to_uppercase(), "1");
    section(&mut page, "NAME").text([roman(format!("{name} - {about}"))]);
    let options: Vec<&Arg> = options(command, above.is_none()).collect();
    synopsis(section(&mut page, "SYNOPSIS"), command, &options, name);
    let exit = description(&mut page, command, &about);
    if command.get_positionals().next().is_some() {
        arguments(section(&mut page, "ARGUMENTS"), command.get_positionals());
    }
    arguments(section(&mut page, "OPTIONS"), options.into_iter());
    if above.is_some() {
        page.control("PP", []).text([roman("m3m(1) has the options that every command takes.")]);
    }
    if verbs(command).next().is_some() {
        section(&mut page, "COMMANDS");
        for verb in verbs(command) {
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            tagged(&mut page, &format!("{name}-{}(1)", verb.get_name()), &about);
        }
    }
    section(&mut page, "EXIT STATUS");
    match above {
        None => Exit::TABLE.iter().for_each(|(_, code, meaning)| tagged(&mut page, &code.to_string(), meaning)),
        Some(_) => _ = page.text(words(&format!("{exit}m3m(1) has the whole table."))),
    }
    tables(&mut page, name);
    see_also(section(&mut page, "SEE ALSO"), command, name, above);
    page.render()
}

/// What every command takes is listed once, in m3m(1).
fn options(command: &Command, is_main: bool) -> impl Iterator<Item = &Arg> {
    let is_common =
        |arg: &Arg| arg.is_global_set() || matches!(arg.get_action(), ArgAction::Help | ArgAction::HelpLong);
    let all = command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set());
    all.filter(move |arg| is_main || !is_common(arg))
}

fn synopsis(page: &mut Roff, command: &Command, options: &[&Arg], name: &str) {
    let mut line = vec![bold(name.replace('-', " "))];
    for option in options {
        line.push(roman(" ["));
        line.extend(usage(option));
        line.push(roman("]"));
    }
    if name != "m3m" {
        line.extend([roman(" ["), italic("COMMON OPTION"), roman("]...")]);
    }
    for argument in command.get_positionals() {
        let (open, close) = match (argument.is_last_set(), argument.is_required_set()) {
            (false, _) => (" ", ""),
            (true, true) => (" -- ", ""),
            (true, false) => (" [-- ", "]"),
        };
        line.push(roman(open));
        line.extend(usage(argument));
        line.push(roman(close));
    }
    if verbs(command).next().is_some() {
        line.extend([roman(" "), italic("COMMAND")]);
    }
    page.text(line);
}

/// An argument as clap writes it, `--every[=<DURATION>]`, with its literal part bold and its values italic.
fn usage(arg: &Arg) -> Vec<Inline> {
    let text = arg.to_string();
    let literal = if arg.is_positional() { 0 } else { text.find(['[', ' ']).unwrap_or(text.len()) };
    let mut line = vec![bold(&text[..literal])];
    let is_sign = |c: char| !c.is_ascii_alphabetic();
    for part in text[literal..].split_inclusive(is_sign) {
        let (value, sign) = part.split_at(part.find(is_sign).unwrap_or(part.len()));
        line.extend([italic(value), roman(sign.trim_matches(['<', '>']))]);
    }
    let is_empty = |inline: &Inline| matches!(inline, Inline::Roman(text) | Inline::Italic(text) | Inline::Bold(text) if text.is_empty());
    line.retain(|inline| !is_empty(inline));
    line
}

/// What clap says at length, below what it says in one line. Returns what that says of the exit status.
fn description(page: &mut Roff, command: &Command, about: &str) -> String {
    let long = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    let told = long.split("\n\n").filter(|part| *part != about && !part.is_empty());
    let (exit, mut told): (Vec<&str>, Vec<&str>) = told.partition(|part| part.starts_with("Exit status: "));
    let short = format!("{about}.");
    if told.is_empty() {
        told.push(&short);
    }
    section(page, "DESCRIPTION");
    for part in told {
        page.control("PP", []).text(words(part));
    }
    exit.iter().map(|part| part.trim_start_matches("Exit status: ").to_owned() + " ").collect()
}

fn arguments<'a>(page: &mut Roff, all: impl Iterator<Item = &'a Arg>) {
    for arg in all {
        let mut tag = arg.get_short().map(|short| vec![bold(format!("-{short}")), roman(", ")]).unwrap_or_default();
        tag.extend(usage(arg));
        page.control("TP", []).text(tag);
        page.text(words(&arg.get_help().map(ToString::to_string).unwrap_or_default()));
        values(page, arg);
    }
}

/// The values that an argument takes where they are listed, and the one that counts where none is given.
fn values(page: &mut Roff, arg: &Arg) {
    if !arg.get_action().takes_values() {
        return;
    }
    let possible = arg.get_possible_values();
    let (told, bare): (Vec<_>, Vec<_>) = possible.iter().partition(|value| value.get_help().is_some());
    for value in told {
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        let mut line = vec![bold(format!("{}: ", value.get_name()))];
        line.extend(words(&help));
        page.control("br", []).text(line);
    }
    if !bare.is_empty() {
        let names: Vec<&str> = bare.iter().map(|value| value.get_name()).collect();
        page.control("br", []).text([roman(format!("One of: {}.", names.join(", ")))]);
    }
    if let [default] = arg.get_default_values() {
        page.control("br", []).text([roman(format!("Default: {}.", default.to_string_lossy()))]);
    }
}

/// What the command line's definition does not say.
fn tables(page: &mut Roff, name: &str) {
    let (environment, files, examples): (&[_], &[_], &[_]) = match name {
        "m3m" => (&ENVIRONMENT, &FILES, &EXAMPLES),
        "m3m-init" => (&[], &[], &INIT_EXAMPLES),
        "m3m-exec" => (&[], &[], &EXEC_EXAMPLES),
        "m3m-lab" => (&[], &LAB_FILES, &LAB_EXAMPLES),
        _ => return,
    };
    for (title, rows) in [("ENVIRONMENT", environment), ("FILES", files), ("EXAMPLES", examples)] {
        if !rows.is_empty() {
            section(page, title);
        }
        for (tag, text) in rows {
            tagged(page, tag, text);
        }
    }
}

fn see_also(page: &mut Roff, command: &Command, name: &str, above: Option<&str>) {
    let mut pages: Vec<String> = verbs(command).map(|verb| format!("{name}-{}(1)", verb.get_name())).collect();
    match above {
        None => {}
        Some("m3m") => pages.insert(0, "m3m(1)".to_owned()),
        Some(above) => pages = vec!["m3m(1)".to_owned(), format!("{above}(1)")],
    }
    page.text([roman(format!("{}, m3m-inventory(5), ssh(1), sshd(8)", pages.join(", ")))]);
}

/// The first line of a page.
pub fn heading(page: &mut Roff, title: &str, number: &str) {
    let version = format!("m3m {}", env!("CARGO_PKG_VERSION"));
    page.control("TH", [title, number, "\"\"", version.as_str(), "m3m manual"]);
}

pub fn section<'a>(page: &'a mut Roff, name: &str) -> &'a mut Roff {
    page.control("SH", [name])
}

pub fn tagged(page: &mut Roff, tag: &str, text: &str) {
    page.control("TP", []).text([bold(tag)]).text(words(text));
}

/// Text in which words between backticks are bold.
pub fn words(text: &str) -> Vec<Inline> {
    let text = text.replace('\n', " ");
    let inline = |(index, part): (usize, &str)| if index % 2 == 0 { roman(part) } else { bold(part) };
    text.split('`').enumerate().map(inline).collect()
}
