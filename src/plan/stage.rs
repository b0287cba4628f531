//! Stages and waves.

use serde::{Deserialize, Serialize};

use crate::model::NodeName;
use crate::plan::{Note, Task};

/// What is to be done, in order, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// In this order; a stage begins when the one before has ended well on every node.
    pub stages: Vec<Stage>,
    /// Warnings and advice that come with it.
    pub notes: Vec<Note>,
    /// What is known only after the last stage, where that is so: the rest is planned, shown and asked for then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
}

impl Plan {
    /// True when nothing would change.
    pub fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// All tasks in order.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.stages.iter().flat_map(|stage| &stage.waves).flat_map(|wave| &wave.tasks)
    }
}

/// A step of the plan that people know by name: "prepare", "pool", "volume", "mount".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Unique within a plan: `glusterfs/prepare`.
    pub name: String,
    /// What it does, in a sentence.
    pub doc: String,
    /// One after the other.
    pub waves: Vec<Wave>,
    /// What comes after.
    pub then: Then,
}

/// Tasks that run side by side on different nodes; those of one node run in the order given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    /// All of them.
    pub tasks: Vec<Task>,
}

impl Wave {
    /// The tasks of one node, in order.
    pub fn of<'a>(&'a self, node: &'a NodeName) -> impl Iterator<Item = &'a Task> {
        self.tasks.iter().filter(move |task| &task.id.node == node)
    }
}

/// What follows a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// The next stage.
    GoOn,
    /// Look at the nodes again and plan the rest: what follows depends on what this stage brings about.
    LookAgain,
}
