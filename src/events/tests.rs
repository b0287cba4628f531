//! The law by examples, the fold against the books of the fake, and the sequencer.

use std::sync::{Arc, Mutex};
use std::{collections::BTreeSet, io};

use proptest::prelude::*;

use super::fake::{self, Fleet, START, failure};
use super::*;
use crate::model::NodeName;
use crate::plan::{Plan, Refusal, TaskId};

fn node(name: &str) -> NodeName {
    NodeName::new(name)
}

fn id(playbook: &str, name: &str) -> TaskId {
    TaskId::new(playbook, &node(name))
}

fn refusal(unreachable: bool) -> Event {
    let refusal = Refusal { node: None, what: "no".into(), remedy: "yes".into(), unreachable };
    Event::Refused { refusals: vec![refusal] }
}

fn bad_end() -> StepEnd {
    StepEnd::Failed { failure: failure(FailureKind::Step, "broken") }
}

/// Two nodes, `a` and `b`; the words of the table below.
fn event(word: &str) -> Event {
    let (what, rest) = word.split_once(' ').unwrap_or((word, ""));
    let mut words = rest.split(' ').map(str::to_owned);
    let mut next = || words.next().unwrap_or_default();
    let step = |playbook: String, name: String| id(&format!("glusterfs/{playbook}"), &name);
    match what {
        "start" => {
            let (run, command, inventory) = ("r".into(), "up".into(), "i".into());
            Event::RunStarted { run, command, inventory, nodes: vec![node("a"), node("b")] }
        }
        "look" => Event::LookStarted { why: LookWhy::First },
        "look-after-failure" => Event::LookStarted { why: LookWhy::Failure },
        "look-after-stage" => Event::LookStarted { why: LookWhy::Stage },
        "seen" => Event::NodeSeen { node: node(&next()), ms: 1 },
        "unknown" => Event::NodeUnknown { node: node(&next()), failure: failure(FailureKind::Unreachable, "gone") },
        "plan" => Event::Planned { plan: fake::plan(&[node("a"), node("b")]) },
        "strange-plan" => Event::Planned { plan: fake::plan(&[node("z")]) },
        "refuse" => refusal(false),
        "lock" => Event::Locked { nodes: vec![node(&next())] },
        "stage" => Event::StageStarted { stage: format!("glusterfs/{}", next()) },
        "stage-end" => Event::StageEnded { stage: format!("glusterfs/{}", next()) },
        "step" => Event::StepStarted { task: step(next(), next()), step: next(), doc: String::new() },
        "output" => {
            let (task, step) = (step(next(), next()), next());
            Event::OutputKept { task, step, file: "/f".into(), bytes: 7, lost: None }
        }
        "line" => Event::StepLine { task: step(next(), next()), step: next(), line: "l".into() },
        "done" => Event::StepEnded { task: step(next(), next()), step: next(), end: StepEnd::Changed, ms: 1 },
        "fail" => Event::StepEnded { task: step(next(), next()), step: next(), end: bad_end(), ms: 1 },
        "leave" => Event::StepsSkipped { task: step(next(), next()), steps: vec!["y".into()], why: "w".into() },
        "skip" => Event::TaskSkipped { task: step(next(), next()), why: "w".into() },
        "ctrl-c" => Event::Interrupted { count: next().parse().unwrap() },
        "bug" => Event::Bug { what: "b".into() },
        other => panic!("no word `{other}`"),
    }
}

/// Folds a story of events, divided by commas. `end` is an end with the right summary, `wrong-end` one with a wrong one.
fn fold(story: &str) -> Result<RunState, IllegalTransition> {
    let mut state = RunState::new();
    for word in story.split(',').map(str::trim) {
        let event = match word {
            "end" => Event::RunEnded { code: 0, summary: state.summary_at(START) },
            "wrong-end" => Event::RunEnded { code: 0, summary: Summary { ms: 9, ..state.summary_at(START) } },
            word => event(word),
        };
        state.apply(&Stamped { seq: state.next_seq(), at_ms: START, event })?;
    }
    Ok(state)
}

