//! What happens when nodes answer, fail, fall silent, or are held by somebody else: against the scripted fake.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::events::{Event, FailureKind, LookWhy, Redactor, RunState, Sequencer, Stamped, StepEnd, Teller};
use crate::exec::{Context, Fleet, Interrupt, LockError, Locks, Ready, StageEnd, lock, look, run_stage, run_waves};
use crate::facts::{Probe, Section, Seen};
use crate::model::{NodeName, Secret, Service};
use crate::plan::{Plan, Stage, Task, TaskId, Then, Var, Wave};
use crate::playbook::{Library, NodeLog};
use crate::transport::fake::{Call, FakeTransport, reply};
use crate::transport::{Captured, ConnectError, RunError};

const MARK: &str = "@m";

struct Keep(Arc<Mutex<Vec<Event>>>);

impl Teller for Keep {
    fn name(&self) -> &'static str {
        "keep"
    }

    fn tell(&mut self, stamped: &Stamped, _state: &RunState) -> io::Result<()> {
        self.0.lock().unwrap().push(stamped.event.clone());
        Ok(())
    }
}

/// A run of these nodes; answers what `work` did and all events. Any illegal event fails the test.
async fn run<T>(fake: &FakeTransport, nodes: &[&str], work: impl AsyncFnOnce(&Context) -> T) -> (T, Vec<Event>) {
    run_in(None, fake, nodes, work).await
}

async fn run_in<T>(
    folder: Option<PathBuf>,
    fake: &FakeTransport,
    nodes: &[&str],
    work: impl AsyncFnOnce(&Context) -> T,
) -> (T, Vec<Event>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let (tell, sequencer) = Sequencer::start(vec![Box::new(Keep(events.clone()))], Box::new(|| 0));
    let context = Context {
        fleet: Fleet::new(Arc::new(fake.clone()), 10),
        tell: tell.clone(),
        redact: Arc::new(Redactor::new([&Secret::new("hunter2".to_owned())])),
        interrupt: Interrupt::default(),
        log: NodeLog { path: "/log".to_owned(), run: "run".to_owned(), who: "me@here".to_owned() },
        folder,
        mark: MARK.to_owned(),
    };
    let nodes = nodes.iter().map(|node| NodeName::new(node)).collect();
    let (run, command, inventory) = ("run".to_owned(), "test".to_owned(), "inventory".to_owned());
    tell.send(Event::RunStarted { run, command, inventory, nodes }).await;
    let done = work(&context).await;
    drop(context);
    tell.end(|_| 0).await;
    let finished = sequencer.finish().await.unwrap();
    assert!(finished.state.bugs().is_empty(), "{:?}", finished.state.bugs());
    let events = events.lock().unwrap().clone();
    (done, events)
}

fn task(node: &str, brick: &str) -> Task {
    Task {
        id: TaskId::new("glusterfs/brick", &NodeName::new(node)),
        service: Some(Service::Glusterfs),
        vars: BTreeMap::from([("brick".to_owned(), Var::Text(brick.to_owned()))]),
        why: "test".to_owned(),
        files: BTreeMap::new(),
    }
}

fn service(node: &str) -> Task {
    let id = TaskId::new("glusterfs/service", &NodeName::new(node));
    Task { id, vars: BTreeMap::new(), ..task(node, "") }
}

fn stage(waves: Vec<Vec<Task>>) -> (Stage, Ready) {
    let waves: Vec<_> = waves.into_iter().map(|tasks| Wave { tasks }).collect();
    let library = Library::builtin().unwrap();
    let tasks = waves.iter().flat_map(|wave| &wave.tasks);
    let ready = tasks.map(|task| (task.id.clone(), library.render(task).unwrap())).collect();
    (Stage { name: "stage".to_owned(), doc: String::new(), waves, then: Then::GoOn }, ready)
}

async fn planned(context: &Context, stage: &Stage) {
    let plan = Plan { stages: vec![stage.clone()], ..Plan::default() };
    context.tell.send(Event::Planned { plan }).await;
}

