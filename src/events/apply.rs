//! Which event may come when. This file is the law; `fold.rs` only writes down what is legal.

use std::collections::BTreeSet;

use crate::events::state::Progress;
use crate::events::{Event, IllegalTransition, NodeState, RunState, Stamped};
use crate::model::NodeName;
use crate::plan::{Plan, TaskId};

type Legal = Result<(), IllegalTransition>;

impl RunState {
    /// Takes in the next event.
    ///
    /// An event that cannot be leaves the state as it was, and is a bug of whoever sent it.
    pub fn apply(&mut self, stamped: &Stamped) -> Result<(), IllegalTransition> {
        self.order_of(stamped)?;
        match &stamped.event {
            Event::Bug { .. } => {}
            Event::RunStarted { nodes, .. } => self.may_start(nodes)?,
            _ if !self.started => return Err(IllegalTransition::NotStarted),
            Event::LookStarted { .. }
            | Event::Refused { .. }
            | Event::InventoryChanged { .. }
            | Event::BackedUp { .. } => self.quiet()?,
            Event::NodeSeen { node, .. } | Event::NodeUnknown { node, .. } => self.may_answer(node)?,
            Event::Planned { plan } => self.may_plan(plan)?,
            Event::Locked { nodes } => self.may_lock(nodes)?,
            Event::StageStarted { stage } => self.may_open(stage)?,
            Event::StageEnded { stage } => self.may_close(stage)?,
            Event::StepStarted { task, step, .. } => self.may_step(task, step)?,
            Event::StepLine { task, step, .. }
            | Event::OutputKept { task, step, .. }
            | Event::StepEnded { task, step, .. } => self.runs(task, step)?,
            Event::TaskSkipped { task, .. } => self.may_skip(task)?,
            Event::StepsSkipped { task, .. } => self.may_leave(task)?,
            Event::Interrupted { count } => self.may_interrupt(*count)?,
            Event::RunEnded { summary, .. } => {
                self.may_end()?;
                if *summary != self.summary_at(stamped.at_ms) {
                    return Err(IllegalTransition::Summary);
                }
            }
        }
        self.fold(stamped);
        Ok(())
    }

    fn order_of(&self, stamped: &Stamped) -> Legal {
        if self.ended.is_some() {
            return Err(IllegalTransition::Ended);
        }
        if stamped.seq != self.next_seq {
            return Err(IllegalTransition::Sequence { wanted: self.next_seq, found: stamped.seq });
        }
        if stamped.at_ms < self.last_ms {
            return Err(IllegalTransition::Backwards(self.last_ms.saturating_sub(stamped.at_ms)));
        }
        Ok(())
    }

    fn may_start(&self, nodes: &[NodeName]) -> Legal {
        if self.started {
            return Err(IllegalTransition::StartedTwice);
        }
        let mut seen = BTreeSet::new();
        match nodes.iter().find(|node| !seen.insert(*node)) {
            Some(node) => Err(IllegalTransition::NodeTwice(node.clone())),
            None => Ok(()),
        }
    }

    /// Nothing is under way: no look, no stage, no step.
    fn quiet(&self) -> Legal {
        self.looked()?;
        self.steps_ended()?;
        match &self.stage {
            Some(stage) => Err(IllegalTransition::StageOpen(stage.name.clone())),
            None => Ok(()),
        }
    }

    fn looked(&self) -> Legal {
        match self.nodes().find(|(_, node)| node.looking) {
            Some((name, _)) => Err(IllegalTransition::LookOpen(name.clone())),
            None => Ok(()),
        }
    }

    fn steps_ended(&self) -> Legal {
        match self.nodes().find(|(_, node)| node.step.is_some()) {
            Some((name, _)) => Err(IllegalTransition::StepOpen(name.clone())),
            None => Ok(()),
        }
    }

    fn may_answer(&self, node: &NodeName) -> Legal {
        if self.known(node)?.looking { Ok(()) } else { Err(IllegalTransition::NotLooking(node.clone())) }
    }

    fn may_plan(&self, plan: &Plan) -> Legal {
        self.quiet()?;
        plan.tasks().try_for_each(|task| self.known(&task.id.node).map(drop))?;
        self.not_refused()
    }

    fn may_lock(&self, nodes: &[NodeName]) -> Legal {
        self.quiet()?;
        self.not_refused()?;
        nodes.iter().try_for_each(|node| self.known(node).map(drop))?;
        if self.locked.is_empty() { Ok(()) } else { Err(IllegalTransition::LockedTwice) }
    }

