//! Reading a node's chain of terms. Total: every text gives a chain or a reason.

use super::{Chain, Link, TERMS_MAX};
use crate::core::reading::{instead, is_id};
use crate::core::silence::{Cause, Phase, Silence};
use crate::core::term::TermRecord;
use crate::core::text::harmless;

/// The line with which an answer begins.
pub const BEGIN: &str = "m3m-history 1";
/// The line with which it ends.
pub const END: &str = "m3m-end";
/// The most characters kept of what a node complains of.
const TEXT_CHARS_MAX: usize = 120;

/// Reads what a node printed. Lines before the beginning are a login shell's banner and are passed over.
///
/// # Errors
/// There is no beginning or no end: what came instead, in a few words.
pub fn read(stdout: &[u8], stderr: &[u8], exit_status: Option<i32>) -> Result<Chain, Silence> {
    let text = String::from_utf8_lossy(stdout);
    let garbled = |said: String| Silence { phase: Phase::Output, cause: Cause::Garbled(said) };
    let mut lines = text.lines().skip_while(|line| line.trim_end() != BEGIN);
    if lines.next().is_none() {
        return Err(garbled(instead(&text, stderr, exit_status)));
    }
    let (mut chain, mut open) = (Chain::default(), None::<(String, String)>);
    for line in lines {
        let is_end = line.trim_end() == END;
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        if let ("tip" | "link" | "term" | "fault", _) | (_, true) = (key, is_end) {
            keep(&mut chain, open.take());
        }
        if is_end {
            return Ok(chain);
        }
        match (key, &mut open) {
            ("tip", _) => chain.tip = Some(value).filter(|id| is_id(id)).map(str::to_owned),
            ("fault", _) => {
                let said = harmless(value, TEXT_CHARS_MAX);
                chain.fault = Some(said.strip_prefix("fatal: ").unwrap_or(&said).to_owned());
            }
            ("link", _) => link(&mut chain, value),
            ("term", open) => *open = Some((value.to_owned(), String::new())),
            (_, Some((_, json))) => *json += line,
            (_, None) => {}
        }
    }
    Err(garbled("it ended early".to_owned()))
}

fn link(chain: &mut Chain, value: &str) {
    let mut ids = value.split_whitespace().map(str::to_owned);
    let Some(id) = ids.next().filter(|id| is_id(id) && chain.links.len() < TERMS_MAX) else { return };
    chain.links.insert(id, Link { parents: ids.filter(|id| is_id(id)).collect(), record: None });
}

/// Puts a record to its commit.
fn keep(chain: &mut Chain, read: Option<(String, String)>) {
    let Some((id, json)) = read else { return };
    if let Some(link) = chain.links.get_mut(&id) {
        link.record = TermRecord::read(&json);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::term::tests::record;
    use proptest::prelude::*;

    fn id(digit: char) -> String {
        digit.to_string().repeat(40)
    }

    #[test]
    fn a_chain_is_read_with_its_records_and_its_breaks() {
        let (seven, six, closed) = (id('7'), id('6'), id('8'));
        let json = |number| record(number, "a", "e").write();
        let text = format!(
            "Welcome\nm3m-history 1\ntip {seven}\nlink {seven} {six} {closed}\nlink {six}\nlink {closed} {six}\n\
             term {seven}\n{}\nterm {six}\nnot a term\n{closed}:term.json missing\nm3m-end\nbye\n",
            json(7)
        );
        let chain = read(text.as_bytes(), b"", Some(0)).expect("a chain");
        assert_eq!(chain.tip.as_ref(), Some(&seven));
        assert_eq!(chain.links[&seven], Link { parents: vec![six.clone(), closed], record: Some(record(7, "a", "e")) });
        assert_eq!(chain.links[&six], Link::default());
    }

    #[test]
    fn faults_and_silence_are_told_apart() {
        let chain = |text: &str| read(text.as_bytes(), b"", Some(0));
        let fault = chain("m3m-history 1\nfault fatal: not a git repository\nm3m-end\n").expect("a chain");
        assert_eq!(fault.fault.as_deref(), Some("not a git repository"));
        assert_eq!(chain("m3m-history 1\nm3m-end\n"), Ok(Chain::default()));
        for text in ["", "sh: not found\n", "m3m-history 1\ntip x\n"] {
            assert!(chain(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_chain_or_a_reason(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut answer = b"m3m-history 1\n".to_vec();
            answer.extend_from_slice(&bytes);
            let _ = (read(&answer, &bytes, Some(0)), read(&bytes, &bytes, None));
        }
    }
}
