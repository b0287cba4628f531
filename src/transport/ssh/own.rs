//! A key file as its own agent.

use russh::keys::agent::AgentIdentity;
use russh::keys::ssh_encoding::Encode as _;
use russh::keys::ssh_key::{self, private::KeypairData};
use russh::keys::{HashAlg, PrivateKey};
use russh::{AgentAuthError, Signer};
use signature::Signer as _;

/// Signs for a certificate. By itself russh would sign with SHA-1 for that of an RSA key, which no server takes.
pub(super) struct Own<'a>(pub(super) &'a PrivateKey);

impl Signer for Own<'_> {
    type Error = AgentAuthError;

    /// What is signed, with the signature behind it.
    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        hash: Option<HashAlg>,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, AgentAuthError> {
        sign(self.0, hash, data).map_err(|error| AgentAuthError::Key(error.into()))
    }
}

fn sign(key: &PrivateKey, hash: Option<HashAlg>, mut data: Vec<u8>) -> Result<Vec<u8>, ssh_key::Error> {
    let signed: ssh_key::Signature = match key.key_data() {
        KeypairData::Rsa(rsa) => (rsa, hash).try_sign(&data)?,
        other => other.try_sign(&data)?,
    };
    signed.encode_prefixed(&mut data)?;
    Ok(data)
}
