//! Tokens (`%h`), variables (`${NAME}`) and `~` in the values of settings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Here;

/// What parts the values of tokens: a character that stands in no name and no path that a person writes.
const SEPARATOR: char = '\u{1f}';

/// The tokens that ssh is asked for. `%j` is left out, which older ones refuse.
const ASKED: &str = "diknprulLC";

/// A value of ssh's `ControlPath` that makes `ssh -G` tell its tokens, since it expands that setting before it prints
/// it, and does not use it.
pub const TOKENS: &str = "%d\u{1f}%i\u{1f}%k\u{1f}%n\u{1f}%p\u{1f}%r\u{1f}%u\u{1f}%l\u{1f}%L\u{1f}%C";

/// The tokens that `ssh -G` told, with their values; nothing where it did not expand them.
pub(super) fn learnt(told: &str) -> Option<impl Iterator<Item = (char, &str)>> {
    let is_whole = told.split(SEPARATOR).count() == ASKED.len() && !told.contains("%C");
    is_whole.then(|| ASKED.chars().zip(told.split(SEPARATOR)))
}

/// What tokens stand for.
pub(super) struct Tokens<'a> {
    values: BTreeMap<char, String>,
    env: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(known: impl Iterator<Item = (char, String)>, here: &Here<'a>) -> Self {
        let home = here.home.map(|home| ('d', home.display().to_string()));
        Self { values: known.chain(home).collect(), env: here.env }
    }

    /// Takes the values that ssh told.
    pub(super) fn learn(&mut self, told: &str) {
        let told = learnt(told).into_iter().flatten();
        self.values.extend(told.map(|(token, value)| (token, value.to_owned())));
    }

    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.env)(name)
    }

    /// The path that a text stands for: `~`, tokens and variables.
    pub(super) fn path(&self, text: &str) -> Result<PathBuf, String> {
        self.expand(&self.tilde(text)?, true).map(PathBuf::from)
    }

    /// A text with its tokens expanded.
    pub(super) fn percent(&self, text: &str) -> Result<String, String> {
        self.expand(text, false)
    }

    /// A text with a leading `~/` expanded.
    pub(super) fn tilde(&self, text: &str) -> Result<String, String> {
        let Some(rest) = text.strip_prefix('~') else { return Ok(text.to_owned()) };
        if !rest.is_empty() && !rest.starts_with('/') {
            return Err(format!("{text}: only `~/`, your own home directory, is understood"));
        }
        let home = self.values.get(&'d').ok_or_else(|| format!("{text}: this user has no home directory"))?;
        Ok(format!("{home}{rest}"))
    }

    /// The paths of a list. ssh prints them expanded and without quotes, so that a piece that does not begin as a path
    /// does belongs to the one before it, whose name holds a blank.
    pub(super) fn files(&self, list: Option<&str>) -> Result<Vec<PathBuf>, String> {
        let mut files: Vec<String> = Vec::new();
        for piece in list.unwrap_or_default().split(' ') {
            match files.last_mut() {
                Some(path) if !piece.starts_with(['/', '~']) => *path = format!("{path} {piece}"),
                _ => files.push(piece.to_owned()),
            }
        }
        files.retain(|file| file != "none" && !file.is_empty());
        files.iter().map(|file| self.tilde(file).map(PathBuf::from)).collect()
    }

    /// One pass, so that what a value holds is not expanded again.
    fn expand(&self, text: &str, with_variables: bool) -> Result<String, String> {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['%', '$']) {
            expanded.push_str(&rest[..at]);
            rest = &rest[at..];
            let name = rest.strip_prefix("${").and_then(|rest| rest.split_once('}')).filter(|_| with_variables);
            if let Some((name, after)) = name {
                let value = self.variable(name).ok_or_else(|| format!("{text}: ${{{name}}} is not set"))?;
                expanded.push_str(&value);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('%') {
                let token = after.chars().next().ok_or_else(|| format!("{text}: it ends in a single `%`"))?;
                match token {
                    '%' => expanded.push('%'),
                    _ => expanded
                        .push_str(self.values.get(&token).ok_or_else(|| format!("{text}: %{token} is unknown"))?),
                }
                rest = &after[token.len_utf8()..];
            } else {
                expanded.push('$');
                rest = &rest[1..];
            }
        }
        expanded.push_str(rest);
        Ok(expanded)
    }
}
