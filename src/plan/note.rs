//! What a plan has to say beside its tasks.

use serde::{Deserialize, Serialize};

use crate::model::NodeName;

/// How much a note matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Info,
    /// Works, but there is something better.
    Advice,
    /// Works now, may hurt later.
    Warning,
}

/// A remark for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// How much it matters.
    pub level: Level,
    /// The node it is about, if one.
    pub node: Option<NodeName>,
    /// A lowercase sentence without a full stop.
    pub text: String,
}

/// Why nothing may be done, and what to do about it. A planner gives all of them, never only the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The node it is about, if one.
    pub node: Option<NodeName>,
    /// What is wrong: a lowercase fragment, literals in backticks.
    pub what: String,
    /// What to do next, as something to type where that is possible.
    pub remedy: String,
    /// A node could not be looked at; the exit code says "unreachable" where nothing worse is said.
    pub unreachable: bool,
}
