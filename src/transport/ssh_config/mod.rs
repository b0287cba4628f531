//! OpenSSH's client configuration, as far as it says how a host is reached.
//!
//! `Host` blocks and `Include` are read here, since asking `ssh -G` for each of hundreds of hosts would take longer
//! than connecting to them. Whatever depends on more (`Match`, canonical names) is asked of `ssh -G`, the only one
//! who knows for sure.

mod answer;
mod config;
mod oracle;
mod settings;
mod tree;
mod words;

pub use answer::Answer;
pub use config::{SshConfig, ask_ssh};
pub use settings::{Agent, HostSettings, Way};
pub use tree::ConfigError;
