//! The command line, as `clap` reads it.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::cli::day_two::{
    DoctorArgs, GoArgs, HealArgs, MaintenanceArgs, RebalanceArgs, RemoveArgs, ReplaceArgs, RestoreArgs, StatusArgs,
};
use crate::cli::hand::{ExecArgs, GetArgs, PutArgs};
use crate::cli::own::{RunArgs, SshArgs};
use crate::cli::services::{ServiceArgs, service};
use crate::model::Service;

/// Bring up and look after GlusterFS and HA controller clusters over SSH, from one inventory file.
///
/// Nothing is installed on a node but the services themselves. Looking changes nothing; `plan` shows what `up`
/// would do.
#[derive(Debug, Parser)]
#[command(name = "bricklayer", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub common: Common,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, or nothing to do; 1 a step failed on some node; 2 usage; 3 inventory or playbook invalid;
4 a node could not be reached or refused us; 5 refused, because it would not be safe; 6 interrupted;
7 degraded; 8 down; 10 changes pending (plan --exit-code); 70 our own bug.";

/// Options of every command.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are what they are")]
pub struct Common {
    /// The inventory file
    #[arg(
        short = 'i',
        long = "inventory",
        visible_alias = "config",
        value_name = "FILE",
        global = true,
        default_value = "inventory/my_multihead_cluster.yaml"
    )]
    pub inventory: PathBuf,
    /// These hosts in place of an inventory: `[user@]host[:port],..`, numbers in brackets; for exec, put, get, run and ssh
    #[arg(short = 'H', long = "hosts", value_name = "HOSTS", global = true)]
    pub hosts: Vec<String>,
    /// Change only these nodes (`server[1-3],!server2,@redis`); all nodes are looked at all the same
    #[arg(long, value_name = "NODES", global = true)]
    pub on: Option<String>,
    /// Read this file in place of `~/.ssh/config` and the system's, as `ssh -F` does (`vagrant ssh-config` writes one)
    #[arg(short = 'F', long = "ssh-config", value_name = "FILE", global = true)]
    pub ssh_config: Option<PathBuf>,
    /// How many nodes are worked on at one time
    #[arg(short, long, value_name = "N", global = true, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    pub forks: u16,
    /// What is printed on standard output
    #[arg(long, value_enum, global = true, default_value_t = Format::Human)]
    pub format: Format,
    /// A folder of playbooks that replaces the built-in ones, service by service
    #[arg(long, value_name = "DIR", global = true)]
    pub playbooks: Option<PathBuf>,
    /// Take no backup of what services have stored before who is a member of them changes
    #[arg(long, global = true)]
    pub no_backup: bool,
    /// Accept and write down the host keys of nodes that are not known yet; a changed key is refused all the same
    #[arg(long, global = true)]
    pub accept_new_host_keys: bool,
    /// Ask for the password to log in with where no key will do, once, before any work (or
    /// `BRICKLAYER_LOGIN_PASSWORD`, `BRICKLAYER_LOGIN_PASSWORD_FILE`)
    #[arg(long, global = true)]
    pub ask_login_password: bool,
    /// Ask for the password that sudo wants on the nodes, once, before any work (or `BRICKLAYER_SUDO_PASSWORD`,
    /// `BRICKLAYER_SUDO_PASSWORD_FILE`)
    #[arg(short = 'K', long, global = true)]
    pub ask_sudo_password: bool,
    /// Show the scripts of the steps, and what they print; twice: what we do ourselves, on standard error
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Colours
    #[arg(long, value_enum, global = true, default_value_t = Color::Auto)]
    pub color: Color,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: a live table on a terminal, marked lines elsewhere.
    Human,
    /// One JSON object a line; everything else goes to standard error.
    Json,
    /// For `status`: Prometheus' text format, as the textfile collector of its node exporter reads it.
    Prometheus,
}

