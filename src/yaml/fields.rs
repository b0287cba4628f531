//! A map with its name.

use crate::yaml::{Entry, Item, Label, Problem, Problems, Span, Value, nearest, show, words};

/// The fields of a map.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    /// What the map is called.
    pub label: Label<'a>,
    /// Where its key is written, or the map itself where it has none.
    pub at: Span,
    /// The map.
    pub value: &'a Value,
    pub(crate) entries: &'a [Entry],
}

impl<'a> Fields<'a> {
    /// A field, if it is there.
    pub fn get(&self, key: &str) -> Option<Item<'a>> {
        self.entries.iter().find(|entry| entry.key.text == key).map(item)
    }

    /// A field that must be there. Where a misspelt key was refused by [`Self::only`] before, that is enough said.
    pub fn required(&self, key: &str, problems: &mut Problems) -> Option<Item<'a>> {
        let found = self.get(key);
        let misspelt = |entry: &Entry| {
            nearest(&entry.key.text, [key]).is_some()
                && problems.list.iter().any(|problem| problem.span == Some(entry.key.span))
        };
        if found.is_none() && !self.entries.iter().any(misspelt) {
            let message = format!("{} has no `{key}`", self.label);
            problems.push(Problem::at(self.at, message).help(format!("add `{key}:`")));
        }
        found
    }

    /// All fields, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = Item<'a>> + use<'a> {
        self.entries.iter().map(item)
    }

    /// Makes a problem of every field that is not known here.
    pub fn only(&self, known: &[&str], problems: &mut Problems) {
        self.refuse(known, None, problems);
    }

    /// The same, but a key with this prefix is the author's own.
    pub fn only_or_own(&self, known: &[&str], prefix: &str, problems: &mut Problems) {
        self.refuse(known, Some(prefix), problems);
    }

    fn refuse(&self, known: &[&str], own: Option<&str>, problems: &mut Problems) {
        let is_own = |key: &str| own.is_some_and(|prefix| key.starts_with(prefix));
        for entry in self.entries {
            let key = entry.key.text.as_str();
            if !known.contains(&key) && !is_own(key) {
                problems.push(self.unknown(entry, known, own));
            }
        }
    }

    fn unknown(&self, entry: &Entry, known: &[&str], own: Option<&str>) -> Problem {
        let key = &entry.key.text;
        let place = match self.label {
            Label::File => "at the top of the file".to_owned(),
            label => format!("in {label}"),
        };
        let mut help = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("what can stand here: {}", words::either(known.iter().copied())),
        };
        if let Some(prefix) = own {
            help = format!("{help}; a key of your own begins with `{prefix}`");
        }
        Problem::key(&entry.key, format!("unknown key `{}` {place}", show(key))).help(help)
    }
}

fn item(entry: &Entry) -> Item<'_> {
    Item { label: Label::Key(&entry.key.text), at: entry.key.span, value: &entry.value }
}
