//! The only way to a node: a trait, its russh implementation, and a scripted fake.

mod api;
mod capture;
mod children;
pub mod fake;
mod frame;
mod known_hosts;
mod open_files;
mod password;
mod ssh;
pub mod ssh_config;
mod target;

pub use api::{
    Captured, ConnectError, Exit, Hear, Held, HoldError, Holding, Input, Outcome, RunError, Script, Session, Transport,
};
pub use children::{LOGIN_PASSWORD, SUDO_PASSWORD, without_passwords};
pub use known_hosts::host_key_alias;
pub use open_files::open_file_limit;
pub use password::Password;
pub use ssh::{Dial, Pipe, RusshTransport, UnknownHostKey};
pub use target::{
    Algorithms, Become, Family, HostKeyChecking, Limits, NewKeys, Source, Target, Via, default_agent,
    global_known_hosts, user_known_hosts,
};
