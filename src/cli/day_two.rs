//! Arguments of what is done to a cluster that is there.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::services::{ServiceArgs, service};
use crate::model::Service;
use crate::ops::{
    DoctorWish, HealBy, HealWish, MaintenanceWish, RebalanceWish, RemoveWish, ReplaceWish, RestoreWish, RollingWish,
};
use crate::plan::{Duty, Rebalance, Rolling};

/// Options of `remove`.
#[derive(Args, Debug)]
#[group(id = "leaving", required = true, multiple = true, args = ["ip", "host"])]
pub struct RemoveArgs {
    /// From which service
    #[arg(short, long, value_name = "S", value_parser = service)]
    pub service: Service,
    /// A node's address
    #[arg(long, value_name = "IP")]
    pub ip: Vec<IpAddr>,
    /// A node's name
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,
    /// This one of them will not come back: it must be unreachable for us and for all others
    #[arg(long, value_name = "NODE")]
    pub confirm_dead: Vec<String>,
    /// Delete its copy of the data, and what its daemon has stored, on the node
    #[arg(long)]
    pub wipe: bool,
    /// Show what would be done, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask; never answers a question about losing data
    #[arg(short, long)]
    pub yes: bool,
}

impl RemoveArgs {
    pub(super) fn wish(self) -> RemoveWish {
        let Self { service, ip: ips, host: hosts, confirm_dead, wipe, dry_run, yes } = self;
        RemoveWish { service, ips, hosts, confirm_dead, wipe, dry_run, yes }
    }
}

/// Options of `replace`.
#[derive(Args, Debug)]
pub struct ReplaceArgs {
    /// Of which service
    #[arg(short, long, value_name = "S", value_parser = service)]
    pub service: Service,
    /// Whose place is taken: a name or an address
    #[arg(long, value_name = "NODE")]
    pub old: String,
    /// Who takes it; the same node again where it has lost its disk, or was reinstalled
    #[arg(long, value_name = "NODE")]
    pub new: String,
    /// The old one will not come back: it must be unreachable for us and for all others
    #[arg(long, value_name = "NODE")]
    pub confirm_dead: Option<String>,
    /// Delete the old one's copy of the data, and what its daemon has stored, when its place is filled
    #[arg(long)]
    pub wipe: bool,
    /// Show what would be done, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask; never answers a question about losing data
    #[arg(short, long)]
    pub yes: bool,
}

impl ReplaceArgs {
    pub(super) fn wish(self) -> ReplaceWish {
        let Self { service, old, new, confirm_dead, wipe, dry_run, yes } = self;
        ReplaceWish { service, old, new, confirm_dead, wipe, dry_run, yes }
    }
}

/// Options of `heal`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are what they are")]
pub struct HealArgs {
    /// Resolve these, which are in split-brain: paths as `heal` shows them, or gfids
    #[arg(value_name = "FILE", conflicts_with = "all")]
    pub files: Vec<String>,
    /// Resolve all that are in split-brain
    #[arg(long)]
    pub all: bool,
    /// The biggest copy is right
    #[arg(long, group = "by")]
    pub bigger_file: bool,
    /// The copy that was written last is right
    #[arg(long, group = "by")]
    pub latest_mtime: bool,
    /// The copy of this node is right
    #[arg(long, value_name = "NODE", group = "by")]
    pub source: Option<String>,
    /// Of this volume, where the inventory has several
    #[arg(long, value_name = "NAME", conflicts_with = "watch")]
    pub volume: Option<String>,
    /// Show it again and again, until Ctrl-C
    #[arg(long, conflicts_with_all = ["files", "all", "by", "full", "dry_run", "yes"])]
    pub watch: bool,
    /// Have the self-heal daemons walk through the whole volume, not only through what is noted as to be healed
    #[arg(long)]
    pub full: bool,
    /// Show what would be done, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask; never says which copy is right
    #[arg(short, long)]
    pub yes: bool,
}

impl HealArgs {
    pub(super) fn wish(self) -> HealWish {
        let Self { files: names, all, bigger_file, latest_mtime, source, volume: part, watch, full, dry_run, yes } =
            self;
        let by = match (bigger_file, latest_mtime) {
            (true, _) => Some(HealBy::BiggerFile),
            (_, true) => Some(HealBy::LatestMtime),
            _ => source.map(HealBy::Source),
        };
        HealWish { names, all, by, part, watch, full, dry_run, yes }
    }
}

