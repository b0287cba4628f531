//! A playbook that has been read and judged.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::template::Template;
use crate::yaml::{Source, Span};

/// `playbooks/SERVICE/NAME.yml`.
#[derive(Clone, Debug)]
pub(super) struct Playbook {
    /// Where it was read.
    pub(super) source: Source,
    pub(super) doc: Template,
    /// The variables it may print, and where each is declared.
    pub(super) vars: Vec<(String, Span)>,
    /// The variables that its templates ask for.
    pub(super) used: BTreeSet<String>,
    pub(super) steps: Vec<Step>,
    /// `lib.sh` of its folder: functions that its scripts find defined.
    pub(super) lib: Arc<str>,
}

/// A step.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) id: String,
    pub(super) doc: Template,
    pub(super) timeout: Duration,
    pub(super) become_root: bool,
    pub(super) work: Work,
    pub(super) remedy: Option<Template>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// Changes something.
    Script { unless: Option<Template>, script: Template, verify: Template },
    /// As a script, by a process of the node's own, which goes on when nobody follows it.
    Job { unless: Option<Template>, job: Template, verify: Template },
    /// Waits for something, until it ends with 0, or with 99: then it cannot come about as things are.
    Wait { wait: Template, every: Duration },
    /// Writes a file.
    File { file: FileWork, after: Option<Template>, verify: Template },
}

/// A file as a step wants it.
#[derive(Clone, Debug)]
pub(super) struct FileWork {
    pub(super) path: Template,
    /// Octal, without leading zeros, as `stat -c %a` prints it.
    pub(super) mode: String,
    /// `user` or `user:group`.
    pub(super) owner: String,
    pub(super) content: Template,
}
