//! What the command line asks the planner for.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::NodeName;

/// Found out from what is seen, or forced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Bootstrap or join, worked out from what is seen.
    #[default]
    Auto,
    /// A new cluster; refused where one is seen.
    Bootstrap,
    /// Only into a cluster that exists; refused where none is seen.
    Join,
}

/// Settings by name, of each part that a service has several of: the options of each volume.
pub type Settings = BTreeMap<String, BTreeMap<String, String>>;

/// Something that is asked for by name, in place of what the inventory wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Have the daemons look at everything, not only at what is noted. What was deleted in a brick behind gluster, with its
    /// second name, was not found by it in two tries (seen on 10.3).
    HealAll,
    /// Say which copy is right of what is in split-brain.
    Resolve(Resolve),
    /// About files that lie in another replica set than their names say.
    Rebalance(Rebalance),
    /// Bring back what these nodes had stored, each known by what made it itself: its UUID, its ID.
    Restore(BTreeMap<NodeName, String>),
    /// Bring these settings back.
    Settings(Settings),
    /// Take this node out of service for a while, or back into it.
    Maintenance(NodeName, Duty),
    /// Each node out of service and back, one after the other.
    Rolling(Rolling),
    /// It was done: nothing more is planned.
    Done,
}

/// Which copy is right, of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// Which copy.
    pub by: By,
    /// Of these, as people name them. `None` is everything that is in split-brain.
    pub names: Option<Vec<String>>,
}

/// Where on a node lies what it is to have again, before that is begun.
pub const PARCEL: &str = "/var/lib/bricklayer-restore.tar.gz";

/// Whether a node serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// It does.
    Back,
    /// It does not, and nothing starts it before the next boot.
    Out,
}

/// What is done to a node while it is out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rolling {
    /// Nothing: its daemons are new ones afterwards.
    Restart,
    /// It gets the newest packages of its sources, once these were asked.
    Upgrade,
    /// The same, where they were.
    UpgradeAsked,
}

/// What becomes of files that lie in another replica set than their names say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebalance {
    /// They are moved there.
    Start,
    /// They stay; new ones go where their names say, also in folders that are older than the set.
    FixLayout,
    /// They are not moved any more; those that were stay where they are.
    Stop,
}

/// Whose copy is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// The biggest.
    Size,
    /// The one that was written last.
    Time,
    /// This node's.
    Source(NodeName),
}

/// What is asked of a planner, beside the inventory and the look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Bootstrap, join, or either.
    pub mode: Mode,
    /// Nodes that may be unreachable at a forced bootstrap, by name.
    pub absent: BTreeSet<NodeName>,
    /// `--on`: nodes that may be changed. `None` is all of them. It never limits what is looked at.
    pub only: Option<BTreeSet<NodeName>>,
    /// Of the nodes that leave, those that will not come back.
    pub dead: BTreeSet<NodeName>,
    /// Who takes the place of whom, by the name of the old one: another node, or the same one, which has lost what it had.
    pub places: BTreeMap<NodeName, NodeName>,
    /// This, and nothing else.
    pub act: Option<Act>,
    /// Of this one, where a service has several of what it works on: the volume.
    pub part: Option<String>,
    /// What nodes that leave have stored is deleted there.
    pub wipe: bool,
}

impl Request {
    /// May this node be changed?
    pub fn touches(&self, node: &NodeName) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(node))
    }

    /// The request for the later looks of a run: what was forced has begun, and is now seen.
    #[must_use]
    pub fn continued(&self) -> Self {
        let act = self.act.clone().map(|act| match act {
            // They end when nothing is left of them.
            Act::Restore(_) | Act::Settings(_) | Act::Maintenance(..) => act,
            Act::Rolling(Rolling::Upgrade | Rolling::UpgradeAsked) => Act::Rolling(Rolling::UpgradeAsked),
            _ => Act::Done,
        });
        Self { mode: Mode::Auto, act, ..self.clone() }
    }
}
