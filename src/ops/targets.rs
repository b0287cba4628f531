//! Where each node is and how it is reached: the inventory's word, then `ssh_config`'s, then what is usual.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::inventory::{self, InventoryNode};
use crate::model::{Hop, NodeName};
use crate::ops::Access;
use crate::transport::ssh_config::{Agent, Answer, HostSettings, SshConfig, Way};
use crate::transport::{
    Become, ConnectError, HostKeyChecking, NewKeys, Target, Via, default_agent, global_known_hosts, user_known_hosts,
};

/// Jump hosts that are reached through jump hosts, and so on; more is a circle.
const DEEPEST: usize = 8;

/// What is known of all nodes.
pub(super) struct Targets {
    config: SshConfig,
    accept_new: bool,
    /// Who is at the keyboard: the login user where nobody says another.
    me: String,
}

impl Targets {
    pub(super) fn new(access: &Access) -> Result<Self, ConnectError> {
        let config = match access.ssh_config.as_deref() {
            None => SshConfig::usual(),
            // As `ssh -F none`.
            Some(file) if file == Path::new("none") => Ok(SshConfig::default()),
            Some(file) => SshConfig::only(file),
        };
        let config = config.map_err(|error| ConnectError::Local(error.to_string()))?;
        let me = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
        Ok(Self { config, accept_new: access.accept_new_host_keys, me })
    }

    /// What is in the configuration and not understood.
    pub(super) fn warnings(&self) -> Vec<String> {
        self.config.unknown().iter().map(ToString::to_string).collect()
    }

    /// What would be typed to `ssh`: the node's name, or its address where the configuration speaks of that instead.
    pub(super) fn asked(&self, node: &InventoryNode) -> String {
        let (name, address) = (node.name.to_string(), node.address.to_string());
        if self.config.mentions(&address) && !self.config.mentions(&name) { address } else { name }
    }

    /// As `ssh NODE` would, and where the configuration speaks of its address instead, as `ssh ADDRESS` would.
    pub(super) fn node(&self, node: &InventoryNode) -> Result<Target, ConnectError> {
        let ssh = &node.ssh;
        let (asked, address) = (&self.asked(node), node.address.to_string());
        let said = self.said(asked, &address, ssh.user.as_deref(), ssh.port)?;
        let mut target = self.target(node.name.clone(), &address, &said, asked)?;
        target.host_key_names = vec![target.host.clone(), node.name.to_string()];
        if let Some(file) = &ssh.identity_file {
            target.identity_files = vec![file.clone()];
            target.identities_only = false;
        }
        if let Some(file) = &ssh.known_hosts {
            target.known_hosts = vec![file.clone()];
            if target.new_keys == NewKeys::Forgotten {
                target.new_keys = NewKeys::Named;
            }
        }
        if let Some(hops) = &ssh.jump {
            target.via = self.by(hops, 0)?;
        }
        target.host_key_checking = self.checking(ssh.host_key_checking, said.host_key_checking);
        target.become_root = match ssh.become_root {
            inventory::Become::Auto => Become::Auto,
            inventory::Become::Sudo => Become::Sudo,
            inventory::Become::None => Become::None,
        };
        target.connect_timeout = ssh.connect_timeout.unwrap_or(target.connect_timeout);
        Ok(target)
    }

    /// As `ssh HOST` would.
    pub(super) fn host(&self, name: &NodeName, hop: &Hop) -> Result<Target, ConnectError> {
        let said = self.said(&hop.host, &hop.host, hop.user.as_deref(), hop.port)?;
        let mut target = self.target(name.clone(), &hop.host, &said, &hop.host)?;
        target.host_key_names = vec![target.host.clone()];
        target.host_key_checking = self.checking(None, said.host_key_checking);
        Ok(target)
    }

    fn said(
        &self,
        asked: &str,
        address: &str,
        user: Option<&str>,
        port: Option<u16>,
    ) -> Result<HostSettings, ConnectError> {
        let mut first = Answer::default();
        if let Some(user) = user {
            first = first.with("user", user);
        }
        if let Some(port) = port {
            first = first.with("port", &port.to_string());
        }
        let answer =
            first.or(self.config.ask(asked, user, port).map_err(|error| ConnectError::Local(error.to_string()))?);
        HostSettings::read(&answer, asked, address, &self.me)
            .map_err(|what| ConnectError::Local(format!("ssh_config says of `{asked}` what makes no sense: {what}")))
    }

