//! Everything that is known of GlusterFS on one node.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::HostFacts;
use crate::services::glusterfs::facts::{
    BrickDir, BrickDisk, BrickHeal, Checkup, Disk, Index, MountFacts, Moving, Packages, Peer, Undecided, Volume,
};

/// The answer of a command that could not always be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked<T> {
    /// Not asked: glusterd does not run, or has no `glusterd.info` yet (the first command would create it).
    Not,
    /// Asked, and it failed; the text says how. This is never read as "there is none" (fact T1).
    Failed(String),
    /// The answer.
    Answer(T),
}

impl<T> Asked<T> {
    /// The answer, where there is one.
    pub fn answer(&self) -> Option<&T> {
        match self {
            Self::Answer(answer) => Some(answer),
            Self::Not | Self::Failed(_) => None,
        }
    }
}

/// The glusterd service of a node.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was seen, not a state")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Daemon {
    /// The version as `glusterd --version` says it; `None`: not installed.
    pub version: Option<String>,
    /// `mount.glusterfs` is there.
    pub client: bool,
    /// The unit is active.
    pub active: bool,
    /// The unit starts at boot.
    pub enabled: bool,
    /// Nothing can start it before the next boot: the node is out of service.
    pub masked: bool,
    /// The node's own identity from `glusterd.info`; `None` before the first command.
    pub uuid: Option<String>,
    /// The op-version of its pool, as it has stored it (`glusterd.info`): what all members can do.
    pub op_version: Option<u32>,
    /// UUIDs under `/var/lib/glusterd/peers`, read from the disk: known also when glusterd is down.
    pub stored_peers: BTreeSet<String>,
    /// Volumes under `/var/lib/glusterd/vols`, with the version of what is stored of each: it counts the changes that this
    /// node has heard of. 0 where it says none.
    pub stored_volumes: BTreeMap<String, u64>,
}

impl Daemon {
    /// Neither peers nor volumes on the disk: nothing is lost when it is probed, or gets a new UUID.
    pub fn fresh(&self) -> bool {
        self.stored_peers.is_empty() && self.stored_volumes.is_empty()
    }

    /// The part of the version that must agree in a pool (fact T17): `10` of `10.3`.
    pub fn major(&self) -> Option<&str> {
        self.version.as_deref().and_then(|version| version.split('.').next())
    }
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFacts {
    /// The host's own facts.
    pub host: HostFacts,
    /// glusterd.
    pub daemon: Daemon,
    /// The pool as this node sees it, itself left out.
    pub pool: Asked<Vec<Peer>>,
    /// All volumes as this node sees them.
    pub volumes: Asked<Vec<Volume>>,
    /// The brick directory of the inventory.
    pub brick: BrickDir,
    /// The disk that the inventory names for it, where it names one.
    pub brick_disk: Option<BrickDisk>,
    /// Bricks of this node whose process runs, as `volume:path-with-dashes` (from the pid files).
    pub running: BTreeSet<String>,
    /// Mount point, fstab, unit.
    pub mount: MountFacts,
    /// What the bricks have to heal, where this node was asked and gluster answered.
    pub heal: Option<Vec<BrickHeal>>,
    /// What gluster says is in split-brain, where this node was asked and gluster answered.
    pub undecided: Option<Undecided>,
    /// What its bricks have noted as to be healed, where that was asked.
    pub indices: Vec<Index>,
    /// How far files are on their way to another replica set, where this node was asked.
    pub moving: Asked<Vec<Moving>>,
    /// How full the file system of its brick is, where that was asked.
    pub disk: Option<Disk>,
    /// Which version it has and could have, where that was asked.
    pub packages: Option<Packages>,
    /// What a check-up has asked.
    pub checkup: Option<Checkup>,
    /// Addresses that the active firewall lets in to GlusterFS.
    pub admitted: BTreeSet<String>,
}

impl NodeFacts {
    /// A volume by name.
    pub fn volume(&self, name: &str) -> Option<&Volume> {
        self.volumes.answer()?.iter().find(|volume| volume.name == name)
    }

    /// Does the brick process of `path` run here? glusterd names the pid file after host and path.
    pub fn runs_brick(&self, volume: &str, path: &str) -> bool {
        let tail = path.replace('/', "-");
        self.running
            .iter()
            .any(|pid| pid.strip_prefix(volume).is_some_and(|rest| rest.starts_with(':') && rest.ends_with(&tail)))
    }
}
