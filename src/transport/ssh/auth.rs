//! Getting in: which keys are offered, in which order, and what is said when none will do.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::MethodKind;
use russh::client::{AuthResult, Handle};
use russh::keys::agent::AgentIdentity;
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey};

use super::agent::{Agent, Agents};
use super::gate::Gate;
use super::key_files::{KeyFile, KeyFiles, defaults};
use crate::transport::api::ConnectError;
use crate::transport::target::Target;

/// sshd hangs up at its sixth refusal (`MaxAuthTries` 6), and what it said before is lost then.
const MOST_TRIES: usize = 5;

/// Keys of the workstation, shared by all connections.
pub(super) struct Keys {
    pub(super) files: KeyFiles,
    pub(super) agents: Agents,
}

/// A key to be offered.
struct Offer {
    /// For people: where it comes from.
    label: String,
    key: OfferedKey,
}

enum OfferedKey {
    File(Arc<PrivateKey>),
    Agent(Box<AgentIdentity>),
}

/// What can be offered, and why other things cannot.
#[derive(Default)]
struct Offers {
    offers: Vec<Offer>,
    problems: Vec<String>,
}

impl Offers {
    /// Keys named for this target come first, so that a full agent does not use up the tries. Otherwise, as with
    /// OpenSSH, the agent's keys come before the default files.
    async fn gather(target: &Target, files: &KeyFiles, agent: Option<&Agent>) -> Self {
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
            all.add_file(path, files.load(path), agent);
        }
        for identity in agent {
            all.add_identity(identity);
        }
        if target.identity_files.is_empty() {
            for path in defaults() {
                match files.load(&path) {
                    KeyFile::Missing => {}
                    file => all.add_file(&path, file, agent),
                }
            }
        }
        all
    }

    fn add_file(&mut self, path: &Path, file: KeyFile, agent: &[AgentIdentity]) {
        let path = path.display();
        let public = match file {
            KeyFile::Private(key) => {
                if !self.has(key.public_key()) {
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
        if self.has(&identity.public_key()) {
            return;
        }
        let comment = identity.comment();
        let name =
            if comment.is_empty() { super::host_keys::fingerprint(&identity.public_key()) } else { comment.into() };
        self.offers
            .push(Offer { label: format!("agent key `{name}`"), key: OfferedKey::Agent(Box::new(identity.clone())) });
    }

    fn has(&self, public: &PublicKey) -> bool {
        self.offers.iter().any(|offer| offer.public().key_data() == public.key_data())
    }
}

impl Offer {
    fn public(&self) -> PublicKey {
        match &self.key {
            OfferedKey::File(key) => key.public_key().clone(),
            OfferedKey::Agent(identity) => identity.public_key().into_owned(),
        }
    }
}

/// The attempts on one connection.
struct Attempts<'a> {
    handle: &'a mut Handle<Gate>,
    target: &'a Target,
    agent: Option<&'a Agent>,
    tried: Vec<String>,
    allowed: String,
    /// The hashes to sign RSA with, once asked.
    rsa_hashes: Option<Vec<HashAlg>>,
}

/// What came of one offer.
enum Answer {
    In,
    Next,
    /// There is no use in offering more.
    Enough,
}

/// Offers keys until the server is content.
pub(super) async fn authenticate(handle: &mut Handle<Gate>, target: &Target, keys: &Keys) -> Result<(), ConnectError> {
    let agent = target.agent.as_deref().map(|socket| keys.agents.at(socket));
    let agent = agent.as_deref();
    let Offers { offers, mut problems } = Offers::gather(target, &keys.files, agent).await;
    let mut attempts =
        Attempts { handle, target, agent, tried: Vec::new(), allowed: "nothing more".into(), rsa_hashes: None };
    for offer in &offers {
        if attempts.tried.len() >= MOST_TRIES {
            problems.push("other keys were kept back: name the right one as `identity_file`".to_owned());
            break;
        }
        match attempts.offer(offer, &mut problems).await? {
            Answer::In => return Ok(()),
            Answer::Next => {}
            Answer::Enough => break,
        }
    }
    Err(attempts.refused(&problems))
}

impl Attempts<'_> {
    async fn offer(&mut self, offer: &Offer, problems: &mut Vec<String>) -> Result<Answer, ConnectError> {
        let hashes = if offer.public().algorithm().is_rsa() {
            self.rsa_hashes().await?.iter().copied().map(Some).collect()
        } else {
            vec![None]
        };
        if hashes.is_empty() {
            problems.push(format!("{}: the server takes RSA with SHA-1 only, which is broken", offer.label));
        }
        for hash in hashes {
            if self.tried.len() >= MOST_TRIES {
                break;
            }
            self.tried.push(offer.label.clone());
            match self.send(offer, hash).await? {
                Ok(AuthResult::Success) => return Ok(Answer::In),
                Ok(AuthResult::Failure { remaining_methods, partial_success }) => {
                    self.allowed = methods(&remaining_methods);
                    if partial_success {
                        problems.push(format!("{} was accepted, but is not enough", offer.label));
                        return Ok(Answer::Enough);
                    }
                    if !remaining_methods.contains(&MethodKind::PublicKey) {
                        return Ok(Answer::Enough);
                    }
                }
                Err(problem) => problems.push(format!("{}: {problem}", offer.label)),
            }
        }
        Ok(Answer::Next)
    }

    /// The outer error ends it all, the inner one is the agent's alone.
    async fn send(&mut self, offer: &Offer, hash: Option<HashAlg>) -> Result<Result<AuthResult, String>, ConnectError> {
        let user = self.target.user.clone();
        let identity = match &offer.key {
            OfferedKey::File(key) => {
                let key = PrivateKeyWithHashAlg::new(Arc::clone(key), hash);
                return self.handle.authenticate_publickey(user, key).await.map(Ok).map_err(|e| self.broken(&e));
            }
            OfferedKey::Agent(identity) => identity.as_ref().clone(),
        };
        let Some(mut agent) = self.agent else { return Ok(Err("its agent is gone".to_owned())) };
        let answer = match identity {
            AgentIdentity::PublicKey { key, .. } => {
                self.handle.authenticate_publickey_with(user, key, hash, &mut agent).await
            }
            AgentIdentity::Certificate { certificate, .. } => {
                self.handle.authenticate_certificate_with(user, certificate, hash, &mut agent).await
            }
        };
        match answer {
            Ok(answer) => Ok(Ok(answer)),
            Err(russh::AgentAuthError::Key(error)) => Ok(Err(format!("the agent did not sign ({error})"))),
            Err(error @ russh::AgentAuthError::Send(_)) => Err(self.broken(&error)),
        }
    }

    /// SHA-512 before SHA-256, as the server says (`server-sig-algs`, RFC 8308); a server that does not say is tried.
    async fn rsa_hashes(&mut self) -> Result<&[HashAlg], ConnectError> {
        if self.rsa_hashes.is_none() {
            let hashes = match self.handle.best_supported_rsa_hash().await {
                Ok(Some(Some(hash))) => vec![hash],
                Ok(Some(None)) => Vec::new(),
                Ok(None) => vec![HashAlg::Sha512, HashAlg::Sha256],
                Err(error) => return Err(self.broken(&error)),
            };
            self.rsa_hashes = Some(hashes);
        }
        Ok(self.rsa_hashes.as_deref().unwrap_or_default())
    }

    fn broken(&self, error: &dyn std::fmt::Display) -> ConnectError {
        let cause = format!("connection lost during authentication ({error})");
        ConnectError::Handshake { address: self.target.address(), cause }
    }

    fn refused(&self, problems: &[String]) -> ConnectError {
        let (user, address) = (self.target.user.clone(), self.target.address());
        if self.tried.is_empty() {
            let why =
                if problems.is_empty() { nothing_to_offer(&self.target.identity_files) } else { problems.join("; ") };
            return ConnectError::Local(format!("no key to offer to {user}@{address}: {why}"));
        }
        let mut tried = self.tried.join(", ");
        if !problems.is_empty() {
            let _ = write!(tried, " ({})", problems.join("; "));
        }
        ConnectError::Refused { user, address, tried, allowed: self.allowed.clone() }
    }
}

fn nothing_to_offer(named: &[PathBuf]) -> String {
    if named.is_empty() {
        "no `~/.ssh/id_ed25519`, `id_ecdsa` or `id_rsa`, and no agent with keys; name a key as `identity_file`"
            .to_owned()
    } else {
        "the named key files hold none".to_owned()
    }
}

fn methods(methods: &[MethodKind]) -> String {
    let names: Vec<&str> = methods.iter().map(Into::into).collect();
    if names.is_empty() { "nothing more".to_owned() } else { names.join(", ") }
}