const SEEN: &str = "start, look, seen a, seen b, plan";

#[test]
fn legal_stories_fold() {
    let stories = [
        "start, end",
        "start, plan, end",
        "start, look, seen a, unknown b, refuse, end",
        "start, look, seen a, seen b, refuse, look, seen a, seen b, plan, end",
        "SEEN, lock a, look, seen b, seen a, plan, end",
        "start, lock a, look, seen b, unknown a, plan, end",
        "SEEN, refuse, end",
        "SEEN, stage prepare, stage-end prepare, stage pool, stage-end pool, end",
        "SEEN, stage mount, stage-end mount, end",
        "SEEN, stage prepare, step install a x, step install b x, line install a x, done install b x, done install a x, \
         step install a y, done install a y, step brick a x, done brick a x, stage-end prepare, end",
        "SEEN, stage prepare, step install a x, fail install a x, skip brick a, skip mount a, stage-end prepare, end",
        "SEEN, stage prepare, step install a x, fail install a x, stage-end prepare, look, seen a, seen b, plan, \
         stage prepare, step install a x, done install a x, stage-end prepare, end",
        "start, look, seen a, unknown b, plan, look, seen a, seen b, plan, stage prepare, step install b x, \
         done install b x, stage-end prepare, end",
        "start, look, ctrl-c 1, seen a, end",
        "SEEN, stage prepare, step install a x, line install a x, output install a x, ctrl-c 1, done install a x, \
         leave install a, skip brick a, stage-end prepare, end",
        "SEEN, stage prepare, ctrl-c 1, step install a x, done install a x, end",
        "SEEN, stage prepare, step install a x, ctrl-c 1, ctrl-c 2, end",
        "SEEN, stage prepare, step install a x, bug, end",
        "bug, start, end",
    ];
    for story in stories {
        let story = story.replace("SEEN", SEEN);
        let state = fold(&story).unwrap_or_else(|illegal| panic!("{story}: {illegal}"));
        assert_eq!(state.ended(), Some(0), "{story}");
    }
}

