//! One playbook on one node.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{NodeName, Service};

/// A value of a playbook variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Var {
    /// True or false.
    Flag(bool),
    /// A count, a size, seconds.
    Number(u64),
    /// Text; quoted where it is printed.
    Text(String),
    /// Words; each quoted where it is printed.
    List(Vec<String>),
}

/// The variables of a task.
pub type Vars = BTreeMap<String, Var>;

/// Names a task in plans, events and reports: `glusterfs/install@server1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId {
    /// Folder and name of the playbook: `glusterfs/install`.
    pub playbook: String,
    /// Which one it is about, where its service has several of what it works on: the volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Where it runs.
    pub node: NodeName,
}

impl TaskId {
    /// Of a playbook on a node.
    pub fn new(playbook: impl Into<String>, node: &NodeName) -> Self {
        Self { playbook: playbook.into(), part: None, node: node.clone() }
    }

    /// What is done, wherever that is: `glusterfs/create`, `glusterfs/create of photos`.
    pub fn what(&self) -> String {
        match &self.part {
            Some(part) => format!("{} of {part}", self.playbook),
            None => self.playbook.clone(),
        }
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.what(), self.node)
    }
}

/// One playbook, to be run on one node, with the values it prints and the reason why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Playbook and node: unique within a plan.
    pub id: TaskId,
    /// The room that asked for it; none where a person did, with a playbook of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// What the playbook's templates may print.
    pub vars: Vars,
    /// Why, in a phrase for people: "glusterd is not installed".
    pub why: String,
    /// Files as they were seen, by path, where the playbook writes them: a plan shows the difference.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
}
