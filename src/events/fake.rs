//! Runs that never happened, for the tests of the fold and of the reporters: a naive model of `exec` that keeps
//! books of its own, so that the fold can be judged by them.

use std::collections::{BTreeMap, BTreeSet};

use crate::events::{Event, Failure, FailureKind, LookWhy, NodeSummary, Stamped, StepEnd, Summary};
use crate::model::{NodeName, Service};
use crate::plan::{Level, Note, Plan, Refusal, Stage, Task, TaskId, Then, Wave};

/// What a fake run is like.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    pub(crate) nodes: usize,
    /// Of a hundred steps, how many fail.
    pub(crate) failing: u64,
    /// Of a hundred looks at a node, how many fail.
    pub(crate) unknown: u64,
    pub(crate) seed: u64,
}

/// A fake run: every event but the last, each with its time, and what it adds up to.
pub(crate) struct FakeRun {
    pub(crate) events: Vec<(i64, Event)>,
    pub(crate) books: BTreeMap<NodeName, NodeSummary>,
    now: i64,
    seed: u64,
}

pub(crate) const START: i64 = 1_763_816_471_000;

const STEPS: [(&str, &[(&str, &str)]); 5] = [
    ("glusterfs/install", &[("packages", "Install the packages"), ("daemon", "Enable and start glusterd")]),
    ("glusterfs/brick", &[("brick", "Create directory: /data/glusterfs/shared")]),
    ("glusterfs/peers", &[("probe", "Probe the peers"), ("settle", "Wait until every node sees every other")]),
    ("glusterfs/volume", &[("create", "Create volume: shared_data"), ("start", "Start the volume")]),
    ("glusterfs/mount", &[("fstab", "Write the fstab line"), ("mount", "Mount the volume at /mnt/gluster")]),
];

pub(crate) fn names(count: usize) -> Vec<NodeName> {
    (1..=count).map(|n| NodeName::new(&format!("server{n}"))).collect()
}

pub(crate) fn failure(kind: FailureKind, what: &str) -> Failure {
    Failure {
        kind,
        what: what.into(),
        command: "script".into(),
        code: Some(100),
        stderr: "Reading package lists...\nE: Unable to locate package glusterfs-server".into(),
        remedy: "run `apt-get update` on the node and look at its package sources, then run the same command again"
            .into(),
    }
}

pub(crate) fn task(playbook: &str, node: &NodeName, why: &str) -> Task {
    let id = TaskId::new(playbook, node);
    Task { id, service: Some(Service::Glusterfs), vars: BTreeMap::new(), why: why.into(), files: BTreeMap::new() }
}

/// The plan of a first `up` on these nodes.
pub(crate) fn plan(nodes: &[NodeName]) -> Plan {
    let all = |playbook: &'static str, why: &'static str| nodes.iter().map(move |node| task(playbook, node, why));
    let first =
        |playbook: &str, why: &str| Wave { tasks: nodes.iter().take(1).map(|n| task(playbook, n, why)).collect() };
    let stage = |name: &str, doc: &str, waves| Stage { name: name.into(), doc: doc.into(), waves, then: Then::GoOn };
    let prepare = all("glusterfs/install", "glusterd is not installed")
        .chain(all("glusterfs/brick", "the brick directory does not exist"));
    let pool = vec![
        first("glusterfs/peers", "the nodes do not know each other"),
        first("glusterfs/volume", "there is no volume"),
    ];
    Plan {
        open: None,
        stages: vec![
            stage("glusterfs/prepare", "packages, daemon and brick", vec![Wave { tasks: prepare.collect() }]),
            stage("glusterfs/pool", "one pool, one volume", pool),
            stage(
                "glusterfs/mount",
                "mounted now and at every boot",
                vec![Wave { tasks: all("glusterfs/mount", "the volume is not mounted").collect() }],
            ),
        ],
        notes: vec![Note {
            level: Level::Warning,
            node: None,
            text: "the brick is on the root file system of every node".into(),
        }],
    }
}

/// Stamps events in order.
pub(crate) fn stamp(events: impl IntoIterator<Item = (i64, Event)>) -> Vec<Stamped> {
    let number = |(seq, (at_ms, event))| Stamped { seq: seq as u64, at_ms, event };
    events.into_iter().enumerate().map(number).collect()
}

impl Fleet {
    pub(crate) fn run(&self) -> FakeRun {
        let nodes = names(self.nodes);
        let books = nodes.iter().map(|node| (node.clone(), NodeSummary::default())).collect();
        let mut run = FakeRun { events: Vec::new(), books, now: START, seed: self.seed };
        run.say(Event::RunStarted {
            run: "20251122-130111-1f3a".into(),
            command: "bricklayer up --yes".into(),
            inventory: "inventory/my_multihead_cluster.yaml".into(),
            nodes: nodes.clone(),
        });
        let seen = run.look(LookWhy::First, &nodes, self.unknown);
        if seen.len() < nodes.len() && run.dice(2) == 0 {
            let refusal = |node: &NodeName| Refusal {
                node: Some(node.clone()),
                what: "`server9` could not be looked at, and no cluster is made without it".into(),
                remedy: "bricklayer up --bootstrap --absent server9".into(),
                unreachable: true,
            };
            run.say(Event::Refused { refusals: nodes.iter().filter(|n| !seen.contains(*n)).map(refusal).collect() });
            return run;
        }
        let plan = plan(&seen.iter().cloned().collect::<Vec<_>>());
        run.say(Event::Planned { plan: plan.clone() });
        run.say(Event::Locked { nodes: seen.iter().cloned().collect() });
        let seen = run.look(LookWhy::Locked, &nodes, 0).intersection(&seen).cloned().collect::<BTreeSet<_>>();
        run.say(Event::Planned { plan: plan.clone() });
        run.stages(&plan, self.failing);
        let why = if run.books.values().any(|node| node.failed > 0) { LookWhy::Failure } else { LookWhy::End };
        run.look(why, &nodes, 0);
        run.say(Event::Planned { plan: Plan::default() });
        debug_assert!(!seen.is_empty() || plan.tasks().count() == 0);
        run
    }
}

