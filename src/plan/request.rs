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
        Self { mode: Mode::Auto, ..self.clone() }
    }
}
