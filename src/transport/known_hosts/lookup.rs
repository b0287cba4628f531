//! What the files say of a host's key.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use russh::keys::ssh_key::certificate::CertType;
use russh::keys::ssh_key::public::KeyData;
use russh::keys::{Algorithm, Certificate, HashAlg, PublicKey};

use super::index::Index;
use super::line::{Entry, Line, Mark};
use super::seen::{Seen, looks};
use crate::model::pattern::matches;
use crate::model::shell::quote;

/// Files as read, in the order given.
#[derive(Debug, Default)]
pub(crate) struct KnownHosts {
    entries: Vec<(Place, Entry)>,
    index: Index,
    files: Vec<Seen>,
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
        let mut all = Self::default();
        for file in files {
            let mut seen = Seen::before_reading(file);
            let text = seen.more(file)?;
            all.add(file, &text, 0);
            all.files.push(seen);
        }
        Ok(all)
    }

    /// Whether the files are as they were when they were read.
    pub(crate) fn is_current(&self, files: &[PathBuf]) -> bool {
        let mut pairs = files.iter().zip(&self.files);
        self.files.len() == files.len() && pairs.all(|(file, seen)| seen.looks == looks(file))
    }

    /// Reads what has been appended since; false, and of no more use, where that is not all that has changed.
    pub(crate) fn read_on(&mut self, files: &[PathBuf]) -> Result<bool, String> {
        let mut all = std::mem::take(&mut self.files);
        for (file, seen) in files.iter().zip(&mut all) {
            let lines = seen.lines;
            if !seen.has_grown_only(file) {
                return Ok(false);
            }
            let text = seen.more(file)?;
            self.add(file, &text, lines);
        }
        self.files = all;
        Ok(self.files.len() == files.len())
    }

    fn add(&mut self, file: &Path, text: &str, before: usize) {
        for (at, line) in text.lines().enumerate() {
            let line_number = before + at + 1;
            match Line::parse(line) {
                Line::Entry(entry) => {
                    self.index.add(self.entries.len(), &entry.hosts);
                    self.entries.push((Place { file: file.to_owned(), line: line_number }, entry));
                }
                Line::Nothing => {}
                Line::Malformed(why) => {
                    tracing::warn!(file = %file.display(), line = line_number, why, "line ignored");
                }
            }
        }
    }

    /// Judges the key a host showed. All its names are looked up: a match under one is enough, but another key of the
    /// same type under any of them is a change. So is a host of which only keys of other types are known: plain ssh
    /// would call that new, and a man in the middle would only have to offer another type.
    pub(crate) fn verdict(&self, names: &[String], key: &PublicKey) -> Verdict {
        let same = |entry: &Entry| entry.key.key_data() == key.key_data();
        if let Some((place, _)) = self.about(names, Mark::Revoked).find(|(_, entry)| same(entry)) {
            return Verdict::Revoked(place.clone());
        }
        let mut known = false;
        let mut other_type = None;
        for name in names {
            let here: Vec<_> = self.about(std::slice::from_ref(name), Mark::Key).collect();
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
        [Mark::Key, Mark::Authority].into_iter().any(|mark| self.about(names, mark).next().is_some())
    }

    /// The key types known of a host, to be asked for first (as OpenSSH does, `order_hostkeyalgs`), so that the
    /// server shows the key that can be compared.
    pub(crate) fn key_types(&self, names: &[String]) -> Vec<Algorithm> {
        self.about(names, Mark::Key).map(|(_, entry)| entry.key.algorithm()).collect()
    }

    /// Whether certificates of the host can be judged.
    pub(crate) fn has_authority(&self, names: &[String]) -> bool {
        self.about(names, Mark::Authority).next().is_some()
    }

    /// Judges a certificate; nothing where its authority is not known, and its key is judged like any other. `plain`
    /// are the host's names without ports, one of which the certificate must be for. `Err` says why it is not good
    /// (`sshkey.c`, `sshkey_cert_check_host`).
    pub(crate) fn certified(
        &self,
        names: &[String],
        plain: &[String],
        shown: &Certificate,
    ) -> Result<Option<Verdict>, String> {
        let is = |key: &PublicKey, data: &KeyData| key.key_data() == data;
        let revoked = |entry: &Entry| is(&entry.key, shown.public_key()) || is(&entry.key, shown.signature_key());
        if let Some((place, _)) = self.about(names, Mark::Revoked).find(|(_, entry)| revoked(entry)) {
            return Ok(Some(Verdict::Revoked(place.clone())));
        }
        let mut authorities = self.about(names, Mark::Authority).map(|(_, entry)| &entry.key);
        let Some(authority) = authorities.find(|key| is(key, shown.signature_key())) else { return Ok(None) };
        let about = |name: &String| shown.valid_principals().iter().any(|principal| matches(principal, name));
        if shown.cert_type() != CertType::Host {
            return Err("it is a user's".to_owned());
        }
        if !plain.iter().any(about) {
            return Err(format!("it is for `{}`", shown.valid_principals().join("`, `")));
        }
        if !shown.critical_options().is_empty() {
            return Err("it has critical options, and none is known for hosts".to_owned());
        }
        match shown.validate(&[authority.fingerprint(HashAlg::Sha256)]) {
            Ok(()) => Ok(Some(Verdict::Known)),
            Err(_) => Err("it has expired, is not valid yet, or its signature is wrong".to_owned()),
        }
    }

    pub(super) fn about(&self, names: &[String], mark: Mark) -> impl Iterator<Item = &(Place, Entry)> {
        let about = |name: &String| self.index.about(name, |line| self.entries[line].1.hosts.matches(name));
        let lines: BTreeSet<usize> = names.iter().flat_map(|name| about(name).to_vec()).collect();
        lines.into_iter().map(|line| &self.entries[line]).filter(move |(_, entry)| entry.mark == mark)
    }
}

fn changed(host: &str, place: &Place) -> Verdict {
    let remedy = format!("ssh-keygen -f {} -R {}", quote(&place.file.to_string_lossy()), quote(host));
    Verdict::Changed { host: host.to_owned(), place: place.clone(), remedy }
}
