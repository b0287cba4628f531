//! A plan in a file: looked at today, done tomorrow, and only if it is still the same.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::exec::Ready;
use crate::model::sum;
use crate::ops::{ChangeError, Fault};
use crate::plan::{Plan, Refusal, Task, Var};

/// The only form there is so far.
const FORM: u32 = 1;

/// A plan, with the checksums of the scripts that it would run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    form: u32,
    plan: Plan,
    /// By playbook and node.
    scripts: BTreeMap<String, String>,
}

impl SavedPlan {
    /// Of this plan as it was rendered.
    pub(super) fn new(plan: &Plan, ready: &Ready) -> Self {
        Self { form: FORM, plan: plan.clone(), scripts: scripts(ready) }
    }

    /// Reads one. The error says what is wrong with the file.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let wrong = |what: String| Fault::Usage(format!("`{}` is no plan of `plan --out`: {what}", path.display()));
        let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let saved: Self = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if saved.form != FORM {
            return Err(wrong(format!("it has form {}, and this version reads {FORM}", saved.form)));
        }
        Ok(saved)
    }

    /// Writes it, all or nothing; only its owner may read it.
    pub(super) fn write(&self, path: &Path) -> Result<(), Fault> {
        let lost = |error| Fault::Change(ChangeError::Write(path.to_owned(), error));
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let new = path.with_file_name(name);
        let written = (|| {
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&new, path)
        })();
        if written.is_err() {
            let _never_made = fs::remove_file(&new);
        }
        written.map_err(lost)
    }

    /// What is not as it was: nothing may be done then.
    pub(super) fn differences(&self, now: &Plan, ready: &Ready) -> Vec<Refusal> {
        let mut found = Vec::new();
        let mut differs = |task: &Task, what: String| {
            let remedy = "the nodes, the inventory or the playbooks have changed since; save a new plan and look at it";
            let what = format!("the saved plan does not hold any more: `{}` {what}", task.id);
            found.push(Refusal {
                node: Some(task.id.node.clone()),
                what,
                remedy: remedy.to_owned(),
                unreachable: false,
            });
        };
        let scripts = scripts(ready);
        for task in now.tasks() {
            let id = task.id.to_string();
            match self.plan.tasks().find(|saved| saved.id == task.id) {
                None => differs(task, format!("would be done too ({})", task.why)),
                Some(saved) if saved.vars != task.vars => differs(task, vars(saved, task)),
                Some(saved) if saved.files != task.files => differs(task, "finds other files there".to_owned()),
                Some(_) if self.scripts.get(&id) != scripts.get(&id) => {
                    differs(task, "would run another script".to_owned());
                }
                Some(_) => {}
            }
        }
        for task in self.plan.tasks().filter(|task| now.tasks().all(|other| other.id != task.id)) {
            differs(task, format!("is not to be done any more ({})", task.why));
        }
        let order = |plan: &Plan| -> Vec<Vec<_>> {
            let waves = plan.stages.iter().flat_map(|stage| &stage.waves);
            waves.map(|wave| wave.tasks.iter().map(|task| task.id.clone()).collect()).collect()
        };
        if let (true, Some(first)) = (found.is_empty() && order(&self.plan) != order(now), now.tasks().next()) {
            let what = format!("the saved plan has another order than today's, which begins with `{}`", first.id);
            let remedy = "save a new plan and look at it".to_owned();
            found.push(Refusal { node: None, what, remedy, unreachable: false });
        }
        found
    }
}

fn scripts(ready: &Ready) -> BTreeMap<String, String> {
    ready.iter().map(|(id, rendered)| (id.to_string(), sum::of_parts(rendered.parts()))).collect()
}

fn vars(saved: &Task, now: &Task) -> String {
    let shown = |value: Option<&Var>| value.map_or("nothing".to_owned(), |value| serde_json::json!(value).to_string());
    let names = saved.vars.keys().chain(now.vars.keys());
    let mut changed: Vec<_> = names.filter(|name| saved.vars.get(*name) != now.vars.get(*name)).collect();
    changed.dedup();
    let changed = changed
        .into_iter()
        .map(|name| format!("has `{name}` {} and not {}", shown(now.vars.get(name)), shown(saved.vars.get(name))));
    changed.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