#[test]
fn illegal_stories_are_refused_for_the_right_reason() {
    use IllegalTransition as I;
    let busy = I::Busy { node: node("a"), step: "y".into(), running: "x".into() };
    let idle = |playbook, step: &str| I::NotRunning { task: id(playbook, "a"), step: step.into() };
    let table = [
        ("look", I::NotStarted),
        ("end", I::NotStarted),
        ("bug, look", I::NotStarted),
        ("start, start", I::StartedTwice),
        ("start, end, look", I::Ended),
        ("start, end, bug", I::Ended),
        ("start, end, end", I::Ended),
        ("start, wrong-end", I::Summary),
        ("start, seen a", I::NotLooking(node("a"))),
        ("start, look, seen z", I::Stranger(node("z"))),
        ("start, look, seen a, seen a", I::NotLooking(node("a"))),
        ("start, look, seen a, unknown a", I::NotLooking(node("a"))),
        ("start, look, seen a, look", I::LookOpen(node("b"))),
        ("start, look, seen a, plan", I::LookOpen(node("b"))),
        ("start, look, seen a, refuse", I::LookOpen(node("b"))),
        ("start, look, seen a, end", I::LookOpen(node("b"))),
        ("start, strange-plan", I::Stranger(node("z"))),
        ("start, stage prepare", I::NotPlanned("glusterfs/prepare".into())),
        ("SEEN, stage paint", I::NotPlanned("glusterfs/paint".into())),
        ("SEEN, stage prepare, stage pool", I::StageOpen("glusterfs/prepare".into())),
        ("SEEN, stage prepare, look", I::StageOpen("glusterfs/prepare".into())),
        ("SEEN, stage prepare, plan", I::StageOpen("glusterfs/prepare".into())),
        ("SEEN, stage prepare, end", I::StageOpen("glusterfs/prepare".into())),
        ("SEEN, stage pool, stage-end pool, stage prepare", I::StageOrder("glusterfs/prepare".into())),
        ("SEEN, stage pool, stage-end pool, stage pool", I::StageOrder("glusterfs/pool".into())),
        ("SEEN, stage-end prepare", I::NotTheStage("glusterfs/prepare".into())),
        ("SEEN, stage pool, stage-end prepare", I::NotTheStage("glusterfs/prepare".into())),
        ("SEEN, refuse, plan", I::Refused),
        ("SEEN, refuse, stage prepare", I::Refused),
        ("SEEN, refuse, lock a", I::Refused),
        ("SEEN, lock a, lock b", I::LockedTwice),
        ("SEEN, lock z", I::Stranger(node("z"))),
        ("SEEN, step install a x", I::OutsideStage(id("glusterfs/install", "a"))),
        ("SEEN, stage pool, step install a x", I::OutsideStage(id("glusterfs/install", "a"))),
        ("SEEN, stage prepare, step install z x", I::Stranger(node("z"))),
        ("SEEN, stage prepare, step paint a x", I::NotPlanned("glusterfs/paint@a".into())),
        ("SEEN, stage prepare, step install a x, step install a y", busy.clone()),
        ("SEEN, stage prepare, step install a x, step brick a y", busy),
        ("SEEN, stage prepare, step install a x, stage-end prepare", I::StepOpen(node("a"))),
        ("SEEN, stage prepare, step install a x, look", I::StepOpen(node("a"))),
        ("SEEN, stage prepare, step install a x, ctrl-c 1, end", I::StepOpen(node("a"))),
        ("SEEN, stage prepare, step install a x, end", I::StepOpen(node("a"))),
        ("SEEN, stage prepare, done install a x", idle("glusterfs/install", "x")),
        ("SEEN, stage prepare, line install a x", idle("glusterfs/install", "x")),
        ("SEEN, stage prepare, step install a x, done install a y", idle("glusterfs/install", "y")),
        ("SEEN, stage prepare, step install a x, done brick a x", idle("glusterfs/brick", "x")),
        ("SEEN, stage prepare, step install a x, done install a x, done install a x", idle("glusterfs/install", "x")),
        ("SEEN, stage prepare, step install a x, fail install a x, step install a y", I::Stopped(node("a"))),
        ("SEEN, stage prepare, step install a x, fail install a x, step brick a x", I::Stopped(node("a"))),
        (
            "SEEN, stage prepare, step brick a x, done brick a x, step install a x",
            I::TaskOrder(id("glusterfs/install", "a")),
        ),
        ("SEEN, stage prepare, skip install a, step install a x", I::TaskSettled(id("glusterfs/install", "a"))),
        ("SEEN, skip install a, skip install a", I::TaskSettled(id("glusterfs/install", "a"))),
        ("SEEN, skip paint a", I::NotPlanned("glusterfs/paint@a".into())),
        (
            "SEEN, stage prepare, step install a x, done install a x, skip install a",
            I::TaskSettled(id("glusterfs/install", "a")),
        ),
        ("SEEN, stage prepare, output install a x", idle("glusterfs/install", "x")),
        ("SEEN, stage prepare, leave install a", I::NotBegun(id("glusterfs/install", "a"))),
        ("SEEN, stage prepare, leave paint a", I::NotPlanned("glusterfs/paint@a".into())),
        ("SEEN, stage prepare, step install a x, leave install a", I::StepOpen(node("a"))),
        (
            "SEEN, stage prepare, step install a x, done install a x, leave install a, step install a y",
            I::Stopped(node("a")),
        ),
        ("start, look, seen a, unknown b, plan, stage prepare, step install b x", I::Unseen(node("b"))),
        ("start, ctrl-c 2", I::Interruption(2)),
        ("start, ctrl-c 1, ctrl-c 1", I::Interruption(1)),
        ("start, ctrl-c 1, ctrl-c 2, ctrl-c 3", I::Interruption(3)),
    ];
    for (story, wanted) in table {
        assert_eq!(fold(&story.replace("SEEN", SEEN)).map(drop), Err(wanted), "{story}");
    }
}

