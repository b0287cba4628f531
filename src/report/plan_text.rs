//! A plan for people: what would be done where, and why.

use std::collections::BTreeMap;

use console::Style;

use crate::model::NodeName;
use crate::plan::{Plan, Task, TaskId, Then, Wave};
use crate::report::{Mark, Paint, Said, clean, count, hosts, pretty};

/// A rendered step, as far as a reader of plans is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepText {
    /// Its `id` in the playbook.
    pub id: String,
    /// What it does, as a sentence in the imperative: "Install the packages".
    pub doc: String,
    /// The script, or for a file the difference to what is there.
    pub body: String,
    /// Which kind of step.
    pub kind: StepKind,
}

/// The kinds of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Runs a shell script.
    Script,
    /// Writes a file; its body is the difference, and always shown.
    File,
    /// Waits for a condition.
    Wait,
    /// A long transaction that goes on without us.
    Job,
    /// Carries a secret from one node to others.
    Relay,
}

/// The rendered steps of every task.
pub type Steps = BTreeMap<TaskId, Vec<StepText>>;

/// A plan, and how much of it is shown.
#[derive(Clone, Copy, Debug)]
pub struct PlanText<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its rendered steps; a task without any is shown by its name.
    pub steps: &'a Steps,
    /// Scripts too, not only files.
    pub verbose: bool,
    /// Its warnings and advice too.
    pub notes: bool,
}

/// Tasks that are the same on several nodes.
struct Group<'a> {
    nodes: Vec<NodeName>,
    task: &'a Task,
    steps: &'a [StepText],
}

impl<'a> PlanText<'a> {
    /// For a person at a terminal: stages, nodes, tasks, steps.
    pub fn lines(&self, paint: Paint) -> Vec<String> {
        let mut lines = vec![paint.apply(&Style::new().bold(), &self.headline())];
        for (n, stage) in self.plan.stages.iter().enumerate() {
            let name = paint.apply(&Style::new().bold(), &clean(&stage.name));
            lines.extend([String::new(), format!("{}. {name}  {}", n + 1, clean(&stage.doc))]);
            let mut heading = Vec::new();
            for (n, wave) in stage.waves.iter().enumerate() {
                self.wave(wave, (n > 0, &mut heading), paint, &mut lines);
            }
            if stage.then == Then::LookAgain {
                let text = format!("   then the nodes are looked at again; {}", known_after(n));
                lines.push(paint.apply(&Style::new().dim(), &text));
            }
        }
        if let Some(open) = &self.plan.open {
            lines.extend([String::new(), paint.apply(&Style::new().bold(), &rest(open))]);
        }
        if self.notes && !self.plan.notes.is_empty() {
            lines.push(String::new());
            lines.extend(self.plan.notes.iter().flat_map(|note| pretty(&Said::note(note), paint)));
        }
        lines
    }

    /// Without a terminal: the manual's `[DRY-RUN] Would ..`, a sentence a step.
    pub fn would(&self) -> Vec<Said> {
        let mut said = Vec::new();
        if self.notes {
            said.extend(self.plan.notes.iter().map(Said::note));
        }
        for (n, stage) in self.plan.stages.iter().enumerate() {
            let groups = stage.waves.iter().flat_map(|wave| self.groups(wave));
            said.extend(groups.flat_map(|group| self.would_of(&group)));
            if stage.then == Then::LookAgain {
                said.push(Said::new(Mark::DryRun, format!("Would look at the nodes again; {}", known_after(n))));
            }
        }
        if let Some(open) = &self.plan.open {
            said.push(Said::new(Mark::DryRun, rest(open)));
        }
        said.push(Said::new(if self.plan.is_empty() { Mark::Success } else { Mark::Info }, self.headline()));
        said
    }

