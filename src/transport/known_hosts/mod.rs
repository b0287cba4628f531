//! `known_hosts`, read and written as OpenSSH does (`sshd(8)`, section `SSH_KNOWN_HOSTS FILE FORMAT`).
//!
//! russh's own helper looks at the first matching line only (Eugeny/russh#301) and knows no markers.

mod alias;
mod append;
mod index;
mod line;
mod lookup;
mod revoked;
mod seen;
#[cfg(test)]
mod tests;

pub use alias::host_key_alias;
pub(crate) use append::append;
pub(crate) use lookup::{KnownHosts, Verdict};
pub(crate) use revoked::revoked;
