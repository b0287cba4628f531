//! Known or unknown, never "absent because we could not look".

use std::collections::BTreeMap;

use crate::facts::{Answers, HostFacts};
use crate::model::NodeName;

/// A thing that was seen, or the reason why it could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen<T> {
    /// It was seen, and this is it.
    Known(T),
    /// It could not be looked at; the text says why, for people.
    Unknown(String),
}

impl<T> Seen<T> {
    /// The value, where it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }
}

/// One look at one node.
#[derive(Clone, Debug)]
pub struct NodeLook {
    /// What every node is asked.
    pub host: HostFacts,
    /// The answers to the sections of the rooms.
    pub answers: Answers,
}

impl NodeLook {
    /// The same, as if a service had only this part.
    #[must_use]
    pub fn of_part(&self, part: &str) -> Self {
        Self { host: self.host.clone(), answers: self.answers.of_part(part) }
    }
}

/// One look at the whole fleet: every inventory node is in it.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// By node.
    pub nodes: BTreeMap<NodeName, Seen<NodeLook>>,
}

impl Look {
    /// What is known of a node.
    pub fn of(&self, node: &NodeName) -> Option<&NodeLook> {
        self.nodes.get(node).and_then(Seen::known)
    }
}
