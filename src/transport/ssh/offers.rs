//! Which keys are offered, and in which order.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::keys::agent::AgentIdentity;
use russh::keys::{Certificate, PrivateKey, PublicKey};

use super::agent::Agent;
use super::host_keys::fingerprint;
use super::key_files::{KeyFile, KeyFiles, defaults};
use crate::transport::target::Target;

/// Where OpenSSH looks for the certificate of a key: `KEY-cert.pub`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-cert.pub");
    PathBuf::from(name)
}

/// A key to be offered.
pub(super) struct Offer {
    /// For people: where it comes from.
    pub(super) label: String,
    pub(super) key: OfferedKey,
}

pub(super) enum OfferedKey {
    File(Arc<PrivateKey>),
    Certified(Arc<PrivateKey>, Box<Certificate>),
    Agent(Box<AgentIdentity>),
}

/// What can be offered, and why other things cannot.
#[derive(Default)]
pub(super) struct Offers {
    pub(super) offers: Vec<Offer>,
    pub(super) problems: Vec<String>,
}

impl Offers {
    /// Keys named for this target come first, so that a full agent does not use up the tries. Otherwise, as with
    /// OpenSSH, the agent's keys come before the default files.
    pub(super) async fn gather(target: &Target, files: &KeyFiles, agent: Option<&Agent>) -> Self {
        let mut all = Self::default();
        let agent = match agent {
            Some(agent) => agent.identities().await,
            None => Ok([].as_slice()),
        };
        let agent = agent.unwrap_or_else(|problem| {
            all.problems.push(problem);
            &[]
        });
        for path in &target.identity_files {
            all.add_certified(path, target, files);
            all.add_file(path, files.load(path), agent);
        }
        if !target.identities_only {
            for identity in agent {
                all.add_identity(identity);
            }
        }
        if target.identity_files.is_empty() && target.usual_keys {
            for path in defaults() {
                match files.load(&path) {
                    KeyFile::Missing => {}
                    file => {
                        all.add_certified(&path, target, files);
                        all.add_file(&path, file, agent);
                    }
                }
            }
        }
        all
    }

    // A key with a certificate is offered with it first: of those named, and of the one beside the file.
    fn add_certified(&mut self, path: &Path, target: &Target, files: &KeyFiles) {
        let KeyFile::Private(key) = files.load(path) else { return };
        for file in target.certificate_files.iter().chain([&beside(path)]) {
            let Some(certificate) = files.certificate(file) else { continue };
            if certificate.public_key() == key.public_key().key_data() {
                let label = format!("`{}`", file.display());
                self.offers.push(Offer { label, key: OfferedKey::Certified(Arc::clone(&key), Box::new(certificate)) });
            }
        }
    }

    fn add_file(&mut self, path: &Path, file: KeyFile, agent: &[AgentIdentity]) {
        let path = path.display();
        let public = match file {
            KeyFile::Private(key) => {
                if !self.has(key.public_key(), false) {
                    self.offers.push(Offer { label: format!("`{path}`"), key: OfferedKey::File(key) });
                }
                return;
            }
            KeyFile::Missing => return self.problems.push(format!("`{path}` does not exist")),
            KeyFile::Unusable(problem) => return self.problems.push(problem),
            KeyFile::Locked(public) => public,
            KeyFile::Public(public) => Some(public),
        };
        let in_agent = public
            .and_then(|public| agent.iter().find(|identity| identity.public_key().key_data() == public.key_data()));
        match in_agent {
            Some(identity) => self.add_identity(identity),
            None => self.problems.push(format!(
                "`{path}` needs a passphrase or the agent: unlock it for this session with `ssh-add {path}`"
            )),
        }
    }

    fn add_identity(&mut self, identity: &AgentIdentity) {
        let certified = matches!(identity, AgentIdentity::Certificate { .. });
        if self.has(&identity.public_key(), certified) {
            return;
        }
        let comment = identity.comment();
        let name = if comment.is_empty() { fingerprint(&identity.public_key()) } else { comment.into() };
        self.offers
            .push(Offer { label: format!("agent key `{name}`"), key: OfferedKey::Agent(Box::new(identity.clone())) });
    }

    fn has(&self, public: &PublicKey, certified: bool) -> bool {
        let same = |offer: &Offer| offer.public().key_data() == public.key_data() && offer.certified() == certified;
        self.offers.iter().any(same)
    }
}

impl Offer {
    pub(super) fn is_rsa(&self) -> bool {
        self.public().algorithm().is_rsa()
    }

    fn certified(&self) -> bool {
        match &self.key {
            OfferedKey::File(_) => false,
            OfferedKey::Certified(..) => true,
            OfferedKey::Agent(identity) => matches!(**identity, AgentIdentity::Certificate { .. }),
        }
    }

    fn public(&self) -> PublicKey {
        match &self.key {
            OfferedKey::File(key) | OfferedKey::Certified(key, _) => key.public_key().clone(),
            OfferedKey::Agent(identity) => identity.public_key().into_owned(),
        }
    }
}