#[test]
fn gaps_repetitions_and_clocks_set_back_are_refused() {
    let started = fold("start").unwrap();
    let look = |seq, at_ms| Stamped { seq, at_ms, event: event("look") };
    for (stamped, wanted) in [
        (look(2, START), IllegalTransition::Sequence { wanted: 1, found: 2 }),
        (look(0, START), IllegalTransition::Sequence { wanted: 1, found: 0 }),
        (look(1, START - 5), IllegalTransition::Backwards(5)),
    ] {
        let mut state = started.clone();
        assert_eq!(state.apply(&stamped), Err(wanted));
        assert_eq!(state, started, "a refused event must leave no trace");
    }
    let Event::RunStarted { run, command, inventory, .. } = event("start") else { panic!("no start") };
    let twice = Event::RunStarted { run, command, inventory, nodes: vec![node("a"), node("a")] };
    let applied = RunState::new().apply(&Stamped { seq: 0, at_ms: START, event: twice });
    assert_eq!(applied, Err(IllegalTransition::NodeTwice(node("a"))));
}

#[test]
fn the_exit_code_is_the_worst_that_holds() {
    let failed = "SEEN, stage prepare, step install a x, fail install a x, stage-end prepare";
    for (story, code) in [
        ("SEEN", 0),
        (failed, 1),
        ("start, look, seen a, unknown b", 4),
        ("start, look, seen a, unknown b, look, seen a, seen b", 0),
        ("start, look, seen a, unknown b, refuse", 5),
        (&format!("{failed}, look, seen a, unknown b"), 4),
        (&format!("{failed}, look-after-failure, seen a, unknown b, refuse"), 4),
        (&format!("{failed}, look-after-failure, seen a, seen b, refuse"), 1),
        ("SEEN, look-after-stage, seen a, unknown b, refuse", 4),
        ("SEEN, look-after-stage, seen a, seen b, refuse", 5),
        (&format!("{failed}, ctrl-c 1"), 6),
        (&format!("{failed}, ctrl-c 1, bug"), 70),
    ] {
        let state = fold(&story.replace("SEEN", SEEN)).unwrap();
        assert_eq!(state.exit_code(&BTreeSet::new()), code, "{story}");
    }
    let state = fold("start, look, seen a, unknown b").unwrap();
    assert_eq!(state.exit_code(&BTreeSet::from([node("b")])), 0, "`--absent b` allows it");
    let state = fold("start, look, seen a, unknown b, plan, look-after-stage, seen a, unknown b, refuse").unwrap();
    assert_eq!(state.exit_code(&BTreeSet::from([node("b")])), 5, "it is not done for all that");
    let mut state = fold("start, look, seen a, unknown b").unwrap();
    state.apply(&Stamped { seq: state.next_seq(), at_ms: START, event: refusal(true) }).unwrap();
    assert_eq!(state.exit_code(&BTreeSet::new()), 4);
}

pub(crate) fn fleets() -> impl Strategy<Value = Fleet> {
    (1..7_usize, 0..30_u64, 0..40_u64, any::<u64>()).prop_map(|(nodes, failing, unknown, seed)| Fleet {
        nodes,
        failing,
        unknown,
        seed,
    })
}

