//! Text from nodes is data: before a person sees it, nothing in it may move a cursor, ring a bell or hide itself.

/// The text as one line that a terminal may show: escape sequences are removed, other control characters and
/// direction overrides become spaces, and more than `chars_max` characters end in `…`.
#[must_use]
pub fn harmless(text: &str, chars_max: usize) -> String {
    let mut plain = plain(text);
    let mut shown: String = plain.by_ref().take(chars_max).map(|c| if c == '\t' { ' ' } else { c }).collect();
    if plain.next().is_some() {
        shown.push('…');
    }
    shown.trim().to_owned()
}

/// The lines of a text as a terminal may show them: as [`harmless`], but of any length, with their tabs and blanks. A
/// carriage return begins a new line: nothing is written over.
pub fn harmless_lines(text: &str) -> impl Iterator<Item = String> {
    // Escape sequences are looked for in each line alone: one without an end hides no line but its own.
    let lines = text.split_terminator('\n');
    let lines = lines.flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'));
    lines.map(|line| plain(line).collect())
}

/// The characters of a text without escape sequences, with a blank for other control characters but tabs.
fn plain(text: &str) -> impl Iterator<Item = char> {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        loop {
            match chars.next()? {
                '\u{1b}' => skip_escape(&mut chars),
                '\t' => return Some('\t'),
                c => return Some(if c.is_control() || is_direction(c) { ' ' } else { c }),
            }
        }
    })
}

/// The most names that a sentence lists.
const NAMES_MAX: usize = 10;

/// Names in a sentence: all of them, or the first few and how many more there are.
#[must_use]
pub fn listed(names: &[&str]) -> String {
    match names.len().checked_sub(NAMES_MAX) {
        // One more name is no longer than the word that there is one.
        None | Some(0 | 1) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..NAMES_MAX].join(", ")),
    }
}

/// Skips what follows an ESC (ECMA-48): a control sequence up to its final byte, a string up to its terminator, or
/// one character.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        Some('[') => while chars.next().is_some_and(|c| !('\u{40}'..='\u{7e}').contains(&c)) {},
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' || c == '\u{9c}' {
                    break;
                }
                if c == '\u{1b}' {
                    chars.next_if_eq(&'\\');
                    break;
                }
            }
        }
        // An intermediate byte announces one more character, as in the choice of a character set.
        Some(' '..='/') => drop(chars.next()),
        _ => {}
    }
}

/// Characters that turn the direction of the text around them: they can make a line read as something else.
pub(super) fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_are_removed() {
        for (text, shown) in [
            ("plain", "plain"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]8;;http://x\u{1b}\\link", "link"),
            ("\u{1b}(Bset", "set"),
            ("two\nlines\tand\rmore", "two lines and more"),
            ("over\u{202e}ride", "over ride"),
            ("cut\u{1b}[", "cut"),
        ] {
            assert_eq!(harmless(text, 80), shown, "{text:?}");
        }
        assert_eq!(harmless("abcdef", 3), "abc…");
    }

    #[test]
    fn lines_stay_lines() {
        let lines = |text: &str| harmless_lines(text).collect::<Vec<_>>();
        assert_eq!(lines("a\tb\n\n  c\r\nd"), ["a\tb", "", "  c", "d"]);
        assert_eq!(lines("50%\r100%\n"), ["50%", "100%"]);
        assert_eq!(lines("\u{1b}]0;no end\nnext\u{8}\u{9b}2J\n"), ["", "next  2J"]);
        assert!(lines("").is_empty());
        assert_eq!(lines("\n"), [""]);
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (1..=100).map(|number| format!("n{number}")).collect();
        let listed = |count: usize| listed(&names[..count].iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((listed(0), listed(2)), (String::new(), "n1, n2".to_owned()));
        assert!(listed(11).ends_with("n10, n11") && listed(100).ends_with("n10 and 90 more"), "{}", listed(11));
    }

    proptest! {
        #[test]
        fn no_line_holds_what_a_terminal_obeys(text in any::<String>()) {
            for line in harmless_lines(&text) {
                prop_assert!(!line.chars().any(|c| (c.is_control() && c != '\t') || is_direction(c)));
            }
        }

        #[test]
        fn nothing_that_a_terminal_obeys_remains(text in any::<String>()) {
            let shown = harmless(&text, 200);
            prop_assert!(!shown.chars().any(|c| c.is_control() || is_direction(c)));
            prop_assert!(shown.chars().count() <= 201);
        }
    }
}
