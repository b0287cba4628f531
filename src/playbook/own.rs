//! A playbook of the user's own: one file, and the `lib.sh` beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::library::{Faults, LIB, Library};
use super::load::load;
use super::render::{RenderError, Rendered};
use super::step::Playbook;
use crate::plan::{Task, Var, Vars};
use crate::yaml::{Source, nearest, show};

/// Variables that such a playbook may print without declaring them: what the inventory says of the node.
pub const OF_NODE: [&str; 7] = ["address", "addresses", "node", "nodes", "priority", "role", "services"];

/// The file, in which nothing is wrong.
#[derive(Clone, Debug)]
pub struct Own {
    name: String,
    library: Library,
    vars: Vec<(String, String)>,
    used: BTreeSet<String>,
}

impl Own {
    /// Reads and judges it.
    pub fn load(file: &Path) -> Result<Self, Faults> {
        let one = |problems| Faults(vec![problems]);
        let source = Source::read(file).map_err(one)?;
        let beside = file.with_file_name(LIB);
        let lib = if beside.exists() { Source::read(&beside).map_err(one)?.text } else { Arc::from("") };
        let name = file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
        match load(&source, &lib, &OF_NODE) {
            (Some(playbook), _) => Ok(Self::of(name, playbook)),
            (None, problems) => Err(one(problems)),
        }
    }

    fn of(name: String, playbook: Playbook) -> Self {
        let place = |at| {
            let (line, column) = playbook.source.position(at);
            format!("{}:{line}:{column}", playbook.source.name)
        };
        let vars = playbook.vars.iter().map(|(var, span)| (var.clone(), place(span.start))).collect();
        let used = playbook.used.clone();
        Self { vars, used, library: Library { playbooks: BTreeMap::from([(name.clone(), playbook)]) }, name }
    }

    /// What it is called in plans and reports: its file without the ending.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Does a template of it print this variable?
    pub fn prints(&self, var: &str) -> bool {
        self.used.contains(var)
    }

    /// The variables that somebody gives it. `Err` says which are missing, and which are not its own.
    pub fn given(&self, given: &[(String, String)]) -> Result<Vars, Vec<String>> {
        let mut wrong = Vec::new();
        let mut vars = Vars::new();
        for (name, value) in given {
            if OF_NODE.contains(&name.as_str()) {
                wrong.push(format!("`{name}` cannot be given: it is what the inventory says of the node"));
            } else if !self.declares(name) {
                wrong.push(self.stranger(name));
            } else if vars.insert(name.clone(), Var::Text(value.clone())).is_some() {
                wrong.push(format!("`{name}` is given twice"));
            }
        }
        let missing = self.vars.iter().filter(|(name, _)| !vars.contains_key(name));
        wrong.extend(missing.map(|(name, place)| format!("{place}: `{name}` is not given; add `-e {name}=..`")));
        if wrong.is_empty() { Ok(vars) } else { Err(wrong) }
    }

    fn declares(&self, name: &str) -> bool {
        self.vars.iter().any(|(var, _)| var == name)
    }

    fn stranger(&self, name: &str) -> String {
        let names: Vec<&str> = self.vars.iter().map(|(var, _)| var.as_str()).collect();
        let instead = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "it has none".to_owned(),
            None => format!("they are `{}`", names.join("`, `")),
        };
        format!("`{}` is not one of the `vars` of `{}`; {instead}", show(name), self.name)
    }

    /// Fills in the variables of a task.
    pub fn render(&self, task: &Task) -> Result<Rendered, RenderError> {
        self.library.render(task)
    }
}
