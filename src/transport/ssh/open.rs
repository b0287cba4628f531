//! Opening connections.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use futures::{FutureExt as _, TryFutureExt as _};
use russh::client::{Config, connect_stream};
use russh::keys::{Algorithm, PublicKey};
use russh::{ChannelOpenFailure, Preferred, SshId};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::algorithms::preferred;
use super::auth::{Keys, authenticate};
use super::dial::{Dial, Pipe, Said, Tcp, by_command};
use super::gate::{Gate, GateError, Handshaken};
use super::hops::{Hop, Hops};
use super::host_keys::{HostKeys, UnknownHostKey, accept, fingerprint};
use super::ramp::{Ramp, backoff};
use super::session::SshSession;
use crate::model::{NodeName, Secret};
use crate::transport::api::{ConnectError, Session, Transport};
use crate::transport::target::{HostKeyChecking, Limits, NewKeys, Target, Via};

/// The transport over russh.
pub struct RusshTransport {
    targets: HashMap<NodeName, Arc<Target>>,
    limits: Arc<Limits>,
    dial: Arc<dyn Dial>,
    keys: Keys,
    host_keys: Arc<HostKeys>,
    ramp: Ramp,
    hops: Hops,
}

/// As long as a round trip may well take.
const FAR: Duration = Duration::from_millis(100);

/// Why one attempt came to nothing.
enum Failed {
    /// Closed by the server before it showed its key, as with a full `MaxStartups`. Nothing has been done yet, so it
    /// may be tried again.
    Busy(String),
    /// The jump host gives no more channels over this connection.
    Full(Arc<Hop>, ConnectError),
    /// For good.
    Final(ConnectError),
}

impl RusshTransport {
    /// Over TCP.
    pub fn new(targets: Vec<Target>, limits: Limits) -> Self {
        Self::with_dial(targets, limits, Arc::new(Tcp))
    }

    /// Over whatever `dial` opens.
    pub fn with_dial(targets: Vec<Target>, limits: Limits, dial: Arc<dyn Dial>) -> Self {
        Self {
            targets: targets.into_iter().map(|target| (target.name.clone(), Arc::new(target))).collect(),
            ramp: Ramp::new(limits.ramp, limits.forks),
            limits: Arc::new(limits),
            dial,
            keys: Keys::default(),
            host_keys: Arc::default(),
            hops: Hops::default(),
        }
    }

    /// The keys of all hosts with the policy [`HostKeyChecking::Ask`] of which nothing is known, for a person to look
    /// at, in the order of the nodes' names; servers on the way among them, and what lies behind one that is not known
    /// yet only after that is. Goes as far as the key exchange, in parallel, and only for these. A host that does not
    /// answer is left out; [`connect`](Transport::connect) will say why.
    pub async fn unknown_host_keys(&self) -> Result<Vec<UnknownHostKey>, ConnectError> {
        let mut asked = Vec::new();
        for target in self.all().filter(|target| target.host_key_checking == HostKeyChecking::Ask) {
            if !self.host_keys.knows(target)? {
                asked.push(target);
            }
        }
        asked.sort_by(|a, b| a.name.cmp(&b.name));
        asked.dedup_by(|a, b| a.name == b.name && a.address() == b.address());
        Ok(join_all(asked.into_iter().map(|target| self.look(target))).await.into_iter().flatten().collect())
    }

    /// Key files under a passphrase that somebody should be asked for before any work: those that are named and that the
    /// agent does not have, and the usual ones where there is nothing else to offer.
    pub async fn locked_keys(&self) -> BTreeSet<PathBuf> {
        let mut locked = BTreeSet::new();
        for target in self.all() {
            locked.extend(self.keys.locked(target).await);
        }
        locked
    }

    /// Opens such a key file for all connections; false where the passphrase is not the right one.
    pub fn unlock(&self, file: &Path, passphrase: &Secret) -> bool {
        self.keys.unlock(file, passphrase)
    }

    /// The nodes and what lies on the way to them.
    fn all(&self) -> impl Iterator<Item = &Arc<Target>> {
        self.targets.values().flat_map(|target| std::iter::successors(Some(target), |target| target.hop()))
    }

    /// Writes down keys that somebody has vouched for; [`connect`](Transport::connect) finds them.
    pub fn accept(&self, keys: &[UnknownHostKey]) -> Result<(), ConnectError> {
        accept(keys)
    }

    async fn look(&self, target: &Arc<Target>) -> Option<UnknownHostKey> {
        let shown = Arc::new(OnceLock::new());
        // The policy is `Ask` and the key unknown: this ends with an error, and with the key in `shown`.
        let _ = self.opened(target, &shown).await;
        let key = shown.get()?.clone();
        Some(UnknownHostKey {
            node: target.name.clone(),
            host: target.lookup_names().into_iter().next()?,
            fingerprint: fingerprint(&key),
            key_type: key.algorithm().as_str().to_owned(),
            file: target.known_hosts.first().filter(|_| target.new_keys != NewKeys::Forgotten).cloned(),
            hash: target.new_keys == NewKeys::Hashed,
            key,
        })
    }