impl FakeRun {
    /// All events, stamped, with the end that the books ask for.
    pub(crate) fn stamped(&self, code: u8) -> Vec<Stamped> {
        let ms = u64::try_from(self.now - START).unwrap();
        let end = Event::RunEnded { code, summary: Summary { nodes: self.books.clone(), ms } };
        stamp(self.events.iter().cloned().chain([(self.now, end)]))
    }

    fn dice(&mut self, sides: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % sides
    }

    fn say(&mut self, event: Event) {
        self.events.push((self.now, event));
    }

    fn book(&mut self, node: &NodeName) -> &mut NodeSummary {
        self.books.get_mut(node).unwrap()
    }

    fn look(&mut self, why: LookWhy, nodes: &[NodeName], unknown: u64) -> BTreeSet<NodeName> {
        self.say(Event::LookStarted { why });
        let mut answers: Vec<(u64, NodeName)> = nodes.iter().map(|n| (self.dice(900) + 50, n.clone())).collect();
        answers.sort();
        let (begin, mut seen) = (self.now, BTreeSet::new());
        for (ms, node) in answers {
            self.now = begin + i64::try_from(ms).unwrap();
            let dead = self.dice(100) < unknown;
            self.book(&node).unreachable = dead;
            if dead {
                let failure = failure(FailureKind::Unreachable, "connecting to 192.168.1.9:22 timed out after 10 s");
                self.say(Event::NodeUnknown { node, failure });
            } else {
                seen.insert(node.clone());
                self.say(Event::NodeSeen { node, ms });
            }
        }
        seen
    }

    fn stages(&mut self, plan: &Plan, failing: u64) {
        let mut failed = BTreeSet::new();
        for stage in &plan.stages {
            if !failed.is_empty() {
                for task in stage.waves.iter().flat_map(|wave| &wave.tasks) {
                    self.skip(&task.id);
                }
                continue;
            }
            self.say(Event::StageStarted { stage: stage.name.clone() });
            for wave in &stage.waves {
                self.wave(wave, failing, &mut failed);
            }
            self.say(Event::StageEnded { stage: stage.name.clone() });
        }
    }

    fn skip(&mut self, task: &TaskId) {
        self.book(&task.node).skipped += 1;
        self.say(Event::TaskSkipped { task: task.clone(), why: "an earlier task failed".into() });
    }

    /// Every node works through its own queue; what happens next is whatever is due first.
    fn wave(&mut self, wave: &Wave, failing: u64, failed: &mut BTreeSet<NodeName>) {
        let mut queues: BTreeMap<NodeName, Vec<(TaskId, &str, &str)>> = BTreeMap::new();
        for task in &wave.tasks {
            let steps = STEPS.iter().find(|(playbook, _)| *playbook == task.id.playbook).unwrap().1;
            let queue = queues.entry(task.id.node.clone()).or_default();
            queue.extend(steps.iter().map(|(step, doc)| (task.id.clone(), *step, *doc)));
        }
        // A node's next moment: when it is due, and since when its step runs, if one does.
        let mut due: BTreeSet<(i64, NodeName, Option<i64>)> =
            queues.keys().map(|node| (self.now, node.clone(), None)).collect();
        while let Some((at, node, since)) = due.pop_first() {
            self.now = self.now.max(at);
            let now = self.now;
            let queue = queues.get_mut(&node).unwrap();
            if failed.contains(&node) {
                let mut rest: Vec<_> = queue.drain(..).map(|(task, ..)| task).collect();
                rest.dedup();
                for task in &rest {
                    self.skip(task);
                }
                continue;
            }
            let Some((task, step, doc)) = queue.first().cloned() else { continue };
            let step = step.to_owned();
            if let Some(since) = since {
                queue.remove(0);
                let end = self.step_end(failing);
                let ms = u64::try_from(now - since).unwrap();
                if matches!(end, StepEnd::Failed { .. }) {
                    failed.insert(node.clone());
                    queues.get_mut(&node).unwrap().retain(|(other, ..)| *other != task);
                }
                self.note(&node, &end, ms);
                self.say(Event::StepEnded { task, step, end, ms });
                due.insert((now, node, None));
            } else {
                self.say(Event::StepStarted { task: task.clone(), step: step.clone(), doc: doc.into() });
                let line = format!("Get:{} http://deb.debian.org/debian bookworm/main", self.dice(90));
                self.say(Event::StepLine { task, step, line });
                due.insert((now + i64::try_from(self.dice(4000)).unwrap() + 200, node, Some(now)));
            }
        }
    }

    fn step_end(&mut self, failing: u64) -> StepEnd {
        if self.dice(100) < failing {
            let what = "the package `glusterfs-server` cannot be installed";
            return StepEnd::Failed { failure: failure(FailureKind::Step, what) };
        }
        [StepEnd::Changed, StepEnd::Changed, StepEnd::Unchanged, StepEnd::Passed]
            [usize::try_from(self.dice(4)).unwrap()]
        .clone()
    }

    fn note(&mut self, node: &NodeName, end: &StepEnd, ms: u64) {
        let book = self.book(node);
        book.ms += ms;
        match end {
            StepEnd::Changed => book.changed += 1,
            StepEnd::Failed { .. } => book.failed += 1,
            StepEnd::Unchanged | StepEnd::Passed => book.unchanged += 1,
        }
    }
}