    fn may_open(&self, stage: &str) -> Legal {
        self.quiet()?;
        self.not_refused()?;
        match self.stage_index(stage) {
            None => Err(IllegalTransition::NotPlanned(stage.to_owned())),
            Some(index) if index < self.stages_done => Err(IllegalTransition::StageOrder(stage.to_owned())),
            Some(_) => Ok(()),
        }
    }

    fn may_close(&self, stage: &str) -> Legal {
        if self.stage.as_ref().is_none_or(|open| open.name != stage) {
            return Err(IllegalTransition::NotTheStage(stage.to_owned()));
        }
        self.steps_ended()
    }

    fn may_step(&self, task: &TaskId, step: &str) -> Legal {
        let node = self.known(&task.node)?;
        if let Some(running) = &node.step {
            let (step, running) = (step.to_owned(), running.step.clone());
            return Err(IllegalTransition::Busy { node: task.node.clone(), step, running });
        }
        let Some(place) = self.place(task) else {
            return Err(if self.tasks.contains_key(task) {
                IllegalTransition::OutsideStage(task.clone())
            } else {
                IllegalTransition::NotPlanned(task.to_string())
            });
        };
        if node.unknown.is_some() {
            return Err(IllegalTransition::Unseen(task.node.clone()));
        }
        if node.stopped {
            return Err(IllegalTransition::Stopped(task.node.clone()));
        }
        if self.tasks.get(task) == Some(&Progress::Skipped) {
            return Err(IllegalTransition::TaskSettled(task.clone()));
        }
        if node.cursor.is_some_and(|last| place < last) {
            return Err(IllegalTransition::TaskOrder(task.clone()));
        }
        Ok(())
    }

    fn runs(&self, task: &TaskId, step: &str) -> Legal {
        let node = self.known(&task.node)?;
        match &node.step {
            Some(running) if running.task == *task && running.step == step => Ok(()),
            _ => Err(IllegalTransition::NotRunning { task: task.clone(), step: step.to_owned() }),
        }
    }

    fn may_skip(&self, task: &TaskId) -> Legal {
        match self.tasks.get(task) {
            Some(Progress::Waiting) => Ok(()),
            Some(_) => Err(IllegalTransition::TaskSettled(task.clone())),
            None => Err(IllegalTransition::NotPlanned(task.to_string())),
        }
    }

    /// It was begun, and none of its steps runs.
    fn may_leave(&self, task: &TaskId) -> Legal {
        let runs = self.known(&task.node)?.step.is_some();
        match self.tasks.get(task) {
            Some(Progress::Begun) if runs => Err(IllegalTransition::StepOpen(task.node.clone())),
            Some(Progress::Begun) => Ok(()),
            Some(_) => Err(IllegalTransition::NotBegun(task.clone())),
            None => Err(IllegalTransition::NotPlanned(task.to_string())),
        }
    }

    fn may_interrupt(&self, count: u8) -> Legal {
        let next = self.interrupted < 2 && count == self.interrupted + 1;
        if next { Ok(()) } else { Err(IllegalTransition::Interruption(count)) }
    }

    /// A run ends quietly, unless it was cut short. After a bug the books are wrong anyway, and it must end.
    fn may_end(&self) -> Legal {
        if !self.bugs.is_empty() || self.interrupted > 1 {
            return Ok(());
        }
        self.steps_ended()?;
        if self.interrupted > 0 { Ok(()) } else { self.quiet() }
    }

    fn not_refused(&self) -> Legal {
        if self.refused { Err(IllegalTransition::Refused) } else { Ok(()) }
    }

    fn known(&self, node: &NodeName) -> Result<&NodeState, IllegalTransition> {
        self.nodes.get(node).ok_or_else(|| IllegalTransition::Stranger(node.clone()))
    }

    pub(super) fn stage_index(&self, stage: &str) -> Option<usize> {
        self.plan.as_ref()?.stages.iter().position(|known| known.name == stage)
    }

    /// The place of a task in the stage under way.
    pub(super) fn place(&self, task: &TaskId) -> Option<usize> {
        let stage = self.plan.as_ref()?.stages.get(self.stage.as_ref()?.index)?;
        stage.waves.iter().flat_map(|wave| &wave.tasks).position(|known| known.id == *task)
    }
}
