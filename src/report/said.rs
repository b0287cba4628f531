//! What is said to people: one sentence with its mark, evidence and remedy. Refusals, failures, notes and errors all
//! become this, and `layout` is the one place that prints it.

use std::collections::BTreeMap;
use std::error::Error;

use crate::events::{Failure, FailureKind};
use crate::model::NodeName;
use crate::plan::{Level, Note, Refusal, TaskId};
use crate::report::{clean, hosts};

/// Standard error is shown to this many lines; the journal has all that was kept.
const EVIDENCE_LINES: usize = 20;

/// The marks of the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is so.
    Info,
    /// It was done.
    Success,
    /// It may hurt.
    Warn,
    /// It failed.
    Error,
    /// It would be done.
    DryRun,
}

/// A sentence for people, with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// How to take it.
    pub mark: Mark,
    /// The node or nodes it is about.
    pub node: Option<String>,
    /// The sentence, a lowercase fragment.
    pub text: String,
    /// What it stands on: exit code, last lines of standard error, causes.
    pub evidence: Vec<String>,
    /// What to do next; may have several lines.
    pub remedy: Option<String>,
}

impl Said {
    /// A sentence.
    pub fn new(mark: Mark, text: impl Into<String>) -> Self {
        Self { mark, node: None, text: text.into(), evidence: Vec::new(), remedy: None }
    }

    /// It is about this node.
    #[must_use]
    pub fn on(mut self, node: &NodeName) -> Self {
        self.node = Some(node.to_string());
        self
    }

    /// This is what to do next; an empty text is none.
    #[must_use]
    pub fn remedy(mut self, remedy: &str) -> Self {
        self.remedy = Some(remedy.trim().to_owned()).filter(|text| !text.is_empty());
        self
    }

    /// A step that failed, or of which we do not know.
    pub fn step_failed(task: &TaskId, step: &str, failure: &Failure) -> Self {
        let text = match failure.kind {
            FailureKind::Step => format!("step `{step}` of {} failed: {}", task.what(), failure.what),
            FailureKind::Unreachable => {
                format!("the node was lost in step `{step}` of {}: {}", task.what(), failure.what)
            }
            FailureKind::Unknown => {
                format!("it is not known whether step `{step}` of {} was done: {}", task.what(), failure.what)
            }
        };
        Self::failure(&task.node, text, failure)
    }

    /// A node that could not be looked at.
    pub fn unknown(node: &NodeName, failure: &Failure) -> Self {
        Self::failure(node, format!("cannot be looked at: {}", failure.what), failure)
    }

    /// What was done by hand and failed.
    pub fn failed(node: &NodeName, failure: &Failure) -> Self {
        Self::failure(node, failure.what.clone(), failure)
    }

    fn failure(node: &NodeName, text: String, failure: &Failure) -> Self {
        let mut evidence = Vec::new();
        match failure.code {
            Some(code) => evidence.push(format!("{}: exit code {code}", failure.command)),
            None if !failure.command.is_empty() => evidence.push(format!("in: {}", failure.command)),
            None => {}
        }
        let lines: Vec<String> = failure.stderr.lines().map(clean).filter(|line| !line.trim().is_empty()).collect();
        evidence.extend_from_slice(&lines[lines.len().saturating_sub(EVIDENCE_LINES)..]);
        Self { evidence, ..Self::new(Mark::Error, text) }.on(node).remedy(&failure.remedy)
    }

    /// All refusals; those that say the same of several nodes become one.
    pub fn refusals(refusals: &[Refusal]) -> Vec<Self> {
        Self::folded(refusals, Mark::Error, "refused")
    }

    /// What keeps the rest of a run from being done, after something went wrong half-way.
    pub fn hindrances(refusals: &[Refusal]) -> Vec<Self> {
        Self::folded(refusals, Mark::Warn, "in the way of the rest")
    }

    fn folded(refusals: &[Refusal], mark: Mark, what: &str) -> Vec<Self> {
        let mut order: Vec<(&str, &str)> = Vec::new();
        let mut nodes: BTreeMap<(&str, &str), Vec<NodeName>> = BTreeMap::new();
        for refusal in refusals {
            let key = (refusal.what.as_str(), refusal.remedy.as_str());
            if !order.contains(&key) {
                order.push(key);
            }
            nodes.entry(key).or_default().extend(refusal.node.clone());
        }
        let say = |key: (&str, &str)| {
            let named = nodes.get(&key).map(|names| hosts::fold(names)).filter(|folded| !folded.is_empty());
            Self { node: named, ..Self::new(mark, format!("{what}: {}", key.0)) }.remedy(key.1)
        };
        order.into_iter().map(say).collect()
    }

    /// A note of the plan.
    pub fn note(note: &Note) -> Self {
        let mark = if note.level == Level::Warning { Mark::Warn } else { Mark::Info };
        let text = if note.level == Level::Advice { format!("advice: {}", note.text) } else { note.text.clone() };
        Self { node: note.node.as_ref().map(ToString::to_string), ..Self::new(mark, text) }
    }

    /// Any other error, with its causes as evidence.
    pub fn error(error: &(dyn Error + 'static)) -> Self {
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        let evidence = causes.map(|cause| format!("because: {cause}")).collect();
        Self { evidence, ..Self::new(Mark::Error, error.to_string()) }
    }
}
