//! What everything here is given.

use std::path::PathBuf;
use std::sync::Arc;

use crate::events::{Redactor, Tell};
use crate::exec::{Fleet, Interrupt};
use crate::playbook::NodeLog;

/// The surroundings of a run; cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// Sessions to the nodes.
    pub fleet: Fleet,
    /// Where events go.
    pub tell: Tell,
    /// What must not be in them.
    pub redact: Arc<Redactor>,
    /// Ctrl-C.
    pub interrupt: Interrupt,
    /// The log on the nodes.
    pub log: NodeLog,
    /// The run's folder on this machine, where what a step prints is kept when it is too much to be told.
    pub folder: Option<PathBuf>,
    /// A word that no output contains: it marks our own lines in what scripts print.
    pub mark: String,
}