/// When there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look, decide, and show every node's steps and why; changes nothing
    Plan(PlanArgs),
    /// Bring what the inventory wants into being; run again, it does nothing; it never shrinks anything
    Up(UpArgs),
    /// Take more nodes into a running cluster; the inventory is changed first
    Add(AddArgs),
    /// Take nodes out of a running cluster, safely; the inventory is changed first
    Remove(RemoveArgs),
    /// Put a node in the place of another, alive or dead, or the same one back that has lost its disk or its system
    Replace(ReplaceArgs),
    /// Show health, as the cluster itself sees it
    Status(StatusArgs),
    /// Find what is wrong, or soon will be: check by check, with what was seen and what to do
    Doctor(DoctorArgs),
    /// Show what is to be healed and what is in split-brain; say which copy is right; heal everything
    Heal(HealArgs),
    /// Show how far a rebalance is; start one, end it
    Rebalance(RebalanceArgs),
    /// Take a node out of service for a while, when the others have everything, or back into it
    Maintenance(MaintenanceArgs),
    /// Bring the newest packages of their sources to the nodes, one node at a time, and raise the op-version at the end
    Upgrade(GoArgs),
    /// Bring what services have stored on the nodes (not the data) into one file on this machine
    Backup {
        /// The file; otherwise one with the date in its name, under `~/.local/state/bricklayer/backups`
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Give nodes that have lost it what a backup has of them
    Restore(RestoreArgs),
    /// Run a command on all nodes, or on those of --on
    Exec(ExecArgs),
    /// Put a file or a folder on all nodes, or on those of --on; what is there already is left alone
    Put(PutArgs),
    /// Get a file or a folder from all nodes, or from those of --on
    Get(GetArgs),
    /// Run a playbook of your own
    Run(RunArgs),
    /// Open a shell on a node with the system's `ssh`, or run a command there; ends as that does
    Ssh(SshArgs),
    /// Show what was done when: the runs that may have changed something, the newest first
    Runs {
        /// So many at most
        #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
        count: usize,
    },
    /// Print the completions of a shell, to be read by it: `bricklayer completions bash`
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Say what a message of gluster, a mount, a package manager, ssh or sudo means, and what to do then
    Explain {
        /// The message, `-` to read it from standard input; none lists all that are known
        #[arg(value_name = "MESSAGE", trailing_var_arg = true, allow_hyphen_values = true)]
        message: Vec<String>,
    },
    /// Check the inventory and every playbook, without any node
    Check,
    /// Print the JSON Schema of a file format, for editors
    Schema {
        /// Which format
        #[arg(value_enum)]
        of: SchemaOf,
    },
}

/// Options of `add`.
#[derive(Args, Debug)]
#[group(id = "nodes", required = true, multiple = true, args = ["ip", "host"])]
pub struct AddArgs {
    /// To which service
    #[arg(short, long, value_name = "S", value_parser = service)]
    pub service: Service,
    /// A node's address; where the inventory does not know it, the node says its name itself
    #[arg(long, value_name = "IP")]
    pub ip: Vec<IpAddr>,
    /// A node's name; where the inventory does not know it, this machine must find its address
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,
    /// Delete what a node has kept from when it was a member, where no volume needs it
    #[arg(long)]
    pub wipe: bool,
    /// Show what would be done, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask; never answers a question about losing data
    #[arg(short, long)]
    pub yes: bool,
}

/// Which schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// The inventory file.
    Inventory,
    /// A playbook file.
    Playbook,
}

/// Options of `plan`.
#[derive(Args, Debug)]
pub struct PlanArgs {
    /// Which services.
    #[command(flatten)]
    pub services: ServiceArgs,
    /// Without connecting, as for empty nodes
    #[arg(long)]
    pub offline: bool,
    /// End with 10 when something would change
    #[arg(long)]
    pub exit_code: bool,
    /// Save it, for `up --plan`
    #[arg(long, value_name = "FILE", conflicts_with = "offline")]
    pub out: Option<PathBuf>,
}

/// Options of `up`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are what they are")]
pub struct UpArgs {
    /// Which services.
    #[command(flatten)]
    pub services: ServiceArgs,
    /// A new cluster; refused where one exists
    #[arg(long, conflicts_with = "join")]
    pub bootstrap: bool,
    /// With --bootstrap: build without these nodes, which must be unreachable; they join later
    #[arg(long, value_name = "NODE,..", value_delimiter = ',', requires = "bootstrap")]
    pub absent: Vec<String>,
    /// Only into a cluster that exists
    #[arg(long)]
    pub join: bool,
    /// Restart the daemons of every node, one node at a time, and the next when that one has everything; nothing else is done
    #[arg(long, conflicts_with_all = ["bootstrap", "join", "plan"])]
    pub rolling_restart: bool,
    /// Do what `plan --out` has saved; refused where anything has changed since
    #[arg(long, value_name = "FILE", conflicts_with_all = ["bootstrap", "join"])]
    pub plan: Option<PathBuf>,
    /// Show what would be done, as `plan` does, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask; never answers a question about losing data
    #[arg(short, long)]
    pub yes: bool,
}
