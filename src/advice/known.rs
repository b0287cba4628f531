//! Finding a message in the table.

use crate::advice::{KNOWN, Known};

/// What a message means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The entry that it is.
    pub known: &'static Known,
    /// Why it is said, in a lowercase sentence without a full stop.
    pub means: String,
    /// What to do next, with the names of the message where it has them.
    pub next: String,
}

/// Of a line or a whole screen: the first entry of the table that is found in any line of it.
pub fn of(text: &str) -> Option<Advice> {
    let lines: Vec<&str> = text.lines().collect();
    KNOWN.iter().find_map(|known| {
        let names = lines.iter().find_map(|line| captures(known.pattern, line))?;
        Some(Advice { known, means: filled(known.means, &names), next: filled(known.next, &names) })
    })
}

/// Entries that share the most words with a message that none of them is; the best first.
pub fn nearest(text: &str) -> Vec<&'static Known> {
    let words = words(text);
    let shared = |known: &Known| self::words(known.example).iter().filter(|word| words.contains(word)).count();
    let mut found: Vec<_> =
        KNOWN.iter().map(|known| (shared(known), known)).filter(|(shared, _)| *shared > 1).collect();
    found.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    found.into_iter().map(|(_, known)| known).take(3).collect()
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 3);
    words.map(str::to_lowercase).collect()
}

// The literal pieces of the pattern in their order; what lies between two of them goes by the name in braces.
fn captures<'a>(pattern: &'static str, line: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let mut names = Vec::new();
    let mut pieces = pattern.split('{');
    let first = pieces.next()?;
    let mut rest = &line[line.find(first)? + first.len()..];
    for piece in pieces {
        let (name, literal) = piece.split_once('}')?;
        let value = if literal.is_empty() {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (value, left) = rest.split_at(end);
            rest = left;
            value
        } else {
            let at = rest.find(literal)?;
            let value = &rest[..at];
            rest = &rest[at + literal.len()..];
            value
        };
        if value.trim().is_empty() {
            return None;
        }
        // At the beginning, everything before it is taken: the message's own introduction.
        let value = if first.is_empty() && names.is_empty() { value.split_whitespace().last()? } else { value };
        names.push((name, value.trim().trim_end_matches(['.', ',', ':', '\'', '"'])));
    }
    Some(names)
}

fn filled(text: &str, names: &[(&str, &str)]) -> String {
    names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}
