//! How nodes are reached.

use std::path::PathBuf;
use std::time::Duration;

use crate::inventory::{Field, Form, Places, names, path};
use crate::model::Hop;
use crate::yaml::{Fields, Item, Problem, Problems, show};

/// How to be root where the login user is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Become {
    /// sudo where the login user is not root.
    #[default]
    Auto,
    /// sudo always.
    Sudo,
    /// Never: what needs root fails where the login user is not root.
    None,
}

/// What to do with a host key that is not known. One that has changed is always refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostKeyChecking {
    /// Show the fingerprints and ask; without a terminal refuse.
    Ask,
    /// Refuse.
    Strict,
    /// Take it and remember it.
    AcceptNew,
    /// Take it and forget it.
    Off,
}

/// Every key that may stand in `ssh`.
pub(crate) const SSH: &[Field] = &[
    Field::optional("user", Form::Text, "Login name; otherwise what ssh_config says, else the current user."),
    Field::optional("port", Form::Number(1, 65_535), "Otherwise what ssh_config says, else 22."),
    Field::optional("identity_file", Form::Text, "Private key; `~/` is your home, a relative path begins here."),
    Field::optional("jump", Form::Text, "`user@host:port` to go through."),
    Field::optional("become", Form::Words(|| words(&BECOME)), "How to be root where `user` is not."),
    Field::optional("known_hosts", Form::Text, "File of known host keys; default `~/.ssh/known_hosts`."),
    Field::optional(
        "host_key_checking",
        Form::Words(|| words(&HOST_KEY_CHECKING)),
        "What to do with a host key that is not known; default: what ssh_config says, else `ask`.",
    ),
    Field::optional(
        "connect_timeout",
        Form::Duration,
        "Until a node counts as unreachable; default: what ssh_config says, else `10s`.",
    ),
];

pub(crate) const BECOME: [(&str, Become); 3] = [("auto", Become::Auto), ("sudo", Become::Sudo), ("none", Become::None)];

pub(crate) const HOST_KEY_CHECKING: [(&str, HostKeyChecking); 4] = [
    ("ask", HostKeyChecking::Ask),
    ("strict", HostKeyChecking::Strict),
    ("accept-new", HostKeyChecking::AcceptNew),
    ("off", HostKeyChecking::Off),
];

const LONGEST_TIMEOUT: Duration = Duration::from_secs(600);

/// How one node is reached: its own `ssh:` over the one of all nodes. `None` is for `ssh_config` to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshSettings {
    /// Login name.
    pub user: Option<String>,
    /// TCP port.
    pub port: Option<u16>,
    /// Private key; absolute.
    pub identity_file: Option<PathBuf>,
    /// Servers to go through, the nearest first; empty: none, whatever `ssh_config` says.
    pub jump: Option<Vec<Hop>>,
    /// How to be root.
    pub become_root: Become,
    /// File of known host keys; absolute.
    pub known_hosts: Option<PathBuf>,
    /// What to do with an unknown host key.
    pub host_key_checking: Option<HostKeyChecking>,
    /// Until the node counts as unreachable.
    pub connect_timeout: Option<Duration>,
}

/// One `ssh:` as it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    user: Option<String>,
    port: Option<u16>,
    identity_file: Option<PathBuf>,
    jump: Option<Vec<Hop>>,
    become_root: Option<Become>,
    known_hosts: Option<PathBuf>,
    host_key_checking: Option<HostKeyChecking>,
    connect_timeout: Option<Duration>,
}

pub(crate) fn words<T>(choices: &[(&'static str, T)]) -> Vec<&'static str> {
    choices.iter().map(|(word, _)| *word).collect()
}

impl Written {
    /// Reads one `ssh:`, if there is one.
    pub(crate) fn read(item: Option<Item<'_>>, places: &Places, problems: &mut Problems) -> Self {
        let Some(fields) = item.and_then(|item| item.map(problems)) else { return Self::default() };
        fields.only(&names(SSH), problems);
        Self {
            user: fields.get("user").and_then(|user| login(&user, problems)),
            port: fields.get("port").and_then(|port| port.number(1..=65_535, problems)?.try_into().ok()),
            identity_file: fields.get("identity_file").and_then(|file| path::local(&file, places, problems)),
            jump: jump(&fields, problems),
            become_root: fields.get("become").and_then(|word| word.choice(&BECOME, problems)),
            known_hosts: fields.get("known_hosts").and_then(|file| path::local(&file, places, problems)),
            host_key_checking: fields
                .get("host_key_checking")
                .and_then(|word| word.choice(&HOST_KEY_CHECKING, problems)),
            connect_timeout: fields.get("connect_timeout").and_then(|time| time.duration(LONGEST_TIMEOUT, problems)),
        }
    }

    /// What holds for a node that writes this, where all nodes have `base`.
    pub(crate) fn over(self, base: &Self) -> SshSettings {
        let base = base.clone();
        SshSettings {
            user: self.user.or(base.user),
            port: self.port.or(base.port),
            identity_file: self.identity_file.or(base.identity_file),
            jump: self.jump.or(base.jump),
            become_root: self.become_root.or(base.become_root).unwrap_or_default(),
            known_hosts: self.known_hosts.or(base.known_hosts),
            host_key_checking: self.host_key_checking.or(base.host_key_checking),
            connect_timeout: self.connect_timeout.or(base.connect_timeout),
        }
    }
}

fn login(item: &Item<'_>, problems: &mut Problems) -> Option<String> {
    let user = item.line(problems)?;
    if user.starts_with('-') || user.contains([' ', '@', ':', '/']) {
        let message = format!("`user` is a login name, not `{}`", show(user));
        problems.push(Problem::item(item, message).help("host and port of a node have keys of their own"));
        return None;
    }
    Some(user.to_owned())
}

fn jump(fields: &Fields<'_>, problems: &mut Problems) -> Option<Vec<Hop>> {
    let item = fields.get("jump")?;
    let text = item.line(problems)?;
    if text == "none" {
        return Some(Vec::new());
    }
    let hops = Hop::read_all(text).filter(|hops| hops.iter().all(|hop| !hop.host.starts_with('-')));
    if hops.is_none() {
        let message = format!("`jump` is `user@host:port`, not `{}`", show(text));
        problems.push(
            Problem::item(&item, message)
                .help("user and port may be left out; several are divided by commas; `none` is none"),
        );
    }
    hops
}
