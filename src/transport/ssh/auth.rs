//! Getting in, and what is said when no key will do.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::MethodKind;
use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse, Prompt};
use russh::keys::agent::AgentIdentity;
use russh::keys::{HashAlg, PrivateKeyWithHashAlg, PublicKey};

use super::agent::{Agent, Agents};
use super::gate::Gate;
use super::key_files::{KeyFile, KeyFiles, defaults};
use super::offers::{Offer, OfferedKey, Offers};
use super::own::Own;
use crate::model::Secret;
use crate::transport::api::ConnectError;
use crate::transport::password::{Password, Turn};
use crate::transport::target::Target;

/// sshd hangs up at its sixth refusal (`MaxAuthTries` 6), and what it said before is lost then.
const MOST_TRIES: usize = 5;

/// Keys of the workstation, shared by all connections.
#[derive(Default)]
pub(super) struct Keys {
    files: KeyFiles,
    agents: Agents,
}

impl Keys {
    /// Key files of a target that only a passphrase makes useful.
    pub(super) async fn locked(&self, target: &Target) -> Vec<PathBuf> {
        let agent = target.agent.as_deref().map(|socket| self.agents.at(socket));
        let agent = match &agent {
            Some(agent) => agent.identities().await.unwrap_or_default(),
            None => &[],
        };
        let has = |public: &PublicKey| agent.iter().any(|one| one.public_key().key_data() == public.key_data());
        let locked = |path: &PathBuf| match self.files.load(path) {
            KeyFile::Locked(public) => !public.is_some_and(|public| has(&public)) && KeyFiles::is_openable(path),
            _ => false,
        };
        if !target.identity_files.is_empty() {
            return target.identity_files.iter().filter(|path| locked(path)).cloned().collect();
        }
        let usual = if target.usual_keys { defaults() } else { Vec::new() };
        let open = usual.iter().any(|path| matches!(self.files.load(path), KeyFile::Private(_)));
        if open || !agent.is_empty() { Vec::new() } else { usual.into_iter().filter(locked).collect() }
    }

    pub(super) fn unlock(&self, path: &Path, passphrase: &Secret) -> bool {
        self.files.unlock(path, passphrase)
    }
}

/// The attempts on one connection.
struct Attempts<'a> {
    handle: &'a mut Handle<Gate>,
    target: &'a Target,
    agent: Option<&'a Agent>,
    tried: Vec<String>,
    problems: Vec<String>,
    allowed: String,
    /// What to sign RSA with, once asked.
    rsa_hash: Option<RsaHash>,
}

/// What the server takes RSA signatures with.
#[derive(Clone, Copy)]
enum RsaHash {
    Good(HashAlg),
    Sha1Only,
}

/// What came of one offer.
enum Answer {
    In,
    Next,
    /// There is no use in offering more.
    Enough,
}

/// Offers keys until the server is content.
/// `doubtful`: no password may be sent.
pub(super) async fn authenticate(
    handle: &mut Handle<Gate>,
    target: &Target,
    keys: &Keys,
    doubtful: bool,
) -> Result<(), ConnectError> {
    let agent = target.agent.as_deref().map(|socket| keys.agents.at(socket));
    let agent = agent.as_deref();
    let Offers { offers, problems } = Offers::gather(target, &keys.files, agent).await;
    let (tried, allowed) = (Vec::new(), "nothing more".to_owned());
    let mut attempts = Attempts { handle, target, agent, tried, problems, allowed, rsa_hash: None };
    let is_in = attempts.all(&offers).await? || attempts.by_password(doubtful).await?;
    if is_in { Ok(()) } else { Err(attempts.refused()) }
}