proptest! {
    #[test]
    fn the_fold_agrees_with_the_books(fleet in fleets()) {
        let run = fleet.run();
        let mut state = RunState::new();
        for stamped in run.stamped(0) {
            prop_assert_eq!(state.apply(&stamped), Ok(()), "{:?}", stamped);
            for (name, node) in state.nodes() {
                prop_assert!(node.step.as_ref().is_none_or(|step| &step.task.node == name));
            }
        }
        prop_assert_eq!(&state.summary().nodes, &run.books);
        prop_assert_eq!(state.ended(), Some(0));
    }

    #[test]
    fn events_come_back_from_json_and_fold_to_the_same(fleet in fleets()) {
        let (mut live, mut replayed) = (RunState::new(), RunState::new());
        for stamped in fleet.run().stamped(1) {
            let line = serde_json::to_string(&stamped).unwrap();
            let back: Stamped = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(&back, &stamped);
            live.apply(&stamped).unwrap();
            replayed.apply(&back).unwrap();
        }
        prop_assert_eq!(live, replayed);
    }

    /// Whatever is dropped or told twice is found, at the latest by the summary or by the events that hang on it.
    #[test]
    fn a_lost_step_is_found(fleet in fleets(), pick in any::<prop::sample::Index>()) {
        let mut events = fleet.run().stamped(0);
        let steps: Vec<usize> = (0..events.len())
            .filter(|&n| matches!(events[n].event, Event::StepStarted { .. } | Event::StepEnded { .. }))
            .collect();
        prop_assume!(!steps.is_empty());
        events.remove(*pick.get(&steps));
        let mut state = RunState::new();
        let renumbered = fake::stamp(events.into_iter().map(|stamped| (stamped.at_ms, stamped.event)));
        prop_assert!(renumbered.iter().any(|stamped| state.apply(stamped).is_err()));
    }
}

#[derive(Clone, Default)]
struct Ear {
    heard: Arc<Mutex<Vec<(&'static str, u64)>>>,
    name: &'static str,
    deaf_at: Option<u64>,
}

impl Teller for Ear {
    fn name(&self) -> &'static str {
        self.name
    }

    fn tell(&mut self, stamped: &Stamped, state: &RunState) -> io::Result<()> {
        assert_eq!(state.next_seq(), stamped.seq + 1, "told after it was folded");
        if self.deaf_at == Some(stamped.seq) {
            return Err(io::Error::other("disk full"));
        }
        self.heard.lock().unwrap().push((self.name, stamped.seq));
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.heard.lock().unwrap().push(("cleared", 0));
        Ok(())
    }
}

fn two_ears(deaf_at: Option<u64>) -> (Ear, Vec<Box<dyn Teller>>) {
    let journal = Ear { name: "journal", deaf_at, ..Ear::default() };
    let console = Ear { name: "console", heard: Arc::clone(&journal.heard), deaf_at: None };
    (journal.clone(), vec![Box::new(journal), Box::new(console)])
}

#[tokio::test]
async fn everyone_is_told_in_order_and_a_lost_teller_stops_nobody() {
    let (ear, tellers) = two_ears(Some(2));
    let (tell, sequencer) = Sequencer::start(tellers, Box::new(|| START));
    for word in ["start", "look", "seen a", "seen b"] {
        tell.send(event(word)).await;
    }
    tell.end(|_| 0).await;
    let finished = sequencer.finish().await.unwrap();
    let heard = ear.heard.lock().unwrap();
    let (journal, console): (Vec<_>, Vec<_>) = heard.iter().copied().partition(|(name, _)| *name == "journal");
    assert_eq!(journal, [("journal", 0), ("journal", 1)]);
    assert_eq!(console, [0, 1, 2, 3, 4].map(|seq| ("console", seq)));
    assert_eq!(heard[..2], [("journal", 0), ("console", 0)], "the journal comes first");
    assert_eq!(finished.lost[0].name, "journal");
    assert_eq!(finished.code(), 0);
}

#[tokio::test]
async fn a_bug_of_ours_is_told_and_never_panics() {
    let (_, tellers) = two_ears(None);
    let (tell, sequencer) = Sequencer::start(tellers, Box::new(|| START));
    for word in ["start", "seen a", "plan", "stage prepare", "step install a x"] {
        tell.send(event(word)).await;
    }
    tell.end(|state| state.exit_code(&BTreeSet::new())).await;
    tell.send(event("look")).await;
    let finished = sequencer.finish().await.unwrap();
    assert_eq!(finished.code(), 70);
    let bugs = finished.state.bugs();
    assert!(bugs[0].contains("node `a` answers, but is not being looked at"), "{bugs:?}");
    assert_eq!(bugs.len(), 1, "after a bug a run may end as it is: {bugs:?}");
}

