//! What a configuration file makes ssh's answer depend on: further files, variables, and what no stamp can tell.
//!
//! Whatever is not understood for certain counts as dependent: an answer that is asked for again costs some
//! milliseconds, a stale one leads to the wrong host.

/// What the answers to come depend on, beside the file itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// What it includes, in whatever block.
    pub includes: Vec<Include>,
    /// The environment variables that it names.
    pub variables: Vec<String>,
    /// Whether the answer may change without a change of files and variables, as with `Match exec`.
    pub is_volatile: bool,
}

/// A file that is included, or the directory whose files are.
#[derive(Debug, PartialEq, Eq)]
pub enum Include {
    /// One file, as it is written: absolute, below `~/`, or relative.
    File(String),
    /// Files of this directory.
    Directory(String),
}

/// The criteria of `Match` that follow from the question alone.
const FIXED_CRITERIA: [&str; 4] = ["host", "originalhost", "user", "localuser"];

/// Looks through the text of a configuration file.
#[must_use]
pub fn reads(text: &str) -> Reads {
    let mut reads = Reads { variables: variables(text), ..Reads::default() };
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (keyword, rest) = line.split_once(|c: char| c.is_whitespace() || c == '=').unwrap_or((line, ""));
        let words: Vec<&str> =
            rest.trim_start_matches(|c: char| c.is_whitespace() || c == '=').split_whitespace().collect();
        match keyword.to_ascii_lowercase().as_str() {
            "include" => match words.iter().map(|word| include(word)).collect::<Option<Vec<_>>>() {
                Some(includes) => reads.includes.extend(includes),
                None => reads.is_volatile = true,
            },
            "match" => reads.is_volatile |= !is_fixed(&words),
            "canonicalizehostname" => reads.is_volatile |= words != ["no"],
            // A keyword may be quoted, but nobody does that.
            keyword => reads.is_volatile |= keyword.contains('"'),
        }
    }
    reads
}

/// The file or directory of one argument; nothing where wildcards stand before the last `/`, or with what is expanded.
fn include(word: &str) -> Option<Include> {
    let is_other_home = word.starts_with('~') && !word.starts_with("~/");
    if is_other_home || word.contains(['"', '\'', '\\', '%', '$', '#']) {
        return None;
    }
    let is_glob = |text: &str| text.contains(['*', '?', '[', '{']);
    let (directory, _) = word.rsplit_once('/').unwrap_or((".", word));
    match (is_glob(directory), is_glob(word)) {
        (true, _) => None,
        (false, true) => Some(Include::Directory(if directory.is_empty() { "/" } else { directory }.to_owned())),
        (false, false) => Some(Include::File(word.to_owned())),
    }
}

fn is_fixed(words: &[&str]) -> bool {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let criterion = word.trim_start_matches('!').to_ascii_lowercase();
        let is_known = criterion == "all" || FIXED_CRITERIA.contains(&criterion.as_str());
        let is_whole = criterion == "all" || words.next().is_some_and(|patterns| !patterns.contains('"'));
        if !(is_known && is_whole) {
            return false;
        }
    }
    true
}

fn variables(text: &str) -> Vec<String> {
    let mut names: Vec<String> =
        text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect();
    names.sort();
    names.dedup();
    names
}
