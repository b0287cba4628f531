//! Writing down what has happened. `apply.rs` has found it legal before.

use std::mem;

use crate::events::state::Progress;
use crate::events::{
    Countdown, EndedStep, Event, FailedStep, Look, LookWhy, NodeState, OpenStage, RunState, RunningStep,
};
use crate::events::{Stamped, StepEnd};
use crate::model::NodeName;
use crate::plan::{Plan, TaskId};

impl RunState {
    pub(super) fn fold(&mut self, stamped: &Stamped) {
        let at = stamped.at_ms;
        if self.next_seq == 0 {
            self.first_ms = at;
        }
        self.next_seq += 1;
        self.last_ms = at;
        match stamped.event.clone() {
            Event::RunStarted { run, command, inventory, nodes } => {
                self.started = true;
                (self.run, self.command, self.inventory) = (run, command, inventory);
                self.nodes = nodes.iter().map(|node| (node.clone(), NodeState::default())).collect();
                self.order = nodes;
            }
            Event::LookStarted { why } => self.look_started(why, at),
            Event::NodeSeen { node, .. } => self.answered(&node, |node| {
                node.unknown = None;
                node.unknown_looks = 0;
                node.counts.unreachable = false;
            }),
            Event::NodeUnknown { node, failure } => self.answered(&node, |node| {
                node.unknown = Some(failure);
                node.unknown_looks += 1;
                node.counts.unreachable = true;
            }),
            Event::Planned { plan } => self.planned(plan),
            Event::Refused { refusals } => {
                self.refused = true;
                if self.hindered() { &mut self.hindrances } else { &mut self.refusals }.extend(refusals);
            }
            Event::Locked { nodes } => self.locked = nodes,
            Event::InventoryChanged { path, .. } => self.inventory = path,
            Event::StageStarted { stage } => self.stage_started(stage, at),
            Event::StageEnded { .. } => {
                self.stages_done = self.stage.take().map_or(self.stages_done, |open| open.index + 1);
            }
            Event::StepStarted { task, step, doc } => {
                self.step_started(RunningStep { task, step, doc, since_ms: at, line: String::new(), countdown: None });
            }
            Event::StepLine { task, line, .. } => {
                if let Some(step) = self.nodes.get_mut(&task.node).and_then(|node| node.step.as_mut()) {
                    step.countdown = Countdown::after(step.countdown, &line, at);
                    step.line = line;
                }
            }
            Event::OutputKept { .. } | Event::BackedUp { .. } => {}
            Event::StepsSkipped { task, .. } => {
                if let Some(node) = self.nodes.get_mut(&task.node) {
                    node.stopped = true;
                }
            }
            Event::StepEnded { task, end, ms, .. } => self.step_ended(&task, end, ms),
            Event::TaskSkipped { task, .. } => self.task_skipped(&task),
            Event::Interrupted { count } => self.interrupted = count,
            Event::Bug { what } => self.bugs.push(what),
            Event::RunEnded { code, .. } => self.ended = Some(code),
        }
    }

    fn look_started(&mut self, why: LookWhy, at: i64) {
        self.looks += 1;
        self.refused = false;
        self.look = Some(Look { why, since_ms: at, waiting: self.nodes.len() });
        self.nodes.values_mut().for_each(|node| node.looking = true);
    }

    fn answered(&mut self, name: &NodeName, write: impl FnOnce(&mut NodeState)) {
        if let Some(node) = self.nodes.get_mut(name) {
            node.looking = false;
            write(node);
        }
        if let Some(look) = &mut self.look {
            look.waiting = look.waiting.saturating_sub(1);
        }
    }

    fn planned(&mut self, plan: Plan) {
        let known = self.plan.as_ref().map(|plan| plan.notes.as_slice()).unwrap_or_default();
        self.fresh_notes = plan.notes.iter().filter(|note| !known.contains(note)).cloned().collect();
        self.stages_done = 0;
        self.tasks = plan.tasks().map(|task| (task.id.clone(), Progress::Waiting)).collect();
        for node in self.nodes.values_mut() {
            node.todo = 0;
            node.stopped = false;
        }
        for task in self.tasks.keys() {
            if let Some(node) = self.nodes.get_mut(&task.node) {
                node.todo += 1;
            }
        }
        self.plan_before = self.plan.replace(plan);
    }

    fn stage_started(&mut self, name: String, at: i64) {
        let index = self.stage_index(&name).unwrap_or_default();
        self.stage = Some(OpenStage { name, index, since_ms: at });
        self.nodes.values_mut().for_each(|node| node.cursor = None);
    }

    fn step_started(&mut self, step: RunningStep) {
        let place = self.place(&step.task);
        let begins = self.tasks.insert(step.task.clone(), Progress::Begun) == Some(Progress::Waiting);
        let stage = self.stage.as_ref().map(|open| open.name.clone());
        let Some(node) = self.nodes.get_mut(&step.task.node) else { return };
        node.todo -= u32::from(begins);
        node.cursor = place;
        node.stage = stage;
        node.step = Some(step);
    }

    fn step_ended(&mut self, task: &TaskId, end: StepEnd, ms: u64) {
        let Some(node) = self.nodes.get_mut(&task.node) else { return };
        let Some(RunningStep { task, step, doc, .. }) = mem::take(&mut node.step) else { return };
        node.counts.ms += ms;
        match &end {
            StepEnd::Changed => {
                node.counts.changed += 1;
                node.failed = None;
            }
            StepEnd::Unchanged | StepEnd::Passed => {
                node.counts.unchanged += 1;
                node.failed = None;
            }
            StepEnd::Failed { failure } => {
                node.counts.failed += 1;
                node.stopped = true;
                node.failed = Some(FailedStep { task: task.clone(), step: step.clone(), failure: failure.clone() });
            }
        }
        node.last = Some(EndedStep { task, step, doc, end, ms });
    }

    fn task_skipped(&mut self, task: &TaskId) {
        self.tasks.insert(task.clone(), Progress::Skipped);
        if let Some(node) = self.nodes.get_mut(&task.node) {
            node.counts.skipped += 1;
            node.todo -= 1;
        }
    }
}
