//! All playbooks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::builtin;
use super::load::load;
use super::render::{RenderError, Rendered};
use super::step::Playbook;
use crate::plan::{Contract, Task};
use crate::yaml::{Problem, Problems, Source};

/// Everything that is wrong with a library, by file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Problems>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&files.join("\n"))
    }
}

impl std::error::Error for Faults {}

/// Playbooks by name.
#[derive(Clone, Debug, Default)]
pub struct Library {
    pub(super) playbooks: BTreeMap<String, Playbook>,
}

impl Library {
    /// The playbooks that are compiled in.
    pub fn builtin() -> Result<Self, Faults> {
        let files = builtin::FILES
            .iter()
            .map(|(path, text)| ((*path).to_owned(), Source::new(&format!("playbooks/{path}"), text)));
        Self::read(&files.collect())
    }

    /// The playbooks of a folder with a sub-folder for each service: `DIR/glusterfs/install.yml`. A service that has
    /// a sub-folder there is taken from it as a whole, its `lib.sh` too: what was removed from a copied folder is
    /// missing, not silently ours. The other services stay the ones compiled in.
    pub fn load(dir: &Path) -> Result<Self, Faults> {
        let (mut files, problems) = folder(dir);
        if !problems.is_empty() {
            return Err(Faults(problems));
        }
        let replaced: BTreeSet<String> = files.keys().map(|path| service(path).to_owned()).collect();
        for (path, text) in builtin::FILES.iter().filter(|(path, _)| !replaced.contains(service(path))) {
            files.insert((*path).to_owned(), Source::new(&format!("playbooks/{path}"), text));
        }
        Self::read(&files)
    }

    /// Renders a task's playbook with its variables.
    pub fn render(&self, task: &Task) -> Result<Rendered, RenderError> {
        let name = &task.id.playbook;
        let playbook = self.playbooks.get(name).ok_or_else(|| RenderError::missing(name))?;
        Rendered::new(name, playbook, &task.vars)
    }

    /// What does not fit to the contracts: a playbook that is missing, one that wants a variable it is not given.
    /// That each of its steps verifies or waits for something was asked when it was loaded.
    pub fn check(&self, contracts: &[Contract]) -> Result<(), Faults> {
        let faults: Vec<Problems> = contracts.iter().filter_map(|contract| self.misfit(contract)).collect();
        if faults.is_empty() { Ok(()) } else { Err(Faults(faults)) }
    }

    fn misfit(&self, contract: &Contract) -> Option<Problems> {
        let name = contract.playbook;
        let Some(playbook) = self.playbooks.get(name) else {
            let beside = self.playbooks.iter().find(|(other, _)| service(other) == service(name));
            let path =
                beside.map_or_else(|| format!("playbooks/{name}.yml"), |(_, other)| sibling(&other.source, name));
            let problem = Problem::file(format!("the playbook `{name}` is missing"))
                .help(format!("it is given the variables: {}", list(contract.vars)));
            return Some(Problems::one(Source::new(&path, ""), problem));
        };
        let mut problems = Problems::new(playbook.source.clone());
        for (var, span) in playbook.vars.iter().filter(|(var, _)| !contract.vars.contains(&var.as_str())) {
            let problem = Problem::at(*span, format!("`{name}` is not given `{var}`"));
            problems.push(problem.help(format!("it is given: {}", list(contract.vars))));
        }
        (!problems.list.is_empty()).then_some(problems)
    }

    fn read(files: &BTreeMap<String, Source>) -> Result<Self, Faults> {
        let mut playbooks = BTreeMap::new();
        let mut faults = Vec::new();
        for (path, source) in files {
            let Some(name) = path.strip_suffix(".yml") else { continue };
            let lib = files.get(&format!("{}/{LIB}", service(path)));
            let lib: Arc<str> = lib.map_or_else(|| Arc::from(""), |source| source.text.clone());
            match load(source, &lib, &[]) {
                (Some(playbook), _) => {
                    playbooks.insert(name.to_owned(), playbook);
                }
                (None, problems) => faults.push(problems),
            }
        }
        if faults.is_empty() { Ok(Self { playbooks }) } else { Err(Faults(faults)) }
    }
}

pub(super) const LIB: &str = "lib.sh";

fn service(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

fn sibling(source: &Source, name: &str) -> String {
    let folder = source.name.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{folder}/{}.yml", name.rsplit('/').next().unwrap_or_default())
}

fn list(vars: &[&str]) -> String {
    if vars.is_empty() { "none".to_owned() } else { format!("`{}`", vars.join("`, `")) }
}

// All `*.yml` and `lib.sh` of the sub-folders of `dir`, by their path below it.
fn folder(dir: &Path) -> (BTreeMap<String, Source>, Vec<Problems>) {
    let mut files = BTreeMap::new();
    let mut problems = Vec::new();
    let entries = |dir: &Path, problems: &mut Vec<Problems>| match names(dir) {
        Ok(names) => names,
        Err(error) => {
            problems.push(whole(dir, format!("this folder cannot be read: {}", error.to_string().to_lowercase())));
            Vec::new()
        }
    };
    for service in entries(dir, &mut problems).iter().filter(|name| dir.join(name).is_dir()) {
        for name in entries(&dir.join(service), &mut problems) {
            let path = dir.join(service).join(&name);
            let ending = path.extension().and_then(|ending| ending.to_str());
            if ending == Some("yaml") {
                problems.push(whole(&path, "a playbook is named `NAME.yml`".to_owned()));
            } else if ending == Some("yml") || name == LIB {
                match Source::read(&path) {
                    Ok(source) => drop(files.insert(format!("{service}/{name}"), source)),
                    Err(unread) => problems.push(unread),
                }
            }
        }
    }
    if files.is_empty() && problems.is_empty() {
        problems.push(whole(dir, "there are no playbooks here; they are in `DIR/SERVICE/NAME.yml`".to_owned()));
    }
    (files, problems)
}

fn names(dir: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn whole(path: &Path, message: String) -> Problems {
    Problems::one(Source::new(&path.display().to_string(), ""), Problem::file(message))
}
