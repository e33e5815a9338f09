//! Prompts: questions to the person in front of the terminal.

use std::io::{self, IsTerminal};
use std::path::Path;

use dialoguer::theme::ColorfulTheme;
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::core::text::harmless;
use crate::error::{Error, Exit};
use crate::view;

/// A dangerous act that a person is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What is true now, as lines.
    pub now: &'a str,
    /// What follows, in one sentence.
    pub consequence: &'a str,
    /// What is to be typed: the node's name, or the cell's.
    pub name: &'a str,
}

/// Asks for consent, unless it was given by `--yes`. There is one answer: who types another name means something else
/// than what is about to happen, and starts afresh.
///
/// # Errors
/// Refused ([`Exit::Refused`]): something else was typed, or nobody can be asked.
pub async fn ask(question: &Question<'_>, yes: bool) -> Result<(), Error> {
    let Question { now, consequence, name } = question;
    if yes {
        return Ok(());
    }
    if !is_attended() {
        return Err(Error::new(Exit::Refused, format!("nobody can be asked for consent: {consequence}"))
            .hint("on a terminal the name is asked for; a script gives --yes, once --dry-run has shown the plan"));
    }
    // What was typed before the question is no answer to it. Where it cannot be given up, the name has to fit.
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    let now = now.trim_end();
    let consequence = view::fitted(consequence);
    view::write_err(&format!("{now}\n\n{consequence}Type {name} to go on: "));
    let mut line = OpenLine(true);
    // The terminal itself edits the line, so nothing has to be put back after Ctrl-C.
    let typed = tokio::task::spawn_blocking(|| io::stdin().lines().next().transpose()).await;
    let typed = typed.map_err(|lost| Error::unexpected("the prompt was cut off").because(lost))?;
    // Without a line it was Ctrl-D, or the terminal is gone.
    let Ok(Some(typed)) = typed else { return Err(declined("no answer came")) };
    line.0 = false;
    match typed.trim() {
        typed if typed == *name => Ok(()),
        "" => Err(declined("nothing was typed")),
        other => Err(declined(&format!("{} is not {name}", harmless(other, 64)))),
    }
}

fn declined(why: &str) -> Error {
    Error::new(Exit::Refused, format!("not confirmed: {why}; nothing was touched"))
}

/// Whether there is a person: somebody who reads the question and can answer it.
pub(super) fn is_attended() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// A line that waits for its answer, ended when this is dropped without one, as on Ctrl-C.
struct OpenLine(bool);

impl Drop for OpenLine {
    fn drop(&mut self) {
        if self.0 {
            view::write_err("\n");
        }
    }
}

/// Asks for the passphrase of a key file; nobody answers where there is no terminal.
pub(super) fn passphrase(path: &Path, wrong: usize) -> Option<Zeroizing<String>> {
    if !is_attended() {
        return None;
    }
    let _echo = EchoOff::now();
    let answer = dialoguer::Password::with_theme(&ColorfulTheme::default())
        .with_prompt(format!("{}Passphrase of {}", if wrong == 0 { "" } else { "Wrong. " }, path.display()))
        .allow_empty_password(true)
        .report(false)
        .interact();
    answer.ok().filter(|answer| !answer.is_empty()).map(Zeroizing::new)
}

/// A terminal without echo. The prompt's library turns it off only after the prompt is seen, and who types quickly
/// would be read over the shoulder. It comes back when this is dropped.
struct EchoOff(Option<Termios>);

impl EchoOff {
    fn now() -> Self {
        let settings = tcgetattr(io::stdin()).ok();
        if let Some(mut silent) = settings.clone() {
            silent.local_modes.remove(LocalModes::ECHO);
            // Where this fails the library tries as well.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &silent);
        }
        Self(settings)
    }
}

impl Drop for EchoOff {
    fn drop(&mut self) {
        if let Some(settings) = &self.0 {
            // It fails where the terminal is gone, and with it its settings.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, settings);
        }
    }
}
