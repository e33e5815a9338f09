//! The man pages and completion scripts that are checked in, generated from the command line's own definition.

use clap::CommandFactory;
use clap_complete::Shell;
use m3m::cli::Cli;
use m3m::commands::completions;
use m3m::error::Exit;
use roff::{Roff, roman};

use crate::generated::check_or_bless;

#[test]
fn completion_scripts() {
    for (shell, file) in [(Shell::Bash, "m3m.bash"), (Shell::Zsh, "_m3m"), (Shell::Fish, "m3m.fish")] {
        check_or_bless(format!("completions/{file}"), &completions::script(shell, &mut Cli::command()));
    }
}

#[test]
fn man_pages_of_m3m_and_every_verb() {
    let mut m3m = Cli::command();
    m3m.build();
    check_or_bless("man/m3m.1", &page(&m3m, "m3m", &main_sections(&m3m)));
    for verb in visible(&m3m) {
        verb_pages(verb, &format!("m3m-{}", verb.get_name()));
    }
}

/// A page for a verb, and for each verb below it.
fn verb_pages(verb: &clap::Command, name: &str) {
    check_or_bless(format!("man/{name}.1"), &page(verb, name, &see_also()));
    for below in visible(verb) {
        verb_pages(below, &format!("{name}-{}", below.get_name()));
    }
}

fn visible(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help")
}

/// One page: what clap says of the command, and these sections after it.
fn page(command: &clap::Command, name: &str, sections: &Roff) -> String {
    let has_verbs = visible(command).next().is_some();
    // The page of a verb is named after its file, and its options are listed without the verbs below.
    let command = command.clone().display_name(name.to_owned());
    let man = clap_mangen::Man::new(command).title(name.to_uppercase()).date("").source(source()).manual("m3m manual");
    let mut text = Vec::new();
    man.render_title(&mut text).expect("written to memory");
    man.render_name_section(&mut text).expect("written to memory");
    man.render_synopsis_section(&mut text).expect("written to memory");
    man.render_description_section(&mut text).expect("written to memory");
    man.render_options_section(&mut text).expect("written to memory");
    if has_verbs {
        man.render_subcommands_section(&mut text).expect("written to memory");
    }
    let page = String::from_utf8(text).expect("a page is UTF-8");
    page + &sections.to_roff()
}

fn source() -> String {
    format!("m3m {}", env!("CARGO_PKG_VERSION"))
}

/// The sections that only m3m(1) has.
fn main_sections(m3m: &clap::Command) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["EXIT STATUS"]);
    for (_, code, meaning) in Exit::TABLE {
        roff.control("TP", ["6"]).text([roman(code.to_string())]).text([roman(meaning)]);
    }
    roff.control("SH", ["ENVIRONMENT"]);
    for (name, meaning) in [
        ("M3M_INVENTORY", "The inventory, where -i and --lab are not given."),
        ("NO_COLOR", "Set to anything: no colours, unless --color says otherwise."),
        ("SSH_AUTH_SOCK", "The key agent, whose keys are all offered."),
        ("USER, LOGNAME", "The remote user, where the inventory names none."),
        ("XDG_CONFIG_HOME, XDG_STATE_HOME", "Where configuration is looked for and labs are kept."),
    ] {
        roff.control("TP", ["6"]).text([roff::bold(name)]).text([roman(meaning)]);
    }
    roff.control("SH", ["FILES"]);
    for (name, meaning) in [
        ("./inventory.yaml, ~/.config/m3m/inventory.yaml", "The inventory, where none is named; see m3m-inventory(5)."),
        ("~/.ssh/known_hosts, /etc/ssh/ssh_known_hosts", "The host keys, where the inventory names no other file."),
        ("~/.local/state/m3m/labs/", "Labs that stay up."),
    ] {
        roff.control("TP", ["6"]).text([roff::bold(name)]).text([roman(meaning)]);
    }
    roff.control("SH", ["SEE ALSO"]);
    let verbs: Vec<String> = visible(m3m).map(|verb| format!("m3m-{}(1)", verb.get_name())).collect();
    roff.text([roman(format!("{}, m3m-inventory(5), ssh(1), sshd(8)", verbs.join(", ")))]);
    roff
}

fn see_also() -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["EXIT STATUS"]);
    roff.text([roman("See m3m(1) for the whole table.")]);
    roff.control("SH", ["SEE ALSO"]).text([roman("m3m(1), m3m-inventory(5)")]);
    roff
}
