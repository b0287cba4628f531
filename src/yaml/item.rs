//! A value with its name, and what can be asked of it. Every question that has no answer adds a problem.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::yaml::{Fields, Kind, Problem, Problems, Span, Value, nearest, show, words};

/// What a value is called in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label<'a> {
    /// The whole text.
    File,
    /// The value of a key.
    Key(&'a str),
    /// One entry of the list that a key has.
    Entry(&'a str),
}

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("the file"),
            Self::Key(key) => write!(f, "`{}`", show(key)),
            Self::Entry(key) => write!(f, "an entry of `{}`", show(key)),
        }
    }
}

/// A value with its name.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// What it is called.
    pub label: Label<'a>,
    /// Where its key is written, or the value itself where it has none.
    pub at: Span,
    /// The value.
    pub value: &'a Value,
}

impl<'a> Item<'a> {
    /// The whole text.
    pub fn root(value: &'a Value) -> Self {
        Self { label: Label::File, at: value.span, value }
    }

    /// The key it is the value of; of an entry the key of the list.
    pub fn name(&self) -> &'a str {
        match self.label {
            Label::File => "",
            Label::Key(key) | Label::Entry(key) => key,
        }
    }

    /// Where the value comes from as seen by who uses it: the alias that brings it, or else the value itself.
    pub fn place(&self) -> Span {
        self.value.via.unwrap_or(self.value.span)
    }

    /// Any text, as it was written; several lines are fine.
    pub fn text(&self, problems: &mut Problems) -> Option<&'a str> {
        if let Some(text) = self.value.as_text() {
            return Some(text);
        }
        self.wrong("must be text", problems)
    }

    /// One line of text, not empty, without control characters.
    pub fn line(&self, problems: &mut Problems) -> Option<&'a str> {
        let text = self.text(problems)?;
        if text.trim().is_empty() {
            problems.push(Problem::item(self, format!("{} is empty", self.label)));
            return None;
        }
        if text.contains(char::is_control) {
            let message = format!("{} must be one line without control characters", self.label);
            problems.push(Problem::item(self, message));
            return None;
        }
        Some(text)
    }

    /// A truth: `true`, `yes`, `on`, or `false`, `no`, `off`.
    pub fn boolean(&self, problems: &mut Problems) -> Option<bool> {
        let text = self.value.as_text();
        if let Some(read) = text.and_then(words::boolean) {
            return Some(read);
        }
        self.unlike("must be `true` or `false`", &["true", "false"], problems)
    }

    /// A whole number within bounds.
    pub fn number(&self, bounds: RangeInclusive<u64>, problems: &mut Problems) -> Option<u64> {
        let text = self.value.as_text().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let read = text.and_then(|text| text.parse().ok()).filter(|number| bounds.contains(number));
        read.or_else(|| {
            let (low, high) = (bounds.start(), bounds.end());
            self.wrong(&format!("must be a whole number from {low} to {high}"), problems)
        })
    }

    /// A time of at least 1 ms and at most `longest`: `500ms`, `10s`, `2m`, `1h`.
    pub fn duration(&self, longest: Duration, problems: &mut Problems) -> Option<Duration> {
        let read = self.value.as_text().and_then(words::duration);
        let fits = read.filter(|time| !time.is_zero() && *time <= longest);
        fits.or_else(|| {
            let wanted = if read.is_some() {
                format!("must be more than 0 and at most {}s", longest.as_secs())
            } else {
                "must be a time with its unit, such as `500ms`, `10s` or `2m`".to_owned()
            };
            self.wrong(&wanted, problems)
        })
    }

    /// One of some words.
    pub fn choice<T: Copy>(&self, choices: &[(&str, T)], problems: &mut Problems) -> Option<T> {
        let text = self.value.as_text();
        if let Some((_, choice)) = choices.iter().find(|(word, _)| Some(*word) == text) {
            return Some(*choice);
        }
        let known: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        self.unlike(&format!("must be {}", words::either(known.iter().copied())), &known, problems)
    }

    /// A map. A key without a value is an empty one: its lines may be commented out.
    pub fn map(&self, problems: &mut Problems) -> Option<Fields<'a>> {
        let entries: &[_] = match &self.value.kind {
            Kind::Map(entries) => entries,
            _ if self.value.is_null() => &[],
            _ => return self.wrong("must be a map of `key: value` lines", problems),
        };
        Some(Fields { label: self.label, at: self.at, value: self.value, entries })
    }

    /// A list. A key without a value is an empty one.
    pub fn list(&self, problems: &mut Problems) -> Option<Vec<Item<'a>>> {
        let label = Label::Entry(self.name());
        match &self.value.kind {
            Kind::Seq(items) => Some(items.iter().map(|value| Item { label, at: value.span, value }).collect()),
            _ if self.value.is_null() => Some(Vec::new()),
            _ => self.wrong("must be a list: lines that begin with `- `, or `[a, b]`", problems),
        }
    }

    /// A list of lines of text; entries that are none are left out.
    pub fn lines(&self, problems: &mut Problems) -> Option<Vec<&'a str>> {
        let items = self.list(problems)?;
        Some(items.iter().filter_map(|item| item.line(problems)).collect())
    }

    fn unlike<T>(&self, wanted: &str, known: &[&str], problems: &mut Problems) -> Option<T> {
        let near = self.value.as_text().and_then(|text| nearest(text, known.iter().copied()));
        let problem = self.mismatch(wanted);
        problems.push(match near {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem,
        });
        None
    }

    fn wrong<T>(&self, wanted: &str, problems: &mut Problems) -> Option<T> {
        problems.push(self.mismatch(wanted));
        None
    }

    fn mismatch(&self, wanted: &str) -> Problem {
        if self.value.is_null() {
            return Problem::item(self, format!("{} has no value; it {wanted}", self.label));
        }
        let found = match self.value.as_text() {
            Some(text) => format!("`{}`", show(text)),
            None => self.value.word().to_owned(),
        };
        Problem::item(self, format!("{} {wanted}, not {found}", self.label))
    }
}
