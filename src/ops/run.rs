//! One run: its surroundings, its looks, its plans, its end.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use crate::events::{Event, LookWhy, Redactor, RunState, Sequencer, wall_clock};
use crate::exec::{self, Context, Fleet, Interrupt, Ready};
use crate::facts::{Look, Probe};
use crate::model::NodeName;
use crate::ops::tellers::{self, Tellers};
use crate::ops::{Fault, Job, connect};
use crate::plan::{Note, Plan, Refusal, Request};
use crate::playbook::NodeLog;
use crate::services::Purpose;

pub(super) struct Run {
    pub(super) job: Job,
    pub(super) context: Context,
    sequencer: Sequencer,
    /// A backup was taken, or is not to be.
    pub(super) backed_up: AtomicBool,
    /// Notes that were told: a later plan of the same run does not say them again.
    told: Mutex<Vec<Note>>,
}

impl Run {
    /// Of all nodes of all rooms. Connects to nothing yet. A run that may change something keeps a journal.
    pub(super) async fn start(job: Job, journal: bool) -> Result<Self, Fault> {
        let nodes = job.nodes();
        Self::start_on(job, (nodes.iter().cloned().collect(), &nodes), journal).await
    }

    /// Of these nodes, of which those are connected to.
    pub(super) async fn start_on(
        job: Job,
        (nodes, reached): (Vec<NodeName>, &BTreeSet<NodeName>),
        journal: bool,
    ) -> Result<Self, Fault> {
        let (transport, secrets) = connect::transport(&job, reached).await?;
        let Tellers { name, folder, all } = tellers::choose(&job, journal)?;
        let (tell, sequencer) = Sequencer::start(all, wall_clock());
        tell.send(Event::RunStarted {
            run: name.clone(),
            command: job.settings.command.clone(),
            inventory: job.inventory.path.display().to_string(),
            nodes,
        })
        .await;
        let context = Context {
            fleet: Fleet::new(transport, job.settings.forks),
            tell,
            redact: Arc::new(Redactor::new(&secrets)),
            interrupt: Interrupt::default(),
            log: NodeLog { path: job.settings.node_log.to_owned(), run: name, who: who() },
            folder,
            mark: format!("@bricklayer-{:016x}", RandomState::new().build_hasher().finish()),
        };
        listen(&context);
        Ok(Self { job, context, sequencer, backed_up: AtomicBool::new(false), told: Mutex::default() })
    }

    /// Looks at all nodes of all rooms.
    pub(super) async fn look(&self, why: LookWhy, purpose: Purpose) -> Look {
        exec::look(&self.context, why, &probes(&self.job, purpose)).await
    }

    /// Decides, and tells it: a plan, or every reason why there is none.
    pub(super) async fn decide(&self, look: &Look, request: &Request) -> Option<Plan> {
        match decide(&self.job, look, request) {
            Ok(mut plan) => {
                self.only_news(&mut plan.notes);
                self.context.tell.send(Event::Planned { plan: plan.clone() }).await;
                Some(plan)
            }
            Err(refusals) => {
                self.refuse(refusals).await;
                None
            }
        }
    }

    fn only_news(&self, notes: &mut Vec<Note>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        notes.retain(|note| !told.contains(note));
        told.extend(notes.iter().cloned());
    }

    pub(super) async fn refuse(&self, refusals: Vec<Refusal>) {
        self.context.tell.send(Event::Refused { refusals }).await;
    }

    /// Makes the inventory's file say what this run wants, where it does not yet.
    pub(super) async fn write_inventory(&self) -> Result<(), Fault> {
        let Some(change) = &self.job.change else { return Ok(()) };
        change.write()?;
        let (path, diff) = (change.path().display().to_string(), change.diff());
        self.context.tell.send(Event::InventoryChanged { path, diff }).await;
        Ok(())
    }

    /// Renders everything before the first change, so that a mistake in a playbook costs nothing.
    pub(super) fn render(&self, plan: &Plan) -> Result<Ready, Fault> {
        render(&self.job, plan)
    }

    /// Says goodbye to all nodes and ends the run with the code that `judge` finds, or with the fault's.
    pub(super) async fn end(
        self,
        outcome: Result<(), Fault>,
        judge: impl FnOnce(&RunState) -> u8 + Send + 'static,
    ) -> Result<u8, Fault> {
        self.context.fleet.close().await;
        let code = outcome.as_ref().err().map(Fault::code);
        self.context.tell.end(move |state| code.unwrap_or_else(|| judge(state))).await;
        let finished = self.sequencer.finish().await?;
        outcome?;
        Ok(finished.code())
    }
}

/// Every task's playbook with its variables filled in.
pub(super) fn render(job: &Job, plan: &Plan) -> Result<Ready, Fault> {
    plan.tasks().map(|task| Ok((task.id.clone(), job.library.render(task)?))).collect()
}

/// All rooms' plans one after the other, or all rooms' refusals.
pub(super) fn decide(job: &Job, look: &Look, request: &Request) -> Result<Plan, Vec<Refusal>> {
    let mut whole = Plan::default();
    let mut refusals = Vec::new();
    for room in &job.rooms {
        match room.plan(look, request) {
            Ok(plan) => {
                whole.stages.extend(plan.stages);
                whole.notes.extend(plan.notes);
                whole.open = whole.open.or(plan.open);
            }
            Err(reasons) => refusals.extend(reasons),
        }
    }
    whole.notes.extend(job.unmanaged());
    if refusals.is_empty() { Ok(whole) } else { Err(refusals) }
}

pub(super) fn probes(job: &Job, purpose: Purpose) -> BTreeMap<NodeName, Probe> {
    let probe = |node: &NodeName| {
        let mut sections = Vec::new();
        let mut names = BTreeSet::new();
        for room in job.rooms.iter().filter(|room| room.nodes().contains(node)) {
            let (asked, resolve) = room.ask(node, purpose);
            sections.extend(asked);
            names.extend(resolve);
        }
        Probe::new(&names.iter().map(String::as_str).collect::<Vec<_>>(), sections)
    };
    job.nodes().into_iter().map(|node| (node.clone(), probe(&node))).collect()
}

fn who() -> String {
    let user = std::env::var("USER").unwrap_or_else(|_| format!("uid {}", rustix::process::getuid().as_raw()));
    format!("{user}@{}", rustix::system::uname().nodename().to_string_lossy())
}

// Ctrl-C twice counts; more often says nothing new.
fn listen(context: &Context) {
    let (interrupt, tell) = (context.interrupt.clone(), context.tell.clone());
    tokio::spawn(async move {
        for count in 1..=2 {
            if tokio::signal::ctrl_c().await.is_err() {
                break;
            }
            // Before anybody acts on it, so that what runs then is told as such.
            tell.send(Event::Interrupted { count }).await;
            interrupt.press();
        }
    });
}
