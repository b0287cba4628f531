//! The transport over russh: one connection a node, many channels.
//!
//! Round trips, kept by `round_trips` in the tests: TCP 1, opening a session 6 with an ed25519 key file (banner, key
//! exchange, `ssh-userauth`, key offered, key proved; russh waits for the server's banner before it sends its
//! `KEXINIT`), a script 2 (channel, then command, script and answer together). Another channel on the same connection
//! costs the same 2.

mod agent;
mod auth;
mod dial;
mod gate;
mod hold;
mod host_keys;
mod key_files;
mod open;
mod ramp;
mod run;
mod session;
mod streams;

pub use dial::{Dial, Pipe};
pub use host_keys::UnknownHostKey;
pub use open::RusshTransport;
