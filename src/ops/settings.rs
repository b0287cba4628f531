//! What the command line says that holds for every command.

use std::path::PathBuf;

use crate::model::{NodeName, Service};
use crate::report::Console;

/// Where the manual of the replaced scripts has the logs: of a bring-up, of nodes that join and of nodes that leave.
pub const SETUP_LOG: &str = "/var/log/cluster_storage_setup.log";
pub(super) const ADD_LOG: &str = "/var/log/cluster_node_add.log";
pub(super) const REMOVE_LOG: &str = "/var/log/cluster_node_remove.log";

/// Which format's schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaKind {
    /// The inventory.
    Inventory,
    /// A playbook.
    Playbook,
}

/// How nodes are got into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Read in place of the usual `ssh_config` files; one named `none` is none.
    pub ssh_config: Option<PathBuf>,
    /// Write unknown host keys down without asking.
    pub accept_new_host_keys: bool,
    /// Ask for the login passwords before any work.
    pub ask_login_password: bool,
    /// Ask for the sudo passwords before any work.
    pub ask_sudo_password: bool,
}

/// Settings of every command.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The command as a person would type it, for journals.
    pub command: String,
    /// The inventory file.
    pub inventory: PathBuf,
    /// Hosts in place of an inventory, as the command line writes them.
    pub hosts: Vec<String>,
    /// Nodes that may be changed; nothing is all.
    pub on: Option<String>,
    /// Services; none named is all that are managed.
    pub services: Vec<Service>,
    /// Nodes that are taken out of these services.
    pub leaving: Vec<NodeName>,
    /// The log on the nodes, in which each step that runs there gets a line.
    pub node_log: &'static str,
    /// How many nodes are worked on at one time.
    pub forks: usize,
    /// A folder of playbooks that replaces the built-in ones.
    pub playbooks: Option<PathBuf>,
    /// Take a backup before who is a member changes.
    pub backup: bool,
    /// How nodes are got into.
    pub access: Access,
    /// Show scripts and what they print.
    pub verbose: bool,
    /// One JSON object a line on standard output.
    pub json: bool,
    /// Where people read.
    pub console: Console,
}
