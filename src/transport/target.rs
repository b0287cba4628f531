//! What the transport needs to know of a node: plain settings, filled in by whoever read them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::password::Password;
use crate::model::NodeName;

/// What to do about a host key that is not known. A changed or revoked key is refused by all but [`Off`](Self::Off),
/// a revoked one even then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostKeyChecking {
    /// Refuse.
    Strict,
    /// Write it down and go on, if nothing is known of the host.
    AcceptNew,
    /// Take any key, write nothing.
    Off,
    /// As `Strict`; the caller has asked before (see `RusshTransport::unknown_host_keys`).
    #[default]
    Ask,
}

/// How a new host key is written to the first file of known hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewKeys {
    /// With the host's name.
    #[default]
    Named,
    /// So that nobody reads the host's name in it.
    Hashed,
    /// Not at all.
    Forgotten,
}

/// How a script that wants root gets it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Become {
    /// `sudo -n`, unless the login user is root already.
    #[default]
    Auto,
    /// Always `sudo -n`.
    Sudo,
    /// Not at all: it runs as the login user, who must be root.
    None,
}

/// How one node is reached.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name in the inventory.
    pub name: NodeName,
    /// Address or name to connect to.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Login user.
    pub user: String,
    /// What lies between.
    pub via: Via,
    /// Which of our addresses, and of its, are used, where nothing lies between.
    pub from: Source,
    /// Key files to offer before any other key. When empty: `~/.ssh/id_ed25519`, `id_ecdsa`, `id_rsa`, those that exist.
    pub identity_files: Vec<PathBuf>,
    /// Certificates of the key files, besides those that lie beside them (`KEY-cert.pub`).
    pub certificate_files: Vec<PathBuf>,
    /// Those in `~/.ssh`, where no key file is named.
    pub usual_keys: bool,
    /// No other keys of the agent than those of the key files.
    pub identities_only: bool,
    /// The agent's socket, if its keys are to be offered.
    pub agent: Option<PathBuf>,
    /// Passwords may be sent at all (`PasswordAuthentication`).
    pub passwords: bool,
    /// Tried when no key will do, once.
    pub login_password: Option<Arc<Password>>,
    /// Files to look the host key up in; the first is the one that is written.
    pub known_hosts: Vec<PathBuf>,
    /// How new host keys are written down.
    pub new_keys: NewKeys,
    /// A file of keys that are believed of nobody (`RevokedHostKeys`).
    pub revoked: Option<PathBuf>,
    /// Names under which the host may be known: what a user would have typed to `ssh` (address, hostname). A match
    /// under one is enough; another key of the same type under any of them is a change. A new key is written under
    /// the first. When empty: `host`.
    pub host_key_names: Vec<String>,
    /// The one name under which the host is known, whatever its address and port.
    pub host_key_alias: Option<String>,
    /// What to do about an unknown key.
    pub host_key_checking: HostKeyChecking,
    /// How to become root.
    pub become_root: Become,
    /// The login user's, for sudo where it asks.
    pub sudo_password: Option<Arc<Password>>,
    /// How long the TCP connection may take.
    pub connect_timeout: Duration,
    /// What is offered in place of the usual.
    pub algorithms: Algorithms,
    /// In place of [`Limits::keepalive_interval`]; zero: never.
    pub keepalive_interval: Option<Duration>,
    /// In place of [`Limits::keepalive_max`].
    pub keepalive_max: Option<usize>,
}

/// The ends of a TCP connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Our address, or a name of it (`BindAddress`).
    pub address: Option<String>,
    /// Which addresses of a name are tried (`AddressFamily`).
    pub family: Family,
}

/// A family of addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// Either.
    #[default]
    Any,
    /// IPv4.
    Inet,
    /// IPv6.
    Inet6,
}

/// Lists of algorithms, as `ssh_config(5)` writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Algorithms {
    /// `KexAlgorithms`
    pub kex: Option<String>,
    /// `Ciphers`
    pub ciphers: Option<String>,
    /// `MACs`
    pub macs: Option<String>,
    /// `HostKeyAlgorithms`
    pub host_keys: Option<String>,
}

/// What lies between us and a server.
#[derive(Clone, Debug, Default)]
pub enum Via {
    /// Nothing: TCP.
    #[default]
    Direct,
    /// A connection to another server, shared by all behind it; each is checked under its own name.
    Jump(Arc<Target>),
    /// A shell command whose standard input and output are the connection.
    Command(String),
}