fn ends(events: &[Event]) -> Vec<(String, String)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::StepEnded { task, end, .. } => {
                let how = match end {
                    StepEnd::Changed => "changed".to_owned(),
                    StepEnd::Unchanged => "unchanged".to_owned(),
                    StepEnd::Passed => "passed".to_owned(),
                    StepEnd::Failed { failure } => format!("{:?} {}", failure.kind, failure.command),
                };
                Some((task.to_string(), how))
            }
            Event::TaskSkipped { task, why } => Some((task.to_string(), format!("skipped: {why}"))),
            _ => None,
        })
        .collect()
}

fn ended(task: &str, how: &str) -> (String, String) {
    (format!("glusterfs/{task}"), how.to_owned())
}

#[tokio::test]
async fn a_look_knows_what_answered_and_why_the_rest_did_not() {
    let gone = ConnectError::Unreachable { address: "10.0.0.2:22".to_owned(), cause: "timed out".to_owned() };
    let fake = FakeTransport::new().on("a", "echo hello", reply(0, "no frame")).unreachable("b", gone);
    let probe = || Probe::new(&[], vec![Section::new("x", "echo hello")]);
    let probes = [("a", probe()), ("b", probe())].map(|(node, probe)| (NodeName::new(node), probe)).into();
    let (seen, events) = run(&fake, &["a", "b"], async |context| look(context, LookWhy::First, &probes).await).await;
    // A node whose shell prints something else than the probe is unknown, not empty.
    assert!(matches!(&seen.nodes[&NodeName::new("a")], Seen::Unknown(why) if why.contains("ended early")));
    assert!(matches!(&seen.nodes[&NodeName::new("b")], Seen::Unknown(why) if why.contains("timed out")));
    let remedies: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::NodeUnknown { failure, .. } => Some(failure.remedy.as_str()),
            _ => None,
        })
        .collect();
    assert!(remedies.iter().any(|remedy| remedy.contains("is up")), "{remedies:?}");
}

#[tokio::test]
async fn a_look_over_an_old_connection_that_broke_is_tried_once_more() {
    let lost = || Err(RunError::Lost("reset by peer".to_owned()));
    let fake = FakeTransport::new().on("a", "echo hello", reply(0, "no frame")).once("a", "echo hello", lost());
    let probe = Probe::new(&[], vec![Section::new("x", "echo hello")]);
    let a = NodeName::new("a");
    let probes = BTreeMap::from([(a.clone(), probe)]);
    let looks = async |context: &Context| {
        let _session = context.fleet.session(&a).await.unwrap();
        look(context, LookWhy::First, &probes).await
    };
    let (seen, _) = run(&fake, &["a"], looks).await;
    assert!(matches!(&seen.nodes[&a], Seen::Unknown(why) if why.contains("ended early")), "{:?}", seen.nodes[&a]);
    assert_eq!(fake.scripts("a").len(), 2);

    // A connection made for this look tells the truth.
    let fake = FakeTransport::new().on("a", "echo hello", lost());
    let (seen, _) = run(&fake, &["a"], async |context| look(context, LookWhy::First, &probes).await).await;
    assert!(matches!(&seen.nodes[&a], Seen::Unknown(why) if why.contains("reset by peer")), "{:?}", seen.nodes[&a]);
    assert_eq!(fake.scripts("a").len(), 1);
}

// The second Ctrl-C.
async fn give_up(context: &Context) {
    for _ in 0..2 {
        context.tell.send(Event::Interrupted { count: context.interrupt.press() }).await;
    }
}

#[tokio::test]
async fn a_lock_is_not_waited_for_after_the_second_ctrl_c() {
    let fake = FakeTransport::new().on("a", "bricklayer.lock", reply(0, "taken\n"));
    let (refusal, _) = run(&fake, &["a"], async |context| {
        give_up(context).await;
        lock(context, &[NodeName::new("a")]).await.err().unwrap()
    })
    .await;
    let LockError::Failed(refusal) = refusal else { panic!("{refusal:?}") };
    assert!(refusal.what.starts_with("interrupted") && fake.scripts("a").is_empty(), "{refusal:?}");
}