    async fn open(&self, node: &NodeName) -> Result<Box<dyn Session>, ConnectError> {
        let target = self
            .targets
            .get(node)
            .ok_or_else(|| ConnectError::Local(format!("no settings for a node named `{node}`")))?;
        let Handshaken { handle, over, doubtful, way } = self.arrive(target).await?;
        let target =
            if doubtful { Arc::new(Target { sudo_password: None, ..(**target).clone() }) } else { Arc::clone(target) };
        Ok(Box::new(SshSession::new((handle, way), over, target, Arc::clone(&self.limits))))
    }

    /// Up to being logged in; by way of others, which arrive the same way.
    fn arrive<'a>(&'a self, target: &'a Arc<Target>) -> BoxFuture<'a, Result<Handshaken, ConnectError>> {
        async move {
            let Handshaken { mut handle, over, doubtful, way } = self.opened(target, &Arc::default()).await?;
            let patience = self.limits.auth_timeout;
            timeout(patience, authenticate(&mut handle, target, &self.keys, doubtful)).await.map_err(|_| {
                let cause = format!("authentication took more than {patience:?}");
                ConnectError::Handshake { address: target.address(), cause }
            })??;
            self.ramp.succeeded();
            Ok(Handshaken { handle, over, doubtful, way })
        }
        .boxed()
    }

    /// Up to the key exchange, with a place in the ramp and the tries that a busy server needs.
    async fn opened(&self, target: &Arc<Target>, shown: &Arc<OnceLock<PublicKey>>) -> Result<Handshaken, ConnectError> {
        let mut attempt = 0;
        let mut full = None;
        loop {
            // Before a place in the ramp is taken: whoever holds one must not wait for somebody else to get one.
            let hop = match target.hop() {
                Some(hop) => Some(self.hops.get(hop, full.as_ref(), || self.arrive(hop)).await?),
                None => None,
            };
            let place = self.ramp.enter().await;
            let cause = match self.handshake(target, hop.as_ref(), shown).await {
                Ok(handshaken) => return Ok(handshaken),
                Err(Failed::Final(error)) => return Err(error),
                Err(Failed::Busy(cause)) => cause,
                Err(Failed::Full(hop, error)) => {
                    full = Some((hop, error));
                    continue;
                }
            };
            drop(place);
            attempt += 1;
            if attempt > self.limits.retries {
                let cause = format!("{cause}, {attempt} times; is its `MaxStartups` full?");
                return Err(ConnectError::Handshake { address: target.address(), cause });
            }
            tracing::debug!(node = %target.name, attempt, cause, "trying again");
            tokio::time::sleep(backoff(attempt)).await;
        }
    }