#[tokio::test]
async fn a_run_that_ends_while_a_step_runs_is_a_bug() {
    let (tell, sequencer) = Sequencer::start(Vec::new(), Box::new(|| START));
    for word in ["start", "plan", "stage prepare", "step install a x"] {
        tell.send(event(word)).await;
    }
    tell.end(|_| 0).await;
    let finished = sequencer.finish().await.unwrap();
    assert_eq!(finished.code(), 70);
    assert!(finished.state.bugs()[0].contains("a step still runs on `a`"), "{:?}", finished.state.bugs());
}

#[tokio::test]
async fn a_run_that_nobody_ends_or_starts_is_a_bug() {
    let (tell, sequencer) = Sequencer::start(Vec::new(), Box::new(|| START));
    tell.send(event("start")).await;
    drop(tell);
    assert_eq!(sequencer.finish().await.unwrap().code(), 70);

    let (tell, sequencer) = Sequencer::start(Vec::new(), Box::new(|| START));
    tell.end(|_| 0).await;
    assert_eq!(sequencer.finish().await.unwrap().code(), 70);
}

#[tokio::test]
async fn a_question_waits_for_what_was_told_and_holds_what_comes() {
    let (ear, tellers) = two_ears(None);
    let (tell, sequencer) = Sequencer::start(tellers, Box::new(|| START));
    tell.send(event("start")).await;
    let paused = tell.pause().await;
    tell.send(event("look")).await;
    let asked = ear.heard.lock().unwrap().clone();
    assert_eq!(asked, [("journal", 0), ("console", 0), ("cleared", 0), ("cleared", 0)]);
    drop(paused);
    tell.send(Event::Interrupted { count: 1 }).await;
    tell.end(|_| 6).await;
    assert_eq!(sequencer.finish().await.unwrap().code(), 6);
    assert_eq!(ear.heard.lock().unwrap().len(), 10);
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_stop_the_run() {
    let times = Mutex::new([START, START - 3_600_000].into_iter().cycle());
    let (tell, sequencer) = Sequencer::start(Vec::new(), Box::new(move || times.lock().unwrap().next().unwrap()));
    tell.send(event("start")).await;
    tell.send(Event::Planned { plan: Plan::default() }).await;
    tell.end(|_| 0).await;
    let finished = sequencer.finish().await.unwrap();
    assert_eq!((finished.code(), finished.state.summary().ms), (0, 0));
}

/// Says at every tick whether the run has started, and the time.
struct Pulse(tokio::sync::mpsc::UnboundedSender<(bool, i64)>);

impl Teller for Pulse {
    fn name(&self) -> &'static str {
        "pulse"
    }

    fn tell(&mut self, _: &Stamped, _: &RunState) -> io::Result<()> {
        Ok(())
    }

    fn every(&self) -> Option<std::time::Duration> {
        Some(std::time::Duration::from_millis(1))
    }

    fn tick(&mut self, state: &RunState, now_ms: i64) -> io::Result<()> {
        let _closed = self.0.send((state.run() == "r", now_ms));
        Ok(())
    }
}

#[tokio::test]
async fn those_who_want_it_are_told_that_time_passes() {
    let (sender, mut ticks) = tokio::sync::mpsc::unbounded_channel();
    let (tell, sequencer) = Sequencer::start(vec![Box::new(Pulse(sender))], Box::new(|| START + 7));
    tell.send(event("start")).await;
    while ticks.recv().await != Some((true, START + 7)) {}
    tell.end(|_| 0).await;
    assert_eq!(sequencer.finish().await.unwrap().code(), 0);
}
