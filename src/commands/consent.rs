//! Prompts: questions to the person in front of the terminal.

use std::io::IsTerminal;
use std::path::Path;

use dialoguer::theme::ColorfulTheme;
use zeroize::Zeroizing;

/// Asks for the passphrase of a key file; nobody answers where there is no terminal.
pub(super) fn passphrase(path: &Path, wrong: usize) -> Option<Zeroizing<String>> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return None;
    }
    let answer = dialoguer::Password::with_theme(&ColorfulTheme::default())
        .with_prompt(format!("{}Passphrase of {}", if wrong == 0 { "" } else { "Wrong. " }, path.display()))
        .allow_empty_password(true)
        .report(false)
        .interact();
    answer.ok().filter(|answer| !answer.is_empty()).map(Zeroizing::new)
}
