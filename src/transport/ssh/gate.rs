//! What russh calls back: the host key's judge, and the one who hears that the connection is over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::client::{DisconnectReason, Handle, Handler};
use russh::keys::{PublicKey, PublicKeyOrCertificate};
use tokio::sync::watch;

use super::host_keys::HostKeys;
use crate::transport::api::ConnectError;
use crate::transport::target::Target;

/// Handed to russh for one connection.
pub(super) struct Gate {
    pub(super) target: Arc<Target>,
    pub(super) host_keys: Arc<HostKeys>,
    /// The key the server showed, whatever came of it.
    pub(super) shown: Arc<OnceLock<PublicKey>>,
    /// Set where the key is not the one that is known, and taken all the same.
    pub(super) doubtful: Arc<AtomicBool>,
    /// Why the connection is over, once it is.
    pub(super) over: watch::Sender<Option<String>>,
}

/// A connection whose server is who it should be.
pub(super) struct Handshaken {
    pub(super) handle: Handle<Gate>,
    pub(super) over: watch::Receiver<Option<String>>,
    /// Another key is known of it: nothing that is secret may be sent.
    pub(super) doubtful: bool,
    /// How long it took to get there: a round trip, and more where others are busy, too.
    pub(super) way: Duration,
}

/// Why a handshake came to nothing.
#[derive(Debug)]
pub(super) enum GateError {
    Russh(russh::Error),
    Denied(ConnectError),
}

impl From<russh::Error> for GateError {
    fn from(error: russh::Error) -> Self {
        Self::Russh(error)
    }
}

impl std::fmt::Display for GateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Russh(russh::Error::Disconnect | russh::Error::HUP) => f.write_str("closed by the server"),
            Self::Russh(russh::Error::KeepaliveTimeout) => f.write_str("the server went silent"),
            Self::Russh(error) => error.fmt(f),
            Self::Denied(error) => error.fmt(f),
        }
    }
}

impl Handler for Gate {
    type Error = GateError;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, GateError> {
        let _ = self.shown.set(shown.public_key());
        let shown = match shown.certificate() {
            Some(certificate) => PublicKeyOrCertificate::Certificate(certificate.clone()),
            None if self.host_keys.takes(&self.target, &shown.public_key()) => return Ok(true),
            None => shown.public_key().into(),
        };
        let (target, host_keys) = (Arc::clone(&self.target), Arc::clone(&self.host_keys));
        // Files are read and locked: not on a thread that others' packets wait for.
        match tokio::task::spawn_blocking(move || host_keys.check(&target, &shown)).await {
            Ok(verdict) => {
                self.doubtful.store(verdict.map_err(GateError::Denied)?, Ordering::Relaxed);
                Ok(true)
            }
            Err(error) => Err(GateError::Denied(ConnectError::Local(format!("checking the host key failed: {error}")))),
        }
    }

    async fn auth_banner(&mut self, banner: &str, _: &mut russh::client::Session) -> Result<(), GateError> {
        tracing::debug!(node = %self.target.name, banner, "the server says");
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<GateError>) -> Result<(), GateError> {
        let why = match reason {
            DisconnectReason::ReceivedDisconnect(said) => format!("the server says `{}`", said.message.trim()),
            DisconnectReason::Error(error) => error.to_string(),
        };
        self.over.send_replace(Some(why));
        Ok(())
    }
}
