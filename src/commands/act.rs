//! The options of every verb that changes something.

use crate::core::text::harmless;

/// The most characters of a reason: it stands in a row of a table.
const REASON_CHARS_MAX: usize = 200;

/// The options of every verb that changes something.
#[derive(Debug, Clone, clap::Args)]
pub struct ActArgs {
    /// Do not ask: for scripts, where nobody could answer
    #[arg(long)]
    pub yes: bool,

    /// Look and check as without it, print the plan, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Why: one line that stays with the change, in the term and in the journal
    #[arg(long, value_name = "TEXT", value_parser = reason, default_value = "", hide_default_value = true)]
    pub reason: String,
}

/// Reads a reason: one line that a terminal may show, of 200 characters at most.
///
/// # Errors
/// What is not accepted, in words.
pub fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        chars if chars > REASON_CHARS_MAX => Err(format!("{chars} characters: at most {REASON_CHARS_MAX}")),
        _ if harmless(text, REASON_CHARS_MAX) != text => Err("one line without control characters".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_short_line() {
        assert_eq!(
            reason(" disk of amsterdam is failing, OPS-17 ").as_deref(),
            Ok("disk of amsterdam is failing, OPS-17")
        );
        assert_eq!(reason(""), Ok(String::new()));
        assert_eq!(reason(&"ä".repeat(REASON_CHARS_MAX)).map(|text| text.chars().count()), Ok(REASON_CHARS_MAX));
        for text in ["two\nlines", "a\ttab", "\u{1b}[31mred", "over\u{202e}ride", "nul\0", "\u{9b}2J"] {
            assert!(reason(text).is_err(), "{text:?}");
        }
        assert!(reason(&"x".repeat(REASON_CHARS_MAX + 1)).is_err_and(|why| why.contains("201")));
    }
}
