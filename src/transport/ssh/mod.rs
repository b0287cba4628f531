//! The transport over russh: one connection a node, many channels.
//!
//! Round trips, kept by `round_trips` in the tests: TCP 1, a session 5 with an ed25519 key (banners and
//! algorithms, key exchange, `ssh-userauth`, key offered, key proved), each key that is refused 1 more; a script 2
//! (channel; then command, script and answer together), however many run side by side.

mod agent;
mod algorithms;
mod auth;
mod dial;
mod feed;
mod gate;
mod hold;
mod hops;
mod host_keys;
mod key_files;
mod offers;
mod open;
mod own;
mod ramp;
mod reap;
mod run;
mod session;
mod streams;
#[cfg(test)]
mod tests;

pub use dial::{Dial, Pipe};
pub use host_keys::UnknownHostKey;
pub use open::RusshTransport;