#[tokio::test]
async fn why_a_node_was_not_reached_is_told_once_and_then_it_is_tried_again() {
    let gone = ConnectError::Unreachable { address: "10.0.0.2:22".to_owned(), cause: "timed out".to_owned() };
    let fake = FakeTransport::new().node("a").unreachable("b", gone);
    let b = NodeName::new("b");
    run(&fake, &["a", "b"], async |context| {
        let reachable = context.fleet.connect(&["a", "b"].map(NodeName::new).into()).await;
        assert_eq!(reachable, [NodeName::new("a")]);
        let tries = || fake.calls().iter().filter(|call| **call == Call::Connect(b.clone())).count();
        assert!(context.fleet.session(&b).await.is_err() && tries() == 1);
        assert!(context.fleet.session(&b).await.is_err() && tries() == 2);
    })
    .await;
}

#[tokio::test]
async fn a_look_is_left_after_the_second_ctrl_c() {
    let fake = FakeTransport::new();
    let (seen, _) = run(&fake, &["a"], async |context| {
        give_up(context).await;
        let probes = BTreeMap::from([(NodeName::new("a"), Probe::new(&[], Vec::new()))]);
        look(context, LookWhy::First, &probes).await
    })
    .await;
    let Seen::Unknown(why) = &seen.nodes[&NodeName::new("a")] else { panic!("{seen:?}") };
    assert!(why.starts_with("interrupted"), "{why}");
}

