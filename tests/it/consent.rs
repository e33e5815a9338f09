//! Consent: the name is typed on a terminal, and nobody is asked elsewhere.

use std::process::Command;

use m3m::commands::consent::{Question, ask};
use m3m::commands::interrupt;
use m3m::error::Exit;

use crate::support::{Home, again, block_on, finish};
use crate::terminal::{Terminal, available};

/// Whether the test below is the process that asks.
const ASKED: &str = "M3M_TEST_CONSENT";
const TEST: &str = "consent::consent_that_was_given_is_not_asked_for";
const PROMPT: &str = "Type almaty to go on:";
const QUESTION: Question<'_> = Question {
    now: "almaty     MIRROR 1\namsterdam  PRIMARY\n",
    consequence: "The service stops on amsterdam and starts on almaty.",
    name: "almaty",
};

/// A process that asks, and ends as m3m would.
fn asking(home: &Home) -> Command {
    let mut command = again(TEST);
    command.env_clear().env(ASKED, "1").current_dir(home.path());
    command
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the exit status is what the other process is asked for")]
fn consent_that_was_given_is_not_asked_for() {
    if std::env::var_os(ASKED).is_some() {
        let done = interrupt::or(async { ask(&QUESTION, false).await.map(|()| Exit::Ok) });
        let exit = done.unwrap_or_else(|error| {
            m3m::view::write_err(&error.render());
            error.exit()
        });
        std::process::exit(exit.code().into());
    }
    block_on(ask(&QUESTION, true)).expect("--yes is consent");
}

#[test]
fn without_a_terminal_it_is_refused_at_once() {
    let home = Home::new();
    let refused = finish(asking(&home).stdin(std::process::Stdio::null()));
    assert!(refused.assert_code(20).stderr.contains("--yes"), "{refused}");
    assert!(refused.stderr.contains(QUESTION.consequence) && !refused.stderr.contains(PROMPT), "{refused}");
}

#[test]
fn the_name_is_consent_and_what_follows_is_told_before() {
    if !available() {
        return;
    }
    let home = Home::new();
    let terminal = Terminal::open(&home, &asking(&home), 100, 20);
    let screen = terminal.until("the prompt", |screen| screen.ends_with(PROMPT));
    let asked = format!("{}\n{}\n{PROMPT}", QUESTION.now, QUESTION.consequence);
    assert!(screen.ends_with(&asked), "{screen}");
    terminal.answer("almaty", "its answer", |screen| !screen.ends_with(PROMPT));
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
}

#[test]
fn every_other_answer_is_a_refusal() {
    if !available() {
        return;
    }
    for (keys, said) in [
        (["amsterdam", "Enter"], "amsterdam is not almaty; nothing was touched"),
        (["Space", "Enter"], "nothing was typed; nothing was touched"),
        (["C-d", ""], "no answer came; nothing was touched"),
    ] {
        let home = Home::new();
        let terminal = Terminal::open(&home, &asking(&home), 100, 20);
        terminal.until("the prompt", |screen| screen.ends_with(PROMPT));
        keys.iter().filter(|key| !key.is_empty()).for_each(|key| terminal.press(key));
        assert_eq!(terminal.end(), 20, "{}", terminal.screen());
        let screen = terminal.screen();
        assert!(screen.contains(&format!("\nerror: not confirmed: {said}")), "{screen}");
    }
}

#[test]
fn an_interrupt_ends_the_prompt_and_its_line() {
    if !available() {
        return;
    }
    let home = Home::new();
    let asking = asking(&home);
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "before=$(stty -g); trap : INT; \"$@\"; echo \"status $?\"; test $before = $(stty -g) && echo same",
        "sh",
    ]);
    shell.arg(asking.get_program()).args(asking.get_args()).env_clear();
    shell.envs(asking.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let terminal = Terminal::open(&home, &shell, 100, 20);
    terminal.until("the prompt", |screen| screen.ends_with(PROMPT));
    terminal.press("C-c");
    let screen = terminal.until("the terminal as it was", |screen| screen.contains("\nsame"));
    assert!(screen.contains("\nstatus 130\n"), "{screen}");
    terminal.end();
}
