//! What the files say of a host's key.

use std::path::{Path, PathBuf};

use russh::keys::{Algorithm, PublicKey};

use super::line::{Entry, Line};
use crate::model::shell::quote;

/// Files as read, in the order given.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownHosts {
    entries: Vec<(Place, Entry)>,
}

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
}

/// What is to be thought of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Known,
    /// Nothing is known of the host.
    Unknown,
    /// Another key is known; `remedy` is the command that forgets it.
    Changed {
        host: String,
        place: Place,
        remedy: String,
    },
    Revoked(Place),
}

impl KnownHosts {
    /// Reads what there is. A file that does not exist is empty; one that cannot be read is an error, because a key
    /// that it may hold would otherwise look new.
    pub(crate) fn read(files: &[PathBuf]) -> Result<Self, String> {
        let mut entries = Vec::new();
        for file in files {
            match std::fs::read(file) {
                Ok(bytes) => parse(file, &String::from_utf8_lossy(&bytes), &mut entries),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(format!("cannot read `{}`: {error}", file.display())),
            }
        }
        Ok(Self { entries })
    }

    /// Judges the key a host showed. All its names are looked up: a match under one is enough, but another key of the
    /// same type under any of them is a change. So is a host of which only keys of other types are known: plain ssh
    /// would call that new, and a man in the middle would only have to offer another type.
    pub(crate) fn verdict(&self, names: &[String], key: &PublicKey) -> Verdict {
        let same = |entry: &Entry| entry.key.key_data() == key.key_data();
        if let Some((place, _)) = self.about(names, true).find(|(_, entry)| same(entry)) {
            return Verdict::Revoked(place.clone());
        }
        let mut known = false;
        let mut other_type = None;
        for name in names {
            let here: Vec<_> = self.about(std::slice::from_ref(name), false).collect();
            if here.iter().any(|(_, entry)| same(entry)) {
                known = true;
            } else if let Some((place, _)) = here.iter().find(|(_, e)| e.key.algorithm() == key.algorithm()) {
                return changed(name, place);
            } else if let Some((place, _)) = here.first() {
                other_type.get_or_insert_with(|| changed(name, place));
            }
        }
        if known { Verdict::Known } else { other_type.unwrap_or(Verdict::Unknown) }
    }

    /// Whether anything is known of the host: then a connection will not find its key new.
    pub(crate) fn knows(&self, names: &[String]) -> bool {
        self.about(names, false).next().is_some()
    }

    /// The key types known of a host, to be asked for first (as OpenSSH does, `order_hostkeyalgs`), so that the
    /// server shows the key that can be compared.
    pub(crate) fn key_types(&self, names: &[String]) -> Vec<Algorithm> {
        self.about(names, false).map(|(_, entry)| entry.key.algorithm()).collect()
    }

    fn about<'a>(&'a self, names: &'a [String], revoked: bool) -> impl Iterator<Item = &'a (Place, Entry)> {
        self.entries.iter().filter(move |(_, e)| e.revoked == revoked && names.iter().any(|name| e.hosts.matches(name)))
    }
}

fn changed(host: &str, place: &Place) -> Verdict {
    let remedy = format!("ssh-keygen -f {} -R {}", quote(&place.file.to_string_lossy()), quote(host));
    Verdict::Changed { host: host.to_owned(), place: place.clone(), remedy }
}

fn parse(file: &Path, text: &str, entries: &mut Vec<(Place, Entry)>) {
    for (index, line) in text.lines().enumerate() {
        match Line::parse(line) {
            Line::Entry(entry) => entries.push((Place { file: file.to_owned(), line: index + 1 }, entry)),
            Line::Nothing => {}
            Line::Malformed(why) => tracing::warn!(file = %file.display(), line = index + 1, why, "line ignored"),
        }
    }
}