    fn target(&self, name: NodeName, address: &str, said: &HostSettings, asked: &str) -> Result<Target, ConnectError> {
        let host = said.host_name.as_deref().unwrap_or(address);
        let mut target = Target::new(name, host, said.user.as_deref().unwrap_or(&self.me));
        target.port = said.port.unwrap_or(target.port);
        target.usual_keys = said.identity_files.is_none();
        target.identity_files = said.identity_files.clone().unwrap_or_default();
        target.certificate_files.clone_from(&said.certificate_files);
        target.identities_only = said.identities_only;
        target.agent = match &said.agent {
            Agent::Usual => default_agent(),
            Agent::At(socket) => Some(socket.clone()),
            Agent::None => None,
        };
        let user_files = said.known_hosts.clone().unwrap_or_else(user_known_hosts);
        target.known_hosts =
            user_files.into_iter().chain(said.global_known_hosts.clone().unwrap_or_else(global_known_hosts)).collect();
        target.passwords = said.passwords;
        target.new_keys = match &said.known_hosts {
            Some(files) if files.is_empty() => NewKeys::Forgotten,
            _ if said.hash_known_hosts => NewKeys::Hashed,
            _ => NewKeys::Named,
        };
        target.host_key_alias.clone_from(&said.host_key_alias);
        target.algorithms = said.algorithms.clone();
        target.revoked.clone_from(&said.revoked_host_keys);
        target.from = said.from.clone();
        target.connect_timeout = said.connect_timeout.unwrap_or(target.connect_timeout);
        target.keepalive_interval = said.keepalive_interval.filter(|interval| *interval > Duration::ZERO);
        target.keepalive_max = said.keepalive_max;
        target.via = match &said.way {
            Some(Way::Command(command)) => Via::Command(command.clone()),
            Some(Way::Jump(hops)) => self.by(hops, 0)?,
            None => Via::Direct,
        };
        tracing::debug!(node = %target.name, asked, ?target, "reached so");
        Ok(target)
    }

    // The first goes the way that the configuration says of it; each of the others goes through the one before.
    fn by(&self, hops: &[Hop], depth: usize) -> Result<Via, ConnectError> {
        let mut via = None;
        for hop in hops {
            let said = self.said(&hop.host, &hop.host, hop.user.as_deref(), hop.port)?;
            let own = match (&via, &said.way) {
                (None, Some(Way::Jump(before))) if depth < DEEPEST => Some(self.by(before, depth + 1)?),
                (None, Some(Way::Jump(_))) => {
                    return Err(ConnectError::Local(format!("the way to `{}` leads through itself", hop.host)));
                }
                _ => None,
            };
            let mut target = self.target(
                NodeName::new(&hop.host),
                &hop.host,
                &HostSettings { way: None, ..said.clone() },
                &hop.host,
            )?;
            target.via = match (via.take(), own, said.way) {
                (Some(before), ..) => before,
                (None, Some(own), _) => own,
                (None, None, Some(Way::Command(command))) => Via::Command(command),
                (None, None, _) => Via::Direct,
            };
            target.host_key_names = vec![target.host.clone()];
            target.host_key_checking = self.checking(None, said.host_key_checking);
            via = Some(Via::Jump(Arc::new(target)));
        }
        Ok(via.unwrap_or_default())
    }

    fn checking(&self, wanted: Option<inventory::HostKeyChecking>, said: Option<HostKeyChecking>) -> HostKeyChecking {
        use inventory::HostKeyChecking as Wanted;
        match wanted {
            Some(Wanted::Off) => HostKeyChecking::Off,
            _ if self.accept_new => HostKeyChecking::AcceptNew,
            Some(Wanted::AcceptNew) => HostKeyChecking::AcceptNew,
            Some(Wanted::Strict) => HostKeyChecking::Strict,
            Some(Wanted::Ask) => HostKeyChecking::Ask,
            None => said.unwrap_or_default(),
        }
    }
}
