//! A playbook with its variables filled in: what `plan` prints and `exec` runs.

use std::sync::Arc;
use std::time::Duration;

use super::step::{FileWork, Playbook, Step, Work};
use super::template::{Complaint, Template};
use super::write::{self, RenderedFile};
use crate::plan::Vars;

/// A task, ready to be printed or run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Folder and name of the playbook: `glusterfs/install`.
    pub id: String,
    /// What it does, in a sentence.
    pub doc: String,
    /// One after the other.
    pub steps: Vec<RenderedStep>,
}

impl Rendered {
    /// All of it that a node runs.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().flat_map(|step| {
            let guards = [step.unless.as_deref(), step.verify.as_deref()].map(Option::unwrap_or_default);
            [step.id.as_str(), &step.script, guards[0], guards[1], &step.lib]
        })
    }
}

/// A step, ready to be printed or run. [`RenderedStep::program`] makes one program of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedStep {
    /// The playbook it belongs to: `glusterfs/install`.
    pub playbook: String,
    /// Unique within the playbook.
    pub id: String,
    /// What it does, in a phrase, shown while it runs.
    pub doc: String,
    /// What kind of step it is.
    pub kind: Kind,
    /// Script steps: where this ends with 0 there is nothing to do.
    pub unless: Option<String>,
    /// What it runs: the script, what is waited for, or the program that writes the file.
    pub script: String,
    /// Reads the state again: must end with 0 after a change. Only a wait has none.
    pub verify: Option<String>,
    /// How long it may take; a wait ends itself shortly before.
    pub timeout: Duration,
    /// It runs as root.
    pub become_root: bool,
    /// What a person should do when it fails.
    pub remedy: Option<String>,
    /// Functions that its parts find defined: `lib.sh` of its folder.
    pub(super) lib: Arc<str>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Changes something.
    Script,
    /// As [`Script`](Self::Script), in a systemd unit of its own: it goes on when the connection or the workstation is gone,
    /// and the next run follows it from where it is.
    Job,
    /// Runs its script until it ends with 0, with this pause between.
    Wait(Duration),
    /// Writes a file.
    File(RenderedFile),
}

/// Why a task cannot be rendered: the planner and the playbook do not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("playbook `{playbook}`{part}: {why}")]
pub struct RenderError {
    /// Which.
    pub playbook: String,
    /// Where, as ` (step/script, in motd.yml:12)`; empty where it is about the whole.
    pub part: String,
    /// Why.
    pub why: String,
}

impl RenderError {
    pub(super) fn missing(playbook: &str) -> Self {
        Self { playbook: playbook.to_owned(), part: String::new(), why: "there is no such playbook".to_owned() }
    }
}

impl Rendered {
    pub(super) fn new(name: &str, playbook: &Playbook, vars: &Vars) -> Result<Self, RenderError> {
        if let Some((missing, _)) = playbook.vars.iter().find(|(var, _)| !vars.contains_key(var)) {
            let why = format!("the planner gives it no `{missing}`");
            return Err(RenderError { playbook: name.to_owned(), part: String::new(), why });
        }
        let printer = Printer { playbook: name, file: &playbook.source.name, vars };
        let doc = printer.print("doc", &playbook.doc)?;
        let steps = playbook.steps.iter().map(|step| printer.step(step, &playbook.lib)).collect::<Result<_, _>>()?;
        Ok(Self { id: name.to_owned(), doc, steps })
    }
}

struct Printer<'p> {
    playbook: &'p str,
    file: &'p str,
    vars: &'p Vars,
}

impl Printer<'_> {
    fn print(&self, part: &str, template: &Template) -> Result<String, RenderError> {
        let text =
            template.render(self.vars).map_err(|Complaint { line, why }| self.error(part, (template, line), why))?;
        // YAML and the transport keep a NUL out; a value with one would be cut by the shell.
        if text.contains('\0') {
            return Err(self.error(part, (template, 1), "a value has a NUL character".to_owned()));
        }
        Ok(text.trim_end_matches('\n').to_owned())
    }

    fn error(&self, part: &str, (template, line): (&Template, usize), why: String) -> RenderError {
        let part = format!(" ({part}, in {}:{})", self.file, template.line_of_file(line));
        RenderError { playbook: self.playbook.to_owned(), part, why }
    }

    fn step(&self, step: &Step, lib: &Arc<str>) -> Result<RenderedStep, RenderError> {
        let print = |part: &str, template: &Template| self.print(&format!("{}/{part}", step.id), template);
        let maybe = |part: &str, template: &Option<Template>| {
            template.as_ref().map(|template| print(part, template)).transpose()
        };
        let (kind, unless, script, verify) = match &step.work {
            Work::Script { unless, script, verify } => {
                (Kind::Script, maybe("unless", unless)?, print("script", script)?, Some(print("verify", verify)?))
            }
            Work::Job { unless, job, verify } => {
                (Kind::Job, maybe("unless", unless)?, print("job", job)?, Some(print("verify", verify)?))
            }
            Work::Wait { wait, every } => (Kind::Wait(*every), None, print("wait", wait)?, None),
            Work::File { file, after, verify } => {
                let file = self.file(step, file, maybe("after", after)?)?;
                let script = write::script(&file);
                (Kind::File(file), None, script, Some(print("verify", verify)?))
            }
        };
        Ok(RenderedStep {
            playbook: self.playbook.to_owned(),
            id: step.id.clone(),
            doc: print("doc", &step.doc)?,
            kind,
            unless,
            script,
            verify,
            timeout: step.timeout,
            become_root: step.become_root,
            remedy: maybe("remedy", &step.remedy)?,
            lib: lib.clone(),
        })
    }

    fn file(&self, step: &Step, file: &FileWork, after: Option<String>) -> Result<RenderedFile, RenderError> {
        let path = self.print(&format!("{}/path", step.id), &file.path)?;
        if !path.starts_with('/') || path.contains(char::is_control) || path.split('/').any(|part| part == "..") {
            let why = "a path is absolute, has no `..` and is one line".to_owned();
            return Err(self.error(&format!("{}/path", step.id), (&file.path, 1), why));
        }
        // Unlike a script, a file is delivered to the last byte.
        let content = file.content.render(self.vars);
        let part = format!("{}/content", step.id);
        let content = content.map_err(|Complaint { line, why }| self.error(&part, (&file.content, line), why))?;
        Ok(RenderedFile { path, mode: file.mode.clone(), owner: file.owner.clone(), content, after })
    }
}
