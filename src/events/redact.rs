//! Keeping secrets out of events.

use std::borrow::Cow;

use crate::events::Failure;
use crate::model::{Secret, shell};

const MASK: &str = "***";

/// Lines of a secret of several lines (a private key) that are shorter say nothing, and would mask much else.
const SHORTEST_LINE: usize = 4;

/// Replaces known secrets by `***`. Used where an event is made, so that no teller ever sees one.
///
/// It is given whole lines: a secret that was cut in two is not found, so redact first and shorten after.
#[derive(Clone, Default)]
pub struct Redactor {
    needles: Vec<String>,
}

impl Redactor {
    /// Knows these secrets: as they are, as `sh -x` would print them, and line by line where they have several.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut needles = Vec::new();
        for text in secrets.into_iter().map(Secret::reveal).filter(|text| !text.is_empty()) {
            needles.extend([text.to_owned(), shell::quote(text)]);
            if text.contains('\n') {
                needles.extend(text.lines().map(str::trim).filter(|l| l.len() >= SHORTEST_LINE).map(str::to_owned));
            }
        }
        needles.sort_unstable();
        needles.dedup();
        Self { needles }
    }

    /// The text without secrets. Secrets that overlap in it are masked as one.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut hits: Vec<(usize, usize)> = self.needles.iter().flat_map(|needle| places(text, needle)).collect();
        if hits.is_empty() {
            return Cow::Borrowed(text);
        }
        hits.sort_unstable();
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for (start, end) in hits {
            if start >= done {
                out.push_str(&text[done..start]);
                out.push_str(MASK);
            }
            done = done.max(end);
        }
        out.push_str(&text[done..]);
        Cow::Owned(out)
    }

    /// Bytes without secrets: as they are where there is none in them.
    pub fn bytes<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        if self.needles.is_empty() {
            return Cow::Borrowed(bytes);
        }
        match self.redact(&String::from_utf8_lossy(bytes)) {
            Cow::Borrowed(_) => Cow::Borrowed(bytes),
            Cow::Owned(clean) => Cow::Owned(clean.into_bytes()),
        }
    }

    /// The failure without secrets.
    pub fn failure(&self, failure: &Failure) -> Failure {
        let clean = |text: &str| self.redact(text).into_owned();
        Failure {
            what: clean(&failure.what),
            command: clean(&failure.command),
            stderr: clean(&failure.stderr),
            remedy: clean(&failure.remedy),
            kind: failure.kind,
            code: failure.code,
        }
    }
}

/// Where the needle is, overlaps with itself included.
fn places<'t>(text: &'t str, needle: &'t str) -> impl Iterator<Item = (usize, usize)> + 't {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text.get(from..)?.find(needle)?;
        from = start + text[start..].chars().next().map_or(1, char::len_utf8);
        Some((start, start + needle.len()))
    })
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} secrets)", self.needles.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        Redactor::new(&secrets.iter().map(|text| Secret::new((*text).to_owned())).collect::<Vec<_>>())
    }

    #[test]
    fn secrets_are_masked_in_every_dress() {
        let table: &[(&[&str], &str, &str)] = &[
            (&["hunter2"], "password hunter2 is wrong", "password *** is wrong"),
            (&["hunter2"], "hunter2hunter2", "******"),
            (&["it's"], "+ mysql -p 'it'\\''s'", "+ mysql -p ***"),
            (&["abc", "bcd"], "xabcdx", "x***x"),
            (&["aa"], "baaab", "b***b"),
            (&["abc", "abcdef"], "abcdef abc", "*** ***"),
            (&["ключ"], "x=ключ", "x=***"),
            (&["-----BEGIN\nMIIEow\n}\n"], "key: MIIEow }", "key: *** }"),
            (&["''"], "''", "***"),
            (&[""], "nothing '' to hide", "nothing '' to hide"),
            (&[], "nothing to hide", "nothing to hide"),
        ];
        for (secrets, text, clean) in table {
            assert_eq!(redactor(secrets).redact(text), *clean, "{secrets:?}");
        }
    }

    #[test]
    fn bytes_stay_what_they_are_where_no_secret_is_in_them() {
        let redactor = redactor(&["hunter2"]);
        assert_eq!(*redactor.bytes(b"\xff no text"), *b"\xff no text");
        assert_eq!(*redactor.bytes(b"\xff hunter2\n"), *"\u{fffd} ***\n".as_bytes());
    }

    #[test]
    fn failures_are_masked_whole_and_debug_shows_no_secret() {
        let redactor = redactor(&["hunter2"]);
        let failure = Failure {
            kind: crate::events::FailureKind::Step,
            what: "`hunter2` was refused".into(),
            command: "sudo hunter2".into(),
            code: Some(1),
            stderr: "hunter2\nno".into(),
            remedy: "do not use hunter2".into(),
        };
        let text = format!("{:?} {redactor:?}", redactor.failure(&failure));
        assert!(!text.contains("hunter2"), "{text}");
    }

    proptest::proptest! {
        #[test]
        fn no_secret_of_some_length_survives(secrets in proptest::collection::vec("[ab'é]{2,5}", 1..4), text in "[ab'é ]{0,40}") {
            let redactor = redactor(&secrets.iter().map(String::as_str).collect::<Vec<_>>());
            let clean = redactor.redact(&text);
            for secret in &secrets {
                proptest::prop_assert!(!clean.contains(secret.as_str()), "{secret} in {clean}");
            }
        }
    }
}
