//! `known_hosts`, read and written as OpenSSH does (`sshd(8)`, section `SSH_KNOWN_HOSTS FILE FORMAT`).
//!
//! russh's own helper looks at the first matching line only (Eugeny/russh#301) and knows no markers. Lines with
//! `@cert-authority` are skipped: host certificates are not asked for.

mod alias;
mod append;
mod line;
mod lookup;
#[cfg(test)]
mod tests;

pub use alias::host_key_alias;
pub(crate) use append::append;
pub(crate) use lookup::{KnownHosts, Verdict};
