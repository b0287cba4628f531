//! Host keys of the whole fleet: judged, shown, accepted.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use russh::keys::{Algorithm, HashAlg, PublicKey, PublicKeyOrCertificate};

use crate::model::NodeName;
use crate::model::shell::quote;
use crate::transport::api::ConnectError;
use crate::transport::known_hosts::{KnownHosts, Verdict, append, revoked};
use crate::transport::target::{HostKeyChecking, NewKeys, Target, Via};

/// A key that nobody has vouched for yet.
#[derive(Clone, Debug)]
pub struct UnknownHostKey {
    /// The node that showed it.
    pub node: NodeName,
    /// As `known_hosts` will name it: `name` or `[name]:port`.
    pub host: String,
    /// `SHA256:...`, as ssh prints it.
    pub fingerprint: String,
    /// `ssh-ed25519` and so on.
    pub key_type: String,
    pub(super) key: PublicKey,
    pub(super) file: Option<PathBuf>,
    pub(super) hash: bool,
}

/// `known_hosts` files, each set read once, and again when a key seems new and they have changed.
#[derive(Default)]
pub(super) struct HostKeys(Mutex<HashMap<Vec<PathBuf>, Arc<KnownHosts>>>);

impl HostKeys {
    fn known(&self, files: &[PathBuf], again: bool) -> Result<Arc<KnownHosts>, ConnectError> {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cache.get_mut(files) {
            // Somebody else may still look into it: then it is read as a whole, into another.
            let read_on = |known: &mut Arc<KnownHosts>| Arc::get_mut(known).map(|known| known.read_on(files));
            if !again
                || known.is_current(files)
                || read_on(known).transpose().map_err(ConnectError::Local)? == Some(true)
            {
                return Ok(Arc::clone(known));
            }
        }
        let known = Arc::new(KnownHosts::read(files).map_err(ConnectError::Local)?);
        cache.insert(files.to_owned(), Arc::clone(&known));
        Ok(known)
    }

    /// Whether a key, no certificate, is taken by what has been read already. False says nothing:
    /// [`check`](Self::check) does, with files to be read.
    pub(super) fn takes(&self, target: &Target, key: &PublicKey) -> bool {
        let known = self.known(&target.known_hosts, false).ok().filter(|_| target.revoked.is_none());
        known.is_some_and(|known| match known.verdict(&target.lookup_names(), key) {
            Verdict::Known => true,
            Verdict::Unknown => target.host_key_checking == HostKeyChecking::Off,
            Verdict::Changed { .. } | Verdict::Revoked(_) => false,
        })
    }

    /// Key types to ask for first.
    pub(super) fn key_types(&self, target: &Target) -> Result<Vec<Algorithm>, ConnectError> {
        Ok(self.known(&target.known_hosts, false)?.key_types(&target.lookup_names()))
    }

    /// Whether to ask for a certificate.
    pub(super) fn has_authority(&self, target: &Target) -> Result<bool, ConnectError> {
        Ok(self.known(&target.known_hosts, false)?.has_authority(&target.lookup_names()))
    }

    /// Whether a connection would not find the key new.
    pub(super) fn knows(&self, target: &Target) -> Result<bool, ConnectError> {
        Ok(self.known(&target.known_hosts, true)?.knows(&target.lookup_names()))
    }

