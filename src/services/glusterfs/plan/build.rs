//! Small builders, so that the parts read as what they plan.

use std::collections::BTreeMap;

use crate::model::{NodeName, Service};
use crate::plan::{Level, Note, Plan, Refusal, Stage, Task, TaskId, Then, Var, Vars, Wave};

pub(super) fn task(playbook: &str, node: &NodeName, why: impl Into<String>) -> Task {
    Task {
        id: TaskId::new(format!("glusterfs/{playbook}"), node),
        service: Some(Service::Glusterfs),
        vars: Vars::new(),
        why: why.into(),
        files: BTreeMap::new(),
    }
}

/// Adds variables to a task.
pub(super) trait With {
    fn with(self, name: &str, value: impl Into<Value>) -> Self;
}

/// Anything that is a variable's value.
pub(super) struct Value(Var);

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(Var::Text(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(Var::Text(text))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self(Var::Number(number as u64))
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self(Var::Number(number))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self(Var::Number(number.into()))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self(Var::Flag(flag))
    }
}

impl From<Vec<String>> for Value {
    fn from(words: Vec<String>) -> Self {
        Self(Var::List(words))
    }
}

impl With for Task {
    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.vars.insert(name.to_owned(), value.into().0);
        self
    }
}

pub(super) fn stage(name: &str, doc: &str, waves: Vec<Vec<Task>>) -> Stage {
    Stage {
        name: format!("glusterfs/{name}"),
        doc: doc.to_owned(),
        waves: waves.into_iter().filter(|tasks| !tasks.is_empty()).map(|tasks| Wave { tasks }).collect(),
        then: Then::GoOn,
    }
}

/// Adds a stage, unless there is nothing in it.
pub(super) fn add(plan: &mut Plan, stage: Stage) {
    if !stage.waves.is_empty() {
        plan.stages.push(stage);
    }
}

pub(super) fn refuse(node: Option<&NodeName>, what: impl Into<String>, remedy: impl Into<String>) -> Refusal {
    Refusal { node: node.cloned(), what: what.into(), remedy: remedy.into(), unreachable: false }
}

pub(super) fn note(level: Level, node: Option<&NodeName>, text: impl Into<String>) -> Note {
    Note { level, node: node.cloned(), text: text.into() }
}

/// `a, b and c`.
pub(super) fn names<'a>(nodes: impl IntoIterator<Item = &'a NodeName>) -> String {
    let names: Vec<_> = nodes.into_iter().map(|node| node.as_str().to_owned()).collect();
    join(&names, "and")
}

/// `a, b or c`, with this word before the last.
pub(super) fn join(words: &[String], last: &str) -> String {
    match words.split_last() {
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
        None => String::new(),
    }
}
