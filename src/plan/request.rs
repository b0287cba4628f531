//! What the command line asks the planner for.

use std::collections::BTreeSet;

use crate::model::NodeName;

/// Found out from what is seen, or forced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Bootstrap or join, worked out from what is seen.
    #[default]
    Auto,
    /// A new cluster; refused where one is seen. Nodes named absent are built without.
    Bootstrap {
        /// Nodes that may be unreachable, by name.
        absent: BTreeSet<NodeName>,
    },
    /// Only into a cluster that exists; refused where none is seen.
    Join,
}

/// What is asked of a planner, beside the inventory and the look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Bootstrap, join, or either.
    pub mode: Mode,
    /// `--on`: nodes that may be changed. `None` is all of them. It never limits what is looked at.
    pub only: Option<BTreeSet<NodeName>>,
}

impl Request {
    /// May this node be changed?
    pub fn touches(&self, node: &NodeName) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(node))
    }

    /// May the run go on without this node?
    pub fn absent(&self, node: &NodeName) -> bool {
        matches!(&self.mode, Mode::Bootstrap { absent } if absent.contains(node))
    }
}