    /// Judges a key as the target's policy wants, and writes a new one down where it says so.
    /// True where it is taken though another one is known: then nothing that is secret may be sent.
    pub(super) fn check(&self, target: &Target, shown: &PublicKeyOrCertificate) -> Result<bool, ConnectError> {
        let names = target.lookup_names();
        if let Some(file) = &target.revoked
            && let Some(place) = revoked(file, shown).map_err(ConnectError::Local)?
        {
            let (host, found) = (names.into_iter().next().unwrap_or_default(), fingerprint(&shown.public_key()));
            return Err(ConnectError::HostKeyRevoked { host, found, place });
        }
        let known = self.known(&target.known_hosts, false)?;
        let certified = match shown.certificate() {
            Some(shown) => known.certified(&names, &target.plain_names(), shown),
            None => Ok(None),
        };
        let key = &shown.public_key();
        let certified = certified.map_err(|why| ConnectError::Handshake {
            address: target.address(),
            cause: format!("its host certificate is not good: {why}"),
        })?;
        let mut verdict = certified.unwrap_or_else(|| known.verdict(&names, key));
        let policy = target.host_key_checking;
        if verdict == Verdict::Unknown && policy != HostKeyChecking::Off {
            // Somebody (we, for another node, or `ssh`) may have written it down since.
            drop(known);
            verdict = self.known(&target.known_hosts, true)?.verdict(&names, key);
        }
        let found = fingerprint(key);
        let host = names.into_iter().next().unwrap_or_default();
        match verdict {
            Verdict::Revoked(place) => Err(ConnectError::HostKeyRevoked {
                host,
                found,
                place: format!("{}:{}", display(&place.file), place.line),
            }),
            Verdict::Known => Ok(false),
            Verdict::Changed { .. } if policy == HostKeyChecking::Off => Ok(true),
            Verdict::Unknown if policy == HostKeyChecking::Off => Ok(false),
            Verdict::Changed { host, place, remedy } => {
                let (file, line) = (display(&place.file), place.line);
                Err(ConnectError::HostKeyChanged { host, found, file, line, remedy })
            }
            Verdict::Unknown if policy == HostKeyChecking::AcceptNew && target.new_keys == NewKeys::Forgotten => {
                Ok(false)
            }
            Verdict::Unknown if policy == HostKeyChecking::AcceptNew => {
                write(target.known_hosts.first(), host, key, target.new_keys == NewKeys::Hashed).map(|()| false)
            }
            Verdict::Unknown => Err(ConnectError::HostKeyUnknown { host, found, remedy: scan(target) }),
        }
    }
}

/// `ssh-keyscan` prints its lines under the name it was asked for, as we look it up; it goes by no jump host, so that it is
/// run there.
fn scan(target: &Target) -> String {
    let name = quote(target.host_key_names.first().unwrap_or(&target.host));
    let port = if target.port == 22 { String::new() } else { format!("-p {} ", target.port) };
    let file = target.known_hosts.first().map_or_else(|| "~/.ssh/known_hosts".to_owned(), |file| quote(&display(file)));
    let alias = target.host_key_alias.as_ref().map(|alias| format!(" | awk '{{$1={alias:?}}}1'")).unwrap_or_default();
    match &target.via {
        Via::Direct => format!("ssh-keyscan {port}{name}{alias} >> {file}"),
        Via::Jump(hop) => format!("ssh {}ssh-keyscan {port}{name}{alias} >> {file}", words(hop)),
        Via::Command(_) => format!("ssh {name} true"),
    }
}

// What reaches a server, for `ssh`.
fn words(hop: &Target) -> String {
    let mut way = Vec::new();
    let mut before = hop.hop();
    while let Some(one) = before {
        way.insert(0, format!("{}@{}", one.user, one.address()));
        before = one.hop();
    }
    let jump = if way.is_empty() { String::new() } else { format!("-J {} ", quote(&way.join(","))) };
    let port = if hop.port == 22 { String::new() } else { format!("-p {} ", hop.port) };
    format!("{jump}{port}{} ", quote(&format!("{}@{}", hop.user, hop.host)))
}

/// Writes keys down that somebody has vouched for.
pub(super) fn accept(keys: &[UnknownHostKey]) -> Result<(), ConnectError> {
    keys.iter()
        .filter(|key| key.file.is_some())
        .try_for_each(|key| write(key.file.as_ref(), key.host.clone(), &key.key, key.hash))
}

fn write(file: Option<&PathBuf>, host: String, key: &PublicKey, hash: bool) -> Result<(), ConnectError> {
    let Some(file) = file else {
        return Err(ConnectError::Local(format!("no `known_hosts` file to write the key of `{host}` to")));
    };
    append(file, &[(host, key.clone())], hash)
        .map_err(|error| ConnectError::Local(format!("cannot write to `{}`: {error}", file.display())))
}

pub(super) fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

fn display(file: &std::path::Path) -> String {
    file.display().to_string()
}