/// What `rebalance` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RebalanceWhat {
    /// Show how far it is.
    #[default]
    Status,
    /// Move files to the replica set where their names say they belong, and follow it.
    Start,
    /// Only let new files go where their names say, also in folders that are older than the set.
    FixLayout,
    /// End what was started; what was moved stays.
    Stop,
}

/// Options of `rebalance`.
#[derive(Args, Debug)]
pub struct RebalanceArgs {
    /// What to do
    #[arg(value_enum, default_value_t = RebalanceWhat::Status)]
    pub what: RebalanceWhat,
    /// Of this volume, where the inventory has several
    #[arg(long, value_name = "NAME", conflicts_with = "watch")]
    pub volume: Option<String>,
    /// With `status`: show it again and again, until Ctrl-C
    #[arg(long, conflicts_with_all = ["dry_run", "yes"])]
    pub watch: bool,
    /// Show what would be done, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

impl RebalanceArgs {
    pub(super) fn wish(self) -> RebalanceWish {
        let Self { what, volume: part, watch, dry_run, yes } = self;
        let what = match what {
            RebalanceWhat::Status => None,
            RebalanceWhat::Start => Some(Rebalance::Start),
            RebalanceWhat::FixLayout => Some(Rebalance::FixLayout),
            RebalanceWhat::Stop => Some(Rebalance::Stop),
        };
        RebalanceWish { what, part, watch, dry_run, yes }
    }
}

/// Whether a node serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MaintenanceWhat {
    /// It does not: its daemons are stopped, and nothing starts them before the next boot.
    On,
    /// It does again.
    Off,
}

/// Options of `maintenance`.
#[derive(Args, Debug)]
pub struct MaintenanceArgs {
    /// Out of service or back
    #[arg(value_enum)]
    pub what: MaintenanceWhat,
    /// A name or an address
    #[arg(value_name = "NODE")]
    pub node: String,
    /// Whether.
    #[command(flatten)]
    pub go: GoArgs,
}

impl MaintenanceArgs {
    pub(super) fn wish(self) -> MaintenanceWish {
        let Self { what, node, go: GoArgs { dry_run, yes } } = self;
        let duty = match what {
            MaintenanceWhat::On => Duty::Out,
            MaintenanceWhat::Off => Duty::Back,
        };
        MaintenanceWish { node, duty, dry_run, yes }
    }
}

/// Whether something is only shown, and whether it is asked for.
#[derive(Args, Clone, Copy, Debug)]
pub struct GoArgs {
    /// Show what would be done, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

impl GoArgs {
    pub(super) fn rolling(self, what: Rolling) -> RollingWish {
        let Self { dry_run, yes } = self;
        RollingWish { what, dry_run, yes }
    }
}

/// Options of `doctor`.
#[derive(Args, Clone, Copy, Debug)]
pub struct DoctorArgs {
    /// Mend what `up` would, where that changes neither who is a member nor which copies there are
    #[arg(long)]
    pub fix: bool,
    /// Do not ask
    #[arg(short, long, requires = "fix")]
    pub yes: bool,
}

impl DoctorArgs {
    pub(super) fn wish(self) -> DoctorWish {
        let Self { fix, yes } = self;
        DoctorWish { fix, yes }
    }
}

/// Options of `restore`.
#[derive(Args, Debug)]
pub struct RestoreArgs {
    /// What `backup` has written
    #[arg(value_name = "FILE")]
    pub from: PathBuf,
    /// Give the volumes their options back, and no node what it had stored
    #[arg(long)]
    pub options: bool,
    /// Show what would be done, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

impl RestoreArgs {
    pub(super) fn wish(self) -> RestoreWish {
        let Self { from, options: settings, dry_run, yes } = self;
        RestoreWish { from, settings, dry_run, yes }
    }
}

/// Options of `status`.
#[derive(Args, Debug)]
pub struct StatusArgs {
    /// Which services.
    #[command(flatten)]
    pub services: ServiceArgs,
    /// Show it again and again, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}
