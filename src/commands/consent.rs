//! Prompts: questions to the person in front of the terminal.

use std::io::{self, IsTerminal};
use std::path::Path;

use dialoguer::theme::ColorfulTheme;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// Asks for the passphrase of a key file; nobody answers where there is no terminal.
pub(super) fn passphrase(path: &Path, wrong: usize) -> Option<Zeroizing<String>> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
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