#[tokio::test]
async fn a_node_that_fails_is_left_alone_and_the_others_finish_their_wave() {
    let fake = FakeTransport::new()
        .on("a", "glusterfs/brick", reply(1, "\n@m failed script 7\n"))
        .on("b", "glusterfs/brick", reply(0, "\n@m changed\n"))
        .on("b", "glusterfs/service", reply(0, "\n@m unchanged\n"));
    let (stage, ready) =
        stage(vec![vec![task("a", "/b"), service("a"), task("b", "/b"), service("b")], vec![service("c")]]);
    let (end, events) = run(&fake, &["a", "b", "c"], async |context| {
        planned(context, &stage).await;
        run_stage(context, &Locks::default(), &stage, &ready).await
    })
    .await;
    assert_eq!(end, StageEnd::Stopped);
    let mut found = ends(&events);
    found.sort();
    let mut wanted = vec![
        ended("brick@a", "Step script"),
        ended("service@a", "skipped: `glusterfs/brick` failed before"),
        ended("brick@b", "changed"),
        ended("service@b", "unchanged"),
        ended("service@c", "skipped: a failed before"),
    ];
    wanted.sort();
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn a_broken_connection_is_unknown_and_the_step_is_never_run_again() {
    let fake = FakeTransport::new().on("a", "glusterfs/brick", Err(RunError::Lost("reset by peer".to_owned())));
    let (stage, ready) = stage(vec![vec![task("a", "/b")]]);
    let ((), events) = run(&fake, &["a"], async |context| {
        planned(context, &stage).await;
        run_stage(context, &Locks::default(), &stage, &ready).await;
        // The next use connects anew.
        let _session = context.fleet.session(&NodeName::new("a")).await.unwrap();
    })
    .await;
    assert_eq!(ends(&events), [ended("brick@a", &format!("{:?} folder", FailureKind::Unknown))]);
    assert_eq!(fake.scripts("a").len(), 1);
    assert_eq!(fake.calls().iter().filter(|call| matches!(call, Call::Connect(_))).count(), 2);
}

#[tokio::test]
async fn a_script_that_says_nothing_of_its_end_is_not_taken_for_done() {
    let fake = FakeTransport::new().on("a", "glusterfs/brick", reply(0, "all fine, says somebody's shell\n"));
    let (stage, ready) = stage(vec![vec![task("a", "/b")]]);
    let (end, _) = run(&fake, &["a"], async |context| {
        planned(context, &stage).await;
        run_stage(context, &Locks::default(), &stage, &ready).await
    })
    .await;
    assert_eq!(end, StageEnd::Stopped);
}

#[tokio::test]
async fn after_ctrl_c_nothing_new_is_begun() {
    let fake = FakeTransport::new().node("a");
    let (stage, ready) = stage(vec![vec![task("a", "/b")], vec![service("a")]]);
    let (end, events) = run(&fake, &["a"], async |context| {
        planned(context, &stage).await;
        context.tell.send(Event::Interrupted { count: context.interrupt.press() }).await;
        run_stage(context, &Locks::default(), &stage, &ready).await
    })
    .await;
    assert!(end == StageEnd::Stopped && fake.scripts("a").is_empty());
    assert_eq!(ends(&events), [ended("brick@a", "skipped: interrupted"), ended("service@a", "skipped: interrupted")]);
}

#[tokio::test]
async fn a_lock_that_somebody_holds_is_named_and_the_others_are_let_go() {
    let fake = FakeTransport::new().on("a", "bricklayer.lock", reply(0, "taken\n")).on(
        "b",
        "bricklayer.lock",
        reply(0, "held eve@desk (run 7) since noon\n"),
    );
    let nodes = ["a", "b"].map(NodeName::new);
    let (refusal, _) = run(&fake, &["a", "b"], async |context| lock(context, &nodes).await.err().unwrap()).await;
    let LockError::Held(refusal) = refusal else { panic!("{refusal:?}") };
    assert!(refusal.what.contains("eve@desk (run 7) since noon") && !refusal.unreachable, "{refusal:?}");
    assert!(fake.calls().contains(&Call::Release(NodeName::new("a"))));
}

#[tokio::test]
async fn a_lock_that_falls_by_itself_is_noticed() {
    let fake = FakeTransport::new().on("a", "bricklayer.lock", reply(0, "taken\n"));
    let nodes = [NodeName::new("a")];
    run(&fake, &["a"], async |context| {
        let locks = lock(context, &nodes).await.ok().unwrap();
        assert_eq!(locks.lost(), None);
        fake.break_holds("a");
        assert_eq!(locks.lost(), Some(&nodes[0]));
        locks.release().await;
    })
    .await;
}

#[tokio::test]
async fn without_the_lock_nothing_new_is_begun() {
    let fake = FakeTransport::new().on("a", "bricklayer.lock", reply(0, "taken\n"));
    let (stage, ready) = stage(vec![vec![task("a", "/b")], vec![service("a")]]);
    let (end, events) = run(&fake, &["a"], async |context| {
        planned(context, &stage).await;
        let locks = lock(context, &[NodeName::new("a")]).await.ok().unwrap();
        fake.break_holds("a");
        run_stage(context, &locks, &stage, &ready).await
    })
    .await;
    assert_eq!(end, StageEnd::Unlocked(NodeName::new("a")));
    let why = "skipped: the lock on a is lost";
    assert_eq!(ends(&events), [ended("brick@a", why), ended("service@a", why)]);
}

#[tokio::test]
async fn what_a_step_printed_last_is_in_its_failure() {
    let mut outcome = reply(1, "line on standard output\n\n@m failed verify 3\n").unwrap();
    outcome.stderr = Captured { text: "first\nE: Unable to locate package glusterfs-server\n".to_owned(), total: 0 };
    let fake = FakeTransport::new().on("a", "glusterfs/brick", Ok(outcome));
    let (stage, ready) = stage(vec![vec![task("a", "/b")]]);
    let (_, events) = run(&fake, &["a"], async |context| {
        planned(context, &stage).await;
        run_stage(context, &Locks::default(), &stage, &ready).await
    })
    .await;
    let failure = events.iter().find_map(|event| match event {
        Event::StepEnded { end: StepEnd::Failed { failure }, .. } => Some(failure),
        _ => None,
    });
    let failure = failure.unwrap();
    assert_eq!((failure.command.as_str(), failure.code), ("verify", Some(3)));
    assert_eq!(failure.stderr, "first\nE: Unable to locate package glusterfs-server");
    assert!(
        failure.remedy.contains("; or else "),
        "what is known of the message, and the step's own: {}",
        failure.remedy
    );
}

#[tokio::test]
async fn waves_go_on_until_more_have_failed_than_may() {
    for (spare, begun) in [(0, 1), (1, 3), (2, 3)] {
        let fake = FakeTransport::new()
            .on("a", "glusterfs/brick", reply(1, "\n@m failed script 7\n"))
            .on("b", "glusterfs/brick", reply(0, "\n@m changed\n"))
            .on("c", "glusterfs/brick", reply(1, "\n@m failed script 7\n"))
            .on("d", "glusterfs/brick", reply(0, "\n@m changed\n"));
        let waves = ["a", "b", "c", "d"].map(|node| vec![task(node, "/b")]);
        let (stage, ready) = stage(waves.to_vec());
        let (end, events) = run(&fake, &["a", "b", "c", "d"], async |context| {
            planned(context, &stage).await;
            run_waves(context, &Locks::default(), (&stage, &ready), spare).await
        })
        .await;
        assert_eq!(end, StageEnd::Stopped, "{spare}");
        let nodes = ["a", "b", "c", "d"].map(|node| fake.scripts(node).len());
        let wanted = if spare > 1 { 4 } else { begun };
        assert_eq!(nodes.iter().sum::<usize>(), wanted, "{spare}: {nodes:?}");
        let skipped = ends(&events).into_iter().filter(|(_, end)| end.starts_with("skipped")).collect::<Vec<_>>();
        let expected: Vec<_> = match spare {
            0 => ["b", "c", "d"].map(|n| ended(&format!("brick@{n}"), "skipped: a failed before")).into(),
            1 => vec![ended("brick@d", "skipped: a, c failed before")],
            _ => Vec::new(),
        };
        assert_eq!(skipped, expected);
    }
}

/// A step on one node that prints this; its lines as they were told, and the file with its text, where there is one.
async fn printed(folder: &Path, text: &str) -> (Vec<String>, Option<(String, u64, Option<String>)>) {
    let fake = FakeTransport::new().on("a", "glusterfs/brick", reply(0, &format!("{text}\n@m changed\n")));
    let (stage, ready) = stage(vec![vec![task("a", "/b")]]);
    let (_, events) = run_in(Some(folder.to_owned()), &fake, &["a"], async |context| {
        planned(context, &stage).await;
        run_stage(context, &Locks::default(), &stage, &ready).await
    })
    .await;
    let lines = events.iter().filter_map(|event| match event {
        Event::StepLine { line, .. } => Some(line.clone()),
        _ => None,
    });
    let kept = events.iter().find_map(|event| match event {
        Event::OutputKept { file, bytes, lost, .. } => {
            Some((std::fs::read_to_string(file).unwrap_or_default(), *bytes, lost.clone()))
        }
        _ => None,
    });
    (lines.collect(), kept)
}

#[tokio::test]
async fn what_is_little_is_told_and_what_is_much_lies_in_a_file_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (lines, kept) = printed(folder.path(), "one\n\nhunter2 two\n").await;
    assert_eq!((lines, kept), (["one", "*** two"].map(str::to_owned).to_vec(), None));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    // A secret across the border of two pieces; and twice the same step, each in a file of its own.
    let long = format!("{}hunter2{}", "x".repeat(64 * 1024 - 3), "y".repeat(300_000));
    for name in ["a.glusterfs-brick.folder.out", "a.glusterfs-brick.folder-2.out"] {
        let text = format!("first\n\n{}{long}\nlast", "0123456789abcde\n".repeat(20_000));
        let clean = text.replace("hunter2", "***") + "\n";
        let (lines, kept) = printed(folder.path(), &text).await;
        assert_eq!(kept, Some((clean.clone(), clean.len() as u64, None)));
        assert!(lines[0] == "first" && lines.len() < 20_000, "{}", lines.len());
        assert!(folder.path().join(name).exists());
    }

    let short = "x\n".repeat(100_000);
    assert_eq!(printed(folder.path(), &short).await.1, Some((short.clone(), 200_000, None)), "more than can be told");
    let (_, kept) = printed(&folder.path().join("none"), &short).await;
    assert!(kept.is_some_and(|(_, _, lost)| lost.unwrap().contains("No such file")));
}
