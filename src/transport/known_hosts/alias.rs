//! What to tell `ssh`, which looks a host key up under one name, so that it finds what we find under two.

use super::line::{Entry, Mark};
use super::lookup::{KnownHosts, Place};
use crate::transport::api::ConnectError;
use crate::transport::target::{HostKeyChecking, Target};

/// The `HostKeyAlias` with which `ssh` takes no other keys of this target than we do; nothing where it looks in the right
/// place by itself. `Err` where no one name will do: what is known under one contradicts the other.
pub fn host_key_alias(target: &Target) -> Result<Option<String>, ConnectError> {
    let names = target.lookup_names();
    // One name is one that it finds too: in its configuration.
    let [first, _, ..] = &names[..] else { return Ok(None) };
    let files = KnownHosts::read(&target.known_hosts).map_err(ConnectError::Local)?;
    match files.best(&names) {
        Best::Name(best) => Ok(Some(best.clone()).filter(|best| best != first)),
        Best::Unknown => Ok(files.authority(target)),
        Best::Contradiction(..) if target.host_key_checking == HostKeyChecking::Off => Ok(None),
        Best::Contradiction(one, other) => Err(contradiction(&names, &one, &other)),
    }
}

enum Best<'a> {
    /// Every key that is known under it is one that we would take.
    Name(&'a String),
    /// No key is known under any.
    Unknown,
    /// Of no name that can be said.
    Contradiction(Place, Place),
}

impl KnownHosts {
    // Of those that do, the one under which most types are known, and of these the first.
    fn best<'a>(&self, names: &'a [String]) -> Best<'a> {
        let (mut best, mut wrong) = (None, None);
        for name in names {
            let here: Vec<_> = self.about(std::slice::from_ref(name), Mark::Key).collect();
            let bad = here.iter().find_map(|(place, entry)| Some((place.clone(), self.against(names, entry)?)));
            if bad.is_some() {
                wrong = wrong.or(bad);
            } else if here.len() > best.map_or(0, |(_, count)| count) {
                best = Some((name, here.len()));
            }
        }
        match (best, wrong) {
            (Some((name, _)), _) => Best::Name(name),
            (None, Some((one, other))) => Best::Contradiction(one, other),
            (None, None) => Best::Unknown,
        }
    }

    // What speaks against a known key: it is revoked, or another one of its type is known under another name.
    fn against(&self, names: &[String], entry: &Entry) -> Option<Place> {
        let same = |other: &Entry| other.key.key_data() == entry.key.key_data();
        let revoked = self.about(names, Mark::Revoked).find(|(_, other)| same(other));
        let changed = || {
            names.iter().find_map(|name| {
                let here: Vec<_> = self.about(std::slice::from_ref(name), Mark::Key).collect();
                let other = here.iter().find(|(_, other)| other.key.algorithm() == entry.key.algorithm());
                if here.iter().any(|(_, other)| same(other)) { None } else { other.copied() }
            })
        };
        revoked.or_else(changed).map(|(place, _)| place.clone())
    }

    // A certificate is for a name, rarely for an address; and `ssh` compares it with the alias as it is, so without a
    // port.
    fn authority(&self, target: &Target) -> Option<String> {
        let name = target.plain_names().pop()?;
        self.about(std::slice::from_ref(&name), Mark::Authority).next().map(|_| name.clone())
    }
}

fn contradiction(names: &[String], one: &Place, other: &Place) -> ConnectError {
    let at = |place: &Place| format!("{}:{}", place.file.display(), place.line);
    ConnectError::Local(format!(
        "the host keys known as {} contradict each other: {} and {}; find out which one is right, and delete the other",
        names.join(" and "),
        at(one),
        at(other)
    ))
}
