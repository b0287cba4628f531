//! The tree.

use crate::yaml::Span;

/// A node of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// What it is.
    pub kind: Kind,
    /// Where it is written. Of a block it is the first key or dash.
    pub span: Span,
    /// The `*alias` through which it came here, if it did.
    pub via: Option<Span>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text; what it means (a number, a truth, nothing) is for the reader to say.
    Scalar {
        /// After unescaping.
        text: String,
        /// Written without quotes, not as a block.
        plain: bool,
    },
    /// A list.
    Seq(Vec<Value>),
    /// Keys with values, in the order of the file; every key once, merge keys resolved.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Value,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// After unescaping.
    pub text: String,
    /// Where it is written.
    pub span: Span,
    /// The `*alias` through which it came here, if it did.
    pub via: Option<Span>,
}

impl Value {
    /// Nothing: an empty file, a key without a value, `~`, `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// The value of a key, where this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|entry| entry.key.text == key),
            _ => None,
        }
    }

    /// What it is, in a word for people.
    pub fn word(&self) -> &'static str {
        match &self.kind {
            _ if self.is_null() => "empty",
            Kind::Scalar { .. } => "text",
            Kind::Seq(_) => "a list",
            Kind::Map(_) => "a map of keys",
        }
    }

    /// How many nodes it has, and how deep it goes.
    pub(crate) fn measure(&self) -> (usize, usize) {
        let join = |(nodes, depth): (usize, usize), value: &Self| {
            let (more, deep) = value.measure();
            (nodes + more, depth.max(deep + 1))
        };
        match &self.kind {
            Kind::Scalar { .. } => (1, 1),
            Kind::Seq(items) => items.iter().fold((1, 1), join),
            Kind::Map(entries) => entries.iter().map(|entry| &entry.value).fold((1, 1), join),
        }
    }

    /// Marks it, and all below it, as come through an alias.
    pub(crate) fn set_via(&mut self, alias: Span) {
        self.via = Some(alias);
        match &mut self.kind {
            Kind::Scalar { .. } => {}
            Kind::Seq(items) => items.iter_mut().for_each(|item| item.set_via(alias)),
            Kind::Map(entries) => {
                for entry in entries {
                    entry.key.via = Some(alias);
                    entry.value.set_via(alias);
                }
            }
        }
    }
}
