//! `ssh NODE`: the system's own client, told what the inventory says; the rest it reads where we do.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::inventory::{HostKeyChecking, Inventory, InventoryNode};
use crate::model::Hop;
use crate::ops::targets::Targets;
use crate::ops::{Fault, Job};
use crate::transport::{self, ConnectError, Target, host_key_alias, without_passwords};
use crate::yaml::{nearest, show};

/// Becomes `ssh`: this comes back only where that is not possible.
pub fn shell(job: &Job, node: &str, command: &[OsString]) -> Result<Infallible, Fault> {
    let access = &job.settings.access;
    let known = Targets::new(access)?;
    let mut ssh = Command::new("ssh");
    without_passwords(&mut ssh);
    if let Some(file) = &access.ssh_config {
        ssh.arg("-F").arg(file);
    }
    if job.hosts.is_empty() {
        let node = find(&job.inventory, node).map_err(Fault::Usage)?;
        let target = known.node(node)?;
        let alias = host_key_alias(&target)?;
        ssh.args(options(node, &target, alias.as_deref(), access.accept_new_host_keys));
        ssh.arg("--").arg(known.asked(node));
    } else {
        let hop = host(job, node).map_err(Fault::Usage)?;
        ssh.args(host_options(hop, access.accept_new_host_keys)).arg("--").arg(&hop.host);
    }
    let error = ssh.args(command).exec();
    let why = match error.kind() {
        ErrorKind::NotFound => "`ssh` is not installed on this machine: install the package `openssh-client` (Debian, \
                                Ubuntu) or `openssh-clients` (Fedora, RHEL)"
            .to_owned(),
        _ => format!("`ssh` cannot be started: {error}"),
    };
    Err(ConnectError::Local(why).into())
}

// By name or address.
fn find<'i>(inventory: &'i Inventory, word: &str) -> Result<&'i InventoryNode, String> {
    inventory.named(word).ok_or_else(|| {
        let addresses: Vec<String> = inventory.nodes.iter().map(|node| node.address.to_string()).collect();
        let names = inventory.nodes.iter().map(|node| node.name.as_str());
        let near = nearest(word, names.chain(addresses.iter().map(String::as_str)));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        format!("there is no node `{}` in `{}`{near}", show(word), inventory.path.display())
    })
}

// One of `-H`.
fn host<'j>(job: &'j Job, word: &str) -> Result<&'j Hop, String> {
    let found = job.hosts.iter().find(|(name, _)| name.as_str().eq_ignore_ascii_case(word));
    found
        .map(|(_, hop)| hop)
        .ok_or_else(|| format!("there is no host `{}` in `{}`", show(word), job.inventory.path.display()))
}

fn host_options(hop: &Hop, accept_new: bool) -> Vec<OsString> {
    let mut options = Options(Vec::new());
    if let Some(user) = &hop.user {
        options.pair("-l", user);
    }
    if let Some(port) = hop.port {
        options.pair("-p", &port.to_string());
    }
    if accept_new {
        options.say("StrictHostKeyChecking", checking(transport::HostKeyChecking::AcceptNew));
    }
    options.0.into_iter().map(OsString::from).collect()
}

// What the inventory does not say is not said here: `ssh` reads it in its own configuration, as we did.
fn options(node: &InventoryNode, target: &Target, alias: Option<&str>, accept_new: bool) -> Vec<OsString> {
    let ssh = &node.ssh;
    let mut options = Options(Vec::new());
    if target.host == node.address.to_string() {
        options.say("HostName", &target.host);
    }
    if let Some(user) = &ssh.user {
        options.pair("-l", user);
    }
    if let Some(port) = ssh.port {
        options.pair("-p", &port.to_string());
    }
    if let Some(file) = &ssh.identity_file {
        options.say("IdentityFile", path(file));
        options.say("IdentitiesOnly", "no");
    }
    if let Some(hops) = &ssh.jump {
        options.say("ProxyJump", jump(hops));
    }
    if let Some(alias) = alias {
        options.say("HostKeyAlias", alias);
    }
    let off = ssh.host_key_checking == Some(HostKeyChecking::Off);
    options.known_hosts(ssh.known_hosts.as_deref(), off.then_some(target));
    if ssh.host_key_checking.is_some() || accept_new {
        options.say("StrictHostKeyChecking", checking(target.host_key_checking));
    }
    if let Some(timeout) = ssh.connect_timeout {
        let seconds = timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0);
        options.say("ConnectTimeout", seconds.max(1));
    }
    options.0.into_iter().map(OsString::from).collect()
}

struct Options(Vec<String>);

impl Options {
    fn pair(&mut self, letter: &str, value: &str) {
        self.0.extend([letter.to_owned(), value.to_owned()]);
    }

    fn say(&mut self, keyword: &str, value: impl Display) {
        self.pair("-o", &format!("{keyword}={value}"));
    }

    // New keys go to the first file: where none is to be kept, that is nowhere, and the others are read all the same.
    fn known_hosts(&mut self, own: Option<&Path>, off: Option<&Target>) {
        let nowhere = off.map(|_| "/dev/null".to_owned());
        match (own, off) {
            (Some(own), _) => {
                let files: Vec<String> = nowhere.into_iter().chain([path(own)]).collect();
                self.say("UserKnownHostsFile", files.join(" "));
                self.say("GlobalKnownHostsFile", "/dev/null");
            }
            (None, Some(target)) => {
                let files = target.known_hosts.iter().map(|file| path(file));
                let files: Vec<String> = nowhere.into_iter().chain(files).collect();
                self.say("UserKnownHostsFile", files.join(" "));
            }
            (None, None) => {}
        }
    }
}

fn checking(wanted: transport::HostKeyChecking) -> &'static str {
    match wanted {
        transport::HostKeyChecking::Strict => "yes",
        transport::HostKeyChecking::AcceptNew => "accept-new",
        transport::HostKeyChecking::Off => "no",
        transport::HostKeyChecking::Ask => "ask",
    }
}

fn jump(hops: &[Hop]) -> String {
    if hops.is_empty() {
        return "none".to_owned();
    }
    let one = |hop: &Hop| {
        let user = hop.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let host = if hop.host.contains(':') { format!("[{}]", hop.host) } else { hop.host.clone() };
        let port = hop.port.map(|port| format!(":{port}")).unwrap_or_default();
        [user, host, port].concat()
    };
    hops.iter().map(one).collect::<Vec<_>>().join(",")
}

// As one word of the configuration, whose `%` are no tokens.
fn path(file: &Path) -> String {
    let escaped = file.display().to_string().replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests;