    fn would_of(&self, group: &Group<'a>) -> Vec<Said> {
        let place = format!("({}: {})", hosts::fold(&group.nodes), group.task.why);
        if group.steps.is_empty() {
            return vec![Said::new(Mark::DryRun, format!("Would run {} {place}", group.task.id.what()))];
        }
        let would = |step: &'a StepText| {
            let evidence = self.body(step).lines().map(str::to_owned).collect();
            Said { evidence, ..Said::new(Mark::DryRun, format!("Would {} {place}", uncapitalised(&step.doc))) }
        };
        group.steps.iter().map(would).collect()
    }

    fn headline(&self) -> String {
        if self.plan.is_empty() {
            return "nothing to do".into();
        }
        let nodes: Vec<NodeName> = self.plan.tasks().map(|task| task.id.node.clone()).collect();
        let [stages, tasks] = [count(self.plan.stages.len(), "stage"), count(self.plan.tasks().count(), "task")];
        format!("plan: {stages}, {tasks} on {}", hosts::fold(&nodes))
    }

    /// `heading` has the nodes of the last heading; a wave that comes `later` says "then" where they change.
    fn wave(
        &self,
        wave: &Wave,
        (mut later, heading): (bool, &mut Vec<NodeName>),
        paint: Paint,
        lines: &mut Vec<String>,
    ) {
        for group in self.groups(wave) {
            if *heading != group.nodes {
                let nodes = paint.apply(&Style::new().cyan(), &clean(&hosts::fold(&group.nodes)));
                lines.push(format!("   {}{nodes}", if later { "then " } else { "" }));
                *heading = group.nodes;
            }
            later = false;
            lines.push(format!("     {}: {}", clean(&group.task.id.what()), clean(&group.task.why)));
            let width = group.steps.iter().map(|step| console::measure_text_width(&step.id)).max().unwrap_or(0);
            for step in group.steps {
                let pad = " ".repeat(width - console::measure_text_width(&step.id));
                lines.push(format!("       {}{pad}  {}", clean(&step.id), clean(&step.doc)));
                lines.extend(self.body(step).lines().map(|line| body_line(step.kind, line, paint)));
            }
        }
    }

    fn body(&self, step: &'a StepText) -> &'a str {
        if self.verbose || step.kind == StepKind::File { &step.body } else { "" }
    }

    /// The tasks of a wave, those that read the same on several nodes as one, in the order of the first of each.
    fn groups(&self, wave: &'a Wave) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for task in &wave.tasks {
            let steps = self.steps.get(&task.id).map_or(&[][..], |steps| &steps[..]);
            let alike = |group: &&mut Group<'_>| {
                (&group.task.id.playbook, &group.task.id.part) == (&task.id.playbook, &task.id.part)
                    && group.task.why == task.why
                    && group.steps.len() == steps.len()
                    && group.steps.iter().zip(steps).all(|(a, b)| self.reads_the_same(a, b))
            };
            match groups.iter_mut().find(alike) {
                Some(group) => group.nodes.push(task.id.node.clone()),
                None => groups.push(Group { nodes: vec![task.id.node.clone()], task, steps }),
            }
        }
        groups
    }

    fn reads_the_same(&self, a: &'a StepText, b: &'a StepText) -> bool {
        (&a.id, &a.doc, a.kind, self.body(a)) == (&b.id, &b.doc, b.kind, self.body(b))
    }
}

fn known_after(stage: usize) -> String {
    format!("what follows is known after stage {}", stage + 1)
}

/// A unified diff of a file on this machine, laid out as those of files on nodes are.
pub(super) fn diff_lines(path: &str, diff: &str, paint: Paint) -> Vec<String> {
    let lines = diff.lines().map(|line| body_line(StepKind::File, line, paint));
    std::iter::once(format!("Change {}", clean(path))).chain(lines).collect()
}

fn body_line(kind: StepKind, line: &str, paint: Paint) -> String {
    let style = match (kind, line.bytes().next()) {
        (StepKind::File, Some(b'+')) => Style::new().green(),
        (StepKind::File, Some(b'-')) => Style::new().red(),
        _ => Style::new().dim(),
    };
    format!("         {}", paint.apply(&style, &clean(line)))
}

// What the plan does not have yet.
fn rest(open: &str) -> String {
    format!("Then the plan goes on: {}", clean(open))
}

/// "Install the packages" becomes "install the packages"; "NFS exports .." stays.
fn uncapitalised(sentence: &str) -> String {
    let mut chars = sentence.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(chars).collect(),
        _ => sentence.to_owned(),
    }
}

#[cfg(test)]
#[path = "plan_text_tests.rs"]
mod tests;