    async fn handshake(
        &self,
        target: &Arc<Target>,
        hop: Option<&Arc<Hop>>,
        shown: &Arc<OnceLock<PublicKey>>,
    ) -> Result<Handshaken, Failed> {
        let left = Instant::now();
        let (pipe, said) = match hop {
            Some(hop) => (through(hop, target).await?, None),
            None => self.dialled(target).await.map_err(Failed::Final)?,
        };
        // Of a command it is not known.
        let way = if said.is_some() { FAR } else { left.elapsed() };
        let config = Arc::new(self.config(target).map_err(Failed::Final)?);
        let (sender, over) = watch::channel(None);
        let doubtful = Arc::new(AtomicBool::new(false));
        let gate = Gate {
            target: Arc::clone(target),
            host_keys: Arc::clone(&self.host_keys),
            shown: Arc::clone(shown),
            doubtful: Arc::clone(&doubtful),
            over: sender,
        };
        let patience = self.limits.handshake_timeout;
        let cause = match timeout(patience, connect_stream(config, pipe, gate)).await {
            Ok(Ok(handle)) => return Ok(Handshaken { handle, over, doubtful: doubtful.load(Ordering::Relaxed), way }),
            Ok(Err(GateError::Denied(error))) => return Err(Failed::Final(error)),
            Ok(Err(error)) if shown.get().is_none() && is_hang_up(&error) => {
                if let (Via::Command(command), Some(said)) = (&target.via, said) {
                    let why = match said.last_words().await {
                        words if words.is_empty() => ": run it by hand".to_owned(),
                        words => format!(", and said: {words}"),
                    };
                    let cause = format!("`ProxyCommand {command}` ended before the server showed itself{why}");
                    return Err(Failed::Final(ConnectError::Handshake { address: target.address(), cause }));
                }
                return Err(Failed::Busy("the server closed the connection before its banner".to_owned()));
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it took more than {patience:?}"),
        };
        Err(Failed::Final(ConnectError::Handshake { address: target.address(), cause }))
    }

    async fn dialled(&self, target: &Target) -> Result<(Pipe, Option<Said>), ConnectError> {
        let unreachable = |cause| ConnectError::Unreachable { address: target.address(), cause };
        let dialling = async {
            match &target.via {
                Via::Command(command) => by_command(command).map(|(pipe, said)| (pipe, Some(said))),
                _ => self.dial.dial(target).await.map(|pipe| (pipe, None)),
            }
        };
        timeout(target.connect_timeout, dialling)
            .await
            .map_err(|_| unreachable(format!("timed out after {:?}", target.connect_timeout)))?
            .map_err(|error| unreachable(in_few_words(&error)))
    }

    fn config(&self, target: &Target) -> Result<Config, ConnectError> {
        let key = key_order(&self.host_keys.key_types(target)?);
        let (read, write) = (self.limits.rekey_bytes, self.limits.rekey_bytes);
        Ok(Config {
            client_id: SshId::Standard(concat!("SSH-2.0-bricklayer_", env!("CARGO_PKG_VERSION")).into()),
            limits: russh::Limits::new(write, read, Duration::from_secs(3600)),
            preferred: preferred(target, key, self.host_keys.has_authority(target)?)?,
            keepalive_interval: Some(target.keepalive_interval.unwrap_or(self.limits.keepalive_interval))
                .filter(|interval| !interval.is_zero()),
            keepalive_max: target.keepalive_max.unwrap_or(self.limits.keepalive_max),
            nodelay: true,
            ..Config::default()
        })
    }
}

/// A channel of the connection to another server.
async fn through(hop: &Arc<Hop>, target: &Target) -> Result<Pipe, Failed> {
    let by = target.hop().map(|hop| hop.address()).unwrap_or_default();
    let behind =
        |cause: &str| ConnectError::Unreachable { address: target.address(), cause: format!("{cause}, through {by}") };
    let opening = hop.handle.channel_open_direct_tcpip(target.host.clone(), u32::from(target.port), "127.0.0.1", 0);
    let error = match hop.channel(timeout(target.connect_timeout, opening)).await {
        Ok(Ok(channel)) => return Ok(Box::new(channel.into_stream())),
        Ok(Err(russh::Error::ChannelOpenFailure(ChannelOpenFailure::ResourceShortage))) => {
            return Err(Failed::Full(Arc::clone(hop), behind("the server there gives no channel to it")));
        }
        Ok(Err(russh::Error::ChannelOpenFailure(ChannelOpenFailure::AdministrativelyProhibited))) => {
            behind("the server there forbids it (`AllowTcpForwarding`)")
        }
        Ok(Err(russh::Error::ChannelOpenFailure(_))) => behind("it cannot be reached from there"),
        Ok(Err(error)) => behind(&error.to_string()),
        Err(_) => behind(&format!("timed out after {:?}", target.connect_timeout)),
    };
    Err(Failed::Final(error))
}

impl Transport for RusshTransport {
    fn connect<'a>(&'a self, node: &'a NodeName) -> BoxFuture<'a, Result<Box<dyn Session>, ConnectError>> {
        self.open(node).inspect_err(move |error| tracing::debug!(%node, %error, "not connected")).boxed()
    }
}

/// The types known of the host first, so that the server shows a key that can be compared; then as russh prefers.
/// RSA with SHA-1 is left out, as OpenSSH has since 8.8.
fn key_order(known: &[Algorithm]) -> Vec<Algorithm> {
    let offered = || Preferred::DEFAULT.key.iter().filter(|key| **key != Algorithm::Rsa { hash: None }).cloned();
    let is_known = |key: &Algorithm| known.iter().any(|known| without_hash(known) == without_hash(key));
    let (first, rest): (Vec<_>, Vec<_>) = offered().partition(is_known);
    first.into_iter().chain(rest).collect()
}

fn without_hash(key: &Algorithm) -> Algorithm {
    if key.clone().is_rsa() { Algorithm::Rsa { hash: None } } else { key.clone() }
}

fn is_hang_up(error: &GateError) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    match error {
        GateError::Russh(russh::Error::Disconnect | russh::Error::HUP | russh::Error::SendError) => true,
        GateError::Russh(russh::Error::IO(error)) => {
            matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
        }
        _ => false,
    }
}

fn in_few_words(error: &std::io::Error) -> String {
    use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut};
    match error.kind() {
        ConnectionRefused => "connection refused; is sshd running there?".to_owned(),
        HostUnreachable | NetworkUnreachable => "no route to it".to_owned(),
        TimedOut => "timed out".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use russh::keys::HashAlg;

    use super::*;

    #[test]
    fn known_key_types_are_asked_for_first() {
        let order = key_order(&[Algorithm::Rsa { hash: None }]);
        let hashes = [HashAlg::Sha512, HashAlg::Sha256].map(|hash| Algorithm::Rsa { hash: Some(hash) });
        assert_eq!(order[..2], hashes);
        assert_eq!(order[2], Algorithm::Ed25519);
        assert!(!order.contains(&Algorithm::Rsa { hash: None }));
        assert_eq!(key_order(&[]).len(), order.len());
    }
}
