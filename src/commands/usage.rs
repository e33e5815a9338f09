//! A tip for a command line that almost says what is meant.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue};

/// The error of this process's command line with a tip, where there is one to give.
#[must_use]
pub fn with_tip(mut error: clap::Error) -> clap::Error {
    let odd = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand].into_iter().find_map(|kind| error.get(kind));
    let Some(ContextValue::String(odd)) = odd else { return error };
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some(tip) = tip(odd, &words) {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    error
}

fn tip(odd: &str, words: &[String]) -> Option<String> {
    let at = words.iter().position(|word| word == odd)?;
    let before = &words[..at];
    match before.last()?.as_str() {
        option @ ("--lab" | "--every") => Some(format!("its value follows `=`: {option}={odd}")),
        _ if odd.starts_with('-') => None,
        _ if before.iter().any(|word| matches!(word.as_str(), "exec" | "ssh")) => {
            Some(format!("the command follows `--`: -- {odd}"))
        }
        _ => None,
    }
}