impl Attempts<'_> {
    /// Whether one got us in.
    async fn all(&mut self, offers: &[Offer]) -> Result<bool, ConnectError> {
        let mut again = Vec::new();
        for offer in offers {
            let mut hash = None;
            if offer.is_rsa() {
                let RsaHash::Good(good) = self.rsa_hash().await? else {
                    let label = &offer.label;
                    self.problems.push(format!("{label}: the server takes RSA with SHA-1 only, which is broken"));
                    continue;
                };
                hash = Some(good);
            }
            match self.offer(offer, hash).await? {
                Answer::In => return Ok(true),
                Answer::Next => {}
                Answer::Enough => return Ok(false),
            }
            if hash == Some(HashAlg::Sha512) {
                again.push(offer);
            }
        }
        // sshd 9.2 announces hashes that its `PubkeyAcceptedAlgorithms` then refuses; last, as tries are few.
        for offer in again.into_iter().take(self.most_tries().saturating_sub(self.tried.len())) {
            if matches!(self.offer(offer, Some(HashAlg::Sha256)).await?, Answer::In) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Two are kept for a password.
    fn most_tries(&self) -> usize {
        if self.target.login_password.is_some() { MOST_TRIES - 2 } else { MOST_TRIES }
    }

    /// With the password that was given, if one was: as such, or as the answer to what the server asks and hides.
    async fn by_password(&mut self, doubtful: bool) -> Result<bool, ConnectError> {
        let (user, target) = (self.target.user.clone(), self.target);
        let Some(password) = target.login_password.as_deref() else { return Ok(false) };
        if doubtful || !target.passwords {
            let why = if doubtful { "its host key has changed" } else { "`PasswordAuthentication no`" };
            self.problems.push(format!("no password is sent: {why}"));
            return Ok(false);
        }
        let AuthResult::Failure { remaining_methods: allowed, .. } =
            self.handle.authenticate_none(&user).await.map_err(|error| self.broken(&error))?
        else {
            return Ok(true);
        };
        self.allowed = methods(&allowed);
        if allowed.contains(&MethodKind::Password) {
            let Some(turn) = self.turn(password).await else { return Ok(false) };
            self.tried.push("the password".to_owned());
            let answer = self.handle.authenticate_password(&user, turn.reveal()).await;
            // Not a second time by the other way: accounts are locked for less.
            return match answer.map_err(|error| self.broken(&error))? {
                AuthResult::Success => Ok(self.told(turn, true)),
                AuthResult::Failure { partial_success: true, .. } => {
                    self.problems.push("the password was accepted, but is not enough".to_owned());
                    Ok(false)
                }
                AuthResult::Failure { .. } => Ok(self.told(turn, false)),
            };
        }
        if allowed.contains(&MethodKind::KeyboardInteractive) {
            let Some(turn) = self.turn(password).await else { return Ok(false) };
            self.tried.push("the password (keyboard-interactive)".to_owned());
            let taken = self.by_answers(&user, turn.reveal()).await?;
            return Ok(self.told(turn, taken));
        }
        self.problems.push(format!("the server takes no password, but {}", self.allowed));
        Ok(false)
    }

    async fn turn<'p>(&mut self, password: &'p Password) -> Option<Turn<'p>> {
        let turn = password.turn().await.map_err(|node| {
            format!("the password was refused by {node} and not sent to others, as accounts are locked for less")
        });
        turn.map_err(|problem| self.problems.push(problem)).ok()
    }

    fn told(&self, turn: Turn<'_>, taken: bool) -> bool {
        if taken {
            turn.taken();
        } else {
            turn.refused(self.target.name.as_str());
        }
        taken
    }

    async fn by_answers(&mut self, user: &str, password: &str) -> Result<bool, ConnectError> {
        let mut answer = self.handle.authenticate_keyboard_interactive_start(user, None).await;
        for _ in 0..MOST_TRIES {
            let responses = match answer.map_err(|error| self.broken(&error))? {
                KeyboardInteractiveAuthResponse::Success => return Ok(true),
                KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                    let hidden = |prompt: &Prompt| if prompt.echo { String::new() } else { password.to_owned() };
                    prompts.iter().map(hidden).collect()
                }
            };
            answer = self.handle.authenticate_keyboard_interactive_respond(responses).await;
        }
        Ok(false)
    }

    async fn offer(&mut self, offer: &Offer, hash: Option<HashAlg>) -> Result<Answer, ConnectError> {
        if self.tried.len() >= self.most_tries() {
            self.problems.push("other keys were kept back: name the right one as `identity_file`".to_owned());
            return Ok(Answer::Enough);
        }
        self.tried.push(offer.label.clone());
        match self.send(offer, hash).await? {
            Ok(AuthResult::Success) => return Ok(Answer::In),
            Ok(AuthResult::Failure { remaining_methods, partial_success }) => {
                self.allowed = methods(&remaining_methods);
                if partial_success {
                    self.problems.push(format!("{} was accepted, but is not enough", offer.label));
                }
                if partial_success || !remaining_methods.contains(&MethodKind::PublicKey) {
                    return Ok(Answer::Enough);
                }
            }
            Err(problem) => self.problems.push(format!("{}: {problem}", offer.label)),
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
            OfferedKey::Certified(key, certificate) => {
                let certificate = certificate.as_ref().clone();
                let answer = self.handle.authenticate_certificate_with(user, certificate, hash, &mut Own(key)).await;
                return self.signed(answer);
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
        self.signed(answer)
    }

    fn signed(
        &self,
        answer: Result<AuthResult, russh::AgentAuthError>,
    ) -> Result<Result<AuthResult, String>, ConnectError> {
        match answer {
            Ok(answer) => Ok(Ok(answer)),
            Err(russh::AgentAuthError::Key(error)) => Ok(Err(format!("it did not sign ({error})"))),
            Err(error @ russh::AgentAuthError::Send(_)) => Err(self.broken(&error)),
        }
    }

    /// As the server says (`server-sig-algs`, RFC 8308); one that does not say gets SHA-512.
    async fn rsa_hash(&mut self) -> Result<RsaHash, ConnectError> {
        if let Some(known) = self.rsa_hash {
            return Ok(known);
        }
        let best = self.handle.best_supported_rsa_hash().await.map_err(|error| self.broken(&error))?;
        let hash = best.unwrap_or(Some(HashAlg::Sha512)).map_or(RsaHash::Sha1Only, RsaHash::Good);
        self.rsa_hash = Some(hash);
        Ok(hash)
    }

    fn broken(&self, error: &dyn std::fmt::Display) -> ConnectError {
        let cause = format!("connection lost during authentication ({error})");
        ConnectError::Handshake { address: self.target.address(), cause }
    }

    fn refused(&self) -> ConnectError {
        let problems = &self.problems;
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
