//! The agents that hold keys for us.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use russh::keys::HashAlg;
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::{AgentAuthError, Signer};
use tokio::net::UnixStream;
use tokio::sync::{Mutex, OnceCell};

/// An agent that does not answer for this long does not work. Signing is not bounded: a person may have to touch a
/// token or confirm; the server's patience and the authentication timeout bound it.
const ANSWER: Duration = Duration::from_secs(5);

/// One connection to an agent for the whole fleet. It serves one request at a time anyway, so ours wait in line here
/// instead of being refused by its backlog.
pub(super) struct Agent {
    socket: PathBuf,
    client: Mutex<Option<AgentClient<UnixStream>>>,
    identities: OnceCell<Result<Vec<AgentIdentity>, String>>,
}

/// The agents in use, each by its socket.
#[derive(Default)]
pub(super) struct Agents(std::sync::Mutex<HashMap<PathBuf, Arc<Agent>>>);

impl Agents {
    pub(super) fn at(&self, socket: &Path) -> Arc<Agent> {
        let mut agents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(agents.entry(socket.to_owned()).or_insert_with(|| Arc::new(Agent::at(socket.to_owned()))))
    }
}

impl Agent {
    fn at(socket: PathBuf) -> Self {
        Self { socket, client: Mutex::new(None), identities: OnceCell::new() }
    }

    /// Its keys, asked for once. An error is for people.
    pub(super) async fn identities(&self) -> Result<&[AgentIdentity], String> {
        let identities = self.identities.get_or_init(|| async {
            let asking = async {
                let mut client = AgentClient::connect_uds(&self.socket).await?;
                let identities = client.request_identities().await?;
                *self.client.lock().await = Some(client);
                Ok::<_, russh::keys::Error>(identities)
            };
            let said = match tokio::time::timeout(ANSWER, asking).await {
                Ok(Ok(identities)) => return Ok(identities),
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("no answer within {ANSWER:?}"),
            };
            Err(format!("the agent at `{}` is of no use: {said}", self.socket.display()))
        });
        identities.await.as_deref().map_err(Clone::clone)
    }

    async fn sign(
        &self,
        key: &AgentIdentity,
        hash: Option<HashAlg>,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, russh::keys::Error> {
        let mut client = self.client.lock().await;
        // Taken out: when this future is dropped half way, the connection with half a request goes with it.
        let mut asked = match client.take() {
            Some(asked) => asked,
            None => AgentClient::connect_uds(&self.socket).await?,
        };
        let signed = asked.sign_request(key, hash, data).await;
        if matches!(signed, Ok(_) | Err(russh::keys::Error::AgentFailure)) {
            *client = Some(asked);
        }
        signed
    }
}

impl Signer for &Agent {
    type Error = AgentAuthError;

    async fn auth_sign(
        &mut self,
        key: &AgentIdentity,
        hash: Option<HashAlg>,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, AgentAuthError> {
        Ok(self.sign(key, hash, data).await?)
    }
}
