//! What is wrong with a text, and where.

use std::fmt;

use crate::yaml::{Item, Key, Source, Span, Value};

/// More than this many are counted, not kept: nobody reads on.
const MOST: usize = 100;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Works, but not as one may think.
    Warning,
    /// Cannot be used.
    Error,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Where; `None` where it is about the file as a whole.
    pub span: Option<Span>,
    /// A lowercase fragment, literals in backticks.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Other places that belong to it, with a few words on each.
    pub also: Vec<(Span, String)>,
}

impl Problem {
    /// A problem with the file as a whole.
    pub fn file(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, span: None, message: message.into(), help: None, also: Vec::new() }
    }

    /// A problem at a place.
    pub fn at(span: Span, message: impl Into<String>) -> Self {
        Self { span: Some(span), ..Self::file(message) }
    }

    /// A problem with a value, shown also where an alias uses it.
    pub fn of(value: &Value, message: impl Into<String>) -> Self {
        Self::at(value.span, message).through(value.via)
    }

    /// A problem with a key.
    pub fn key(key: &Key, message: impl Into<String>) -> Self {
        Self::at(key.span, message).through(key.via)
    }

    /// A problem with the value of an item, or with its key where there is no value to point at.
    pub fn item(item: &Item<'_>, message: impl Into<String>) -> Self {
        if item.value.is_null() {
            Self::at(item.at, message).through(item.value.via)
        } else {
            Self::of(item.value, message)
        }
    }

    /// Says what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Points at another place too.
    #[must_use]
    pub fn also(mut self, span: Span, words: impl Into<String>) -> Self {
        self.also.push((span, words.into()));
        self
    }

    /// Makes it a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    fn through(self, via: Option<Span>) -> Self {
        match via {
            Some(alias) => self.also(alias, "used here"),
            None => self,
        }
    }
}

/// All that is wrong with one text. Readers push into it and go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// The text.
    pub source: Source,
    /// In the order in which they were found, at most 100.
    pub list: Vec<Problem>,
    /// How many more there were.
    pub more: usize,
}

impl Problems {
    /// None yet.
    pub fn new(source: Source) -> Self {
        Self { source, list: Vec::new(), more: 0 }
    }

    /// One, and no more.
    pub fn one(source: Source, problem: Problem) -> Self {
        Self { source, list: vec![problem], more: 0 }
    }

    /// Adds one, unless the same was said of the same place: an anchor that is used twice is wrong once.
    pub fn push(&mut self, problem: Problem) {
        let known = |old: &Problem| old.span.is_some() && old.span == problem.span && old.message == problem.message;
        if self.list.iter().any(known) {
            return;
        }
        if self.list.len() < MOST {
            self.list.push(problem);
        } else {
            self.more += 1;
        }
    }

    /// Adds all of another reader.
    pub fn extend(&mut self, others: Self) {
        self.more += others.more;
        others.list.into_iter().for_each(|problem| self.push(problem));
    }

    /// Is there one that is not a warning?
    pub fn failed(&self) -> bool {
        self.errors() > 0
    }

    /// How many are not warnings: where a reader has added none, what it read is sound.
    pub fn errors(&self) -> usize {
        self.more + self.list.iter().filter(|problem| problem.severity == Severity::Error).count()
    }

    /// Sorts them by their place in the text.
    pub fn sort(&mut self) {
        self.list.sort_by_key(|problem| problem.span);
    }

    /// Line and column of a problem, both from 1, the column in characters.
    pub fn position(&self, problem: &Problem) -> Option<(usize, usize)> {
        problem.span.map(|span| self.source.position(span.start))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}
