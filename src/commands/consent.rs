//! Prompts: questions to the person in front of the terminal.

use std::io::{self, IsTerminal};
use std::path::Path;

use dialoguer::theme::ColorfulTheme;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::interrupt;
use crate::view;

/// Asks, until the person has had enough of it.
#[derive(Debug, Default)]
pub(super) struct Prompter {
    interrupted: bool,
}

impl Prompter {
    /// Asks for the passphrase of a key file; nobody answers where there is no terminal, or after a Ctrl-C.
    pub(super) fn passphrase(&mut self, path: &Path, again: bool) -> Option<Zeroizing<String>> {
        if self.interrupted || !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return None;
        }
        let wrong = if again { "That was not it. " } else { "" };
        let prompt = format!("{wrong}Passphrase of {}", path.display());
        let _echo = Echo::off();
        let answer = interrupt::unless(move || {
            let theme = ColorfulTheme::default();
            let password = dialoguer::Password::with_theme(&theme).with_prompt(prompt);
            password.allow_empty_password(true).report(false).interact().map(Zeroizing::new)
        });
        if answer.is_none() {
            self.interrupted = true;
            // The prompt's line is still open.
            view::write_err("\n");
        }
        answer?.ok().filter(|answer| !answer.is_empty())
    }
}

/// A terminal without echo, before the prompt can be seen; its settings are put back when this is dropped, also where
/// the prompt was cut off.
struct Echo(Option<Termios>);

impl Echo {
    fn off() -> Self {
        let settings = tcgetattr(io::stdin()).ok();
        if let Some(mut silent) = settings.clone() {
            silent.local_modes.remove(LocalModes::ECHO);
            // Where it fails the prompt itself fails as well, or turns it off.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &silent);
        }
        Self(settings)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        if let Some(settings) = &self.0 {
            // It fails where the terminal is gone, and with it its settings.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, settings);
        }
    }
}
