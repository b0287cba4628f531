//! A plan and its rendered steps, as the reporters want them.

use similar::TextDiff;

use crate::exec::Ready;
use crate::ops::run::Run;
use crate::ops::{Fault, Settings};
use crate::plan::{Plan, Task};
use crate::playbook::{Kind, RenderedStep};
use crate::report::{PlanText, StepKind, StepText, Steps};

impl Run {
    /// Shows how the inventory would be changed, on the free terminal.
    pub(super) async fn show_change(&self) -> Result<(), Fault> {
        let Some(change) = &self.job.change else { return Ok(()) };
        let paused = self.context.tell.pause().await;
        let shown = self.job.settings.console.diff(&change.path().display().to_string(), &change.diff());
        drop(paused);
        shown.map_err(Fault::Terminal)
    }

    /// Shows all that would be done, on the free terminal. Its notes were told with the plan.
    pub(super) async fn show(&self, plan: &Plan, ready: &Ready) -> Result<(), Fault> {
        let paused = self.context.tell.pause().await;
        let shown = show(&self.job.settings, plan, ready, false);
        drop(paused);
        shown
    }
}

/// Shows a plan, with its notes or without.
pub(super) fn show(settings: &Settings, plan: &Plan, ready: &Ready, notes: bool) -> Result<(), Fault> {
    let steps: Steps = plan
        .tasks()
        .map(|task| {
            let rendered = ready.get(&task.id).map(|rendered| rendered.steps.as_slice()).unwrap_or_default();
            (task.id.clone(), rendered.iter().map(|step| text(task, step)).collect())
        })
        .collect();
    let text = PlanText { plan, steps: &steps, verbose: settings.verbose, notes };
    settings.console.plan(&text).map_err(Fault::Terminal)
}

fn text(task: &Task, step: &RenderedStep) -> StepText {
    let (kind, body) = match &step.kind {
        Kind::Script | Kind::Job => (StepKind::Script, step.script.clone()),
        Kind::Wait(_) => (StepKind::Wait, step.script.clone()),
        Kind::File(file) => {
            let before = task.files.get(&file.path).map(String::as_str).unwrap_or_default();
            let diff = TextDiff::from_lines(before, &file.content);
            (StepKind::File, diff.unified_diff().header(&file.path, &file.path).to_string())
        }
    };
    StepText { id: step.id.clone(), doc: step.doc.clone(), body, kind }
}