impl Target {
    /// Port 22, agent and default keys, the user's and the system's `known_hosts`, ten seconds to connect.
    pub fn new(name: NodeName, host: &str, user: &str) -> Self {
        Self {
            name,
            host: host.to_owned(),
            port: 22,
            user: user.to_owned(),
            via: Via::default(),
            identity_files: Vec::new(),
            certificate_files: Vec::new(),
            usual_keys: true,
            identities_only: false,
            agent: default_agent(),
            passwords: true,
            login_password: None,
            known_hosts: user_known_hosts().into_iter().chain(global_known_hosts()).collect(),
            new_keys: NewKeys::default(),
            revoked: None,
            from: Source::default(),
            host_key_names: Vec::new(),
            host_key_alias: None,
            host_key_checking: HostKeyChecking::default(),
            become_root: Become::default(),
            sudo_password: None,
            connect_timeout: Duration::from_secs(10),
            algorithms: Algorithms::default(),
            keepalive_interval: None,
            keepalive_max: None,
        }
    }

    /// `host:port`, with brackets around an IPv6 address.
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The server that it is reached through.
    pub(crate) fn hop(&self) -> Option<&Arc<Self>> {
        match &self.via {
            Via::Jump(hop) => Some(hop),
            Via::Direct | Via::Command(_) => None,
        }
    }

    /// The names to look the host key up under, as `known_hosts` writes them: `name`, or `[name]:port` when the port
    /// is not 22. Never empty.
    pub fn lookup_names(&self) -> Vec<String> {
        // An alias has no port.
        let port = if self.host_key_alias.is_some() { 22 } else { self.port };
        self.plain_names().iter().map(|name| lookup_name(name, port)).collect()
    }

    /// The same without ports, as certificates have them.
    pub(crate) fn plain_names(&self) -> Vec<String> {
        let names = match &self.host_key_alias {
            Some(alias) => std::slice::from_ref(alias),
            None if self.host_key_names.is_empty() => std::slice::from_ref(&self.host),
            None => self.host_key_names.as_slice(),
        };
        names.iter().map(|name| name.to_lowercase()).collect()
    }
}

/// OpenSSH lower-cases what it looks up (`sshconnect.c`, `get_hostfile_hostname_ipaddr`).
fn lookup_name(name: &str, port: u16) -> String {
    let name = name.to_lowercase();
    if port == 22 { name } else { format!("[{name}]:{port}") }
}

/// The user's files that OpenSSH reads by default (`ssh_config(5)`, `UserKnownHostsFile`).
pub fn user_known_hosts() -> Vec<PathBuf> {
    let folder = std::env::home_dir().map(|home| home.join(".ssh")).into_iter();
    folder.flat_map(|ssh| [ssh.join("known_hosts"), ssh.join("known_hosts2")]).collect()
}

/// The system's (`GlobalKnownHostsFile`).
pub fn global_known_hosts() -> Vec<PathBuf> {
    ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(PathBuf::from).into()
}

/// How much is done at once, and how long things may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most connections being opened at one time. How many nodes are worked on at one time is the caller's to say.
    pub forks: usize,
    /// How many are opened at once in the beginning; each success allows one more, up to `forks`.
    pub ramp: usize,
    /// Banner and key exchange.
    pub handshake_timeout: Duration,
    /// All authentication attempts together, with the waiting for an agent that serves one node at a time. sshd itself
    /// gives 120 s (`LoginGraceTime`).
    pub auth_timeout: Duration,
    /// How often a connection that the server closed before its banner (a full `MaxStartups`) is tried again.
    pub retries: u32,
    /// A server that has been silent for this long is asked for a sign of life.
    pub keepalive_interval: Duration,
    /// After this many questions without an answer the connection is given up: a silently dead peer is found
    /// `(keepalive_max + 1) * keepalive_interval` after its last word, 40 s by default.
    pub keepalive_max: usize,
    /// Scripts that run at once over one connection; more wait. sshd allows 10 sessions (`MaxSessions`), of which a
    /// hold and the ending of a timed-out script need one each.
    pub channels: usize,
    /// How long a timed-out script has between TERM and KILL. [`RunError::TimedOut`](super::RunError::TimedOut) comes
    /// when it has ended, or three times this later.
    pub kill_grace: Duration,
    /// Bytes in either direction after which the keys are exchanged anew.
    pub rekey_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            forks: 100,
            ramp: 16,
            handshake_timeout: Duration::from_secs(20),
            auth_timeout: Duration::from_secs(60),
            retries: 5,
            keepalive_interval: Duration::from_secs(10),
            keepalive_max: 3,
            channels: 8,
            kill_grace: Duration::from_secs(5),
            rekey_bytes: 1 << 30,
        }
    }
}

/// The agent of this session (`SSH_AUTH_SOCK`), if there is one.
pub fn default_agent() -> Option<PathBuf> {
    std::env::var_os("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_as_openssh_writes_them() {
        let mut target = Target::new("server1".into(), "fe80::1", "root");
        assert_eq!(target.address(), "[fe80::1]:22");
        assert_eq!(target.lookup_names(), ["fe80::1"]);
        target.port = 2222;
        target.host_key_names = vec!["10.0.0.1".into(), "Server1".into()];
        assert_eq!(target.lookup_names(), ["[10.0.0.1]:2222", "[server1]:2222"]);
    }
}
