//! What the scenarios of trouble share: a run with something done to it half-way, and what it told.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::Lab;

/// Nodes with the package, so that a bring-up takes seconds.
pub const GLUSTER: &str = "debian12-gluster";

/// A run that was followed to its end.
#[derive(Debug)]
pub struct Told {
    pub events: Vec<Value>,
    /// -1 where a signal ended it.
    pub code: i32,
    pub took: Duration,
}

/// A step of a playbook: `glusterfs/create`, `options`; and the nodes on which it ran.
pub type Steps = Vec<(String, String, Vec<String>)>;

impl Lab {
    /// Runs the program with `--format json` and hands every event to `hear`, with the process to do something to.
    pub fn watch(&self, args: &[&str], mut hear: impl FnMut(&Value, Pid)) -> Told {
        let start = Instant::now();
        let mut follow = self.follow(args);
        let pid = Pid::from_child(&follow.child);
        let mut events = Vec::new();
        while let Some(event) = follow.next() {
            hear(&event, pid);
            events.push(event);
        }
        let code = follow.finish();
        Told { events, code, took: start.elapsed() }
    }

    /// As [`Lab::watch`], with `act` done once, when the first event as wanted comes; the run must come that far.
    #[track_caller]
    pub fn disturbed(&self, args: &[&str], wanted: impl Fn(&Value) -> bool, act: impl FnOnce(Pid)) -> Told {
        let mut act = Some(act);
        let told = self.watch(args, |event, pid| {
            if let Some(act) = wanted(event).then(|| act.take()).flatten() {
                act(pid);
            }
        });
        assert!(act.is_none(), "the run never came there:\n{}", told.text());
        told
    }

    /// The steps of a run that must go well, in order, each once.
    #[track_caller]
    pub fn steps(&self, args: &[&str]) -> Steps {
        let told = self.watch(args, |_, _| ());
        assert_eq!(told.code, 0, "{}", told.text());
        let mut steps: Steps = Vec::new();
        for event in told.of("step_started") {
            let [playbook, node] = ["playbook", "node"].map(|key| text(&event["task"][key]));
            let step = text(&event["step"]);
            match steps.iter_mut().find(|known| known.0 == playbook && known.1 == step) {
                Some(known) => known.2.push(node),
                None => steps.push((playbook, step, vec![node])),
            }
        }
        steps
    }

    pub fn kill(&self, node: usize) {
        Self::must(&["kill", &self.name, &node.to_string()]);
    }

    pub fn boot(&self, node: usize) {
        Self::must(&["boot", &self.name, &node.to_string()]);
    }

    pub fn cut(&self, node: usize) {
        Self::must(&["cut", &self.name, &node.to_string()]);
    }

    pub fn mend(&self, node: usize) {
        Self::must(&["mend", &self.name, &node.to_string()]);
    }

    /// Does a command line succeed in the node, entered not by its network but from the machine below?
    pub fn inside(&self, node: usize, command: &str) -> bool {
        let machine = format!("machine={}.{node}", self.name);
        let script = r#"exec nsenter --all --target "$(pgrep -P "$(pgrep -f -o -- "$1")")" sh -c "$2""#;
        Command::new("sh").args(["-c", script, "sh", &machine, command]).status().unwrap().success()
    }

    /// Replaces a text in the inventory, which must be in it.
    #[track_caller]
    pub fn change_inventory(&self, old: &str, new: &str) {
        let path = self.folder.join("inventory.yml");
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(old), "no `{old}` in:\n{text}");
        self.write_inventory(&text.replace(old, new));
    }

    /// Just-installed nodes with empty disks.
    pub fn reset(&self, nodes: &[usize]) {
        let nodes: Vec<_> = nodes.iter().map(ToString::to_string).collect();
        let mut args = vec!["reset", self.name.as_str()];
        args.extend(nodes.iter().map(String::as_str));
        Self::must(&args);
    }
}

impl Told {
    /// Events of a kind.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.events.iter().filter(move |event| event["event"] == kind)
    }

    /// All failures and refusals it told of.
    pub fn failures(&self) -> Vec<&Value> {
        let unknown = self.of("node_unknown").map(|event| &event["failure"]);
        let failed = self.of("step_ended").map(|event| &event["end"]["failure"]).filter(|failure| !failure.is_null());
        unknown.chain(failed).collect()
    }

    /// What failed and what was refused, in one line.
    pub fn gist(&self) -> String {
        let refusals = self.of("refused").flat_map(|event| event["refusals"].as_array().into_iter().flatten());
        let said = self.failures().into_iter().chain(refusals).map(|failure| text(&failure["what"]));
        said.collect::<Vec<_>>().join(" / ")
    }

    /// What it told, a line an event, without the plans: for a person who reads why a test failed.
    pub fn text(&self) -> String {
        let told = self.events.iter().filter(|event| event["event"] != "planned");
        let lines: Vec<_> = told.map(ToString::to_string).collect();
        format!("{}\nexit code {} after {:?}", lines.join("\n"), self.code, self.took)
    }
}

/// The text of a JSON string.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Is this the begin of a step, on this node?
pub fn begins(event: &Value, playbook: &str, step: &str, node: &str) -> bool {
    event["event"] == "step_started"
        && event["task"]["playbook"] == playbook
        && event["step"] == step
        && event["task"]["node"] == node
}

/// All of these words were said.
#[track_caller]
pub fn has(said: &str, words: &[&str]) {
    for words in words {
        assert!(said.contains(words), "`{words}` is not in:\n{said}");
    }
}

/// Sends a signal; a process that has just ended is no reason to fail.
pub fn signal(pid: Pid, signal: Signal) {
    let _ended = kill_process(pid, signal);
}

/// With `BRICKLAYER_CUTS=glusterfs/options`, only the steps of this playbook; with `glusterfs/add-brick/add`, only that.
pub fn is_wanted(playbook: &str, step: &str) -> bool {
    let only = std::env::var("BRICKLAYER_CUTS").ok();
    only.is_none_or(|only| only == playbook || only == format!("{playbook}/{step}"))
}

/// Every case is tried, also after one that failed; then all that failed are told.
#[track_caller]
pub fn all_of<T: std::fmt::Debug>(cases: impl IntoIterator<Item = T>, case: impl Fn(&T)) {
    let mut failed = BTreeMap::new();
    for (at, each) in cases.into_iter().enumerate() {
        let start = Instant::now();
        let ended = catch_unwind(AssertUnwindSafe(|| case(&each)));
        eprintln!("{} {each:?}: {:.0?}", if ended.is_ok() { "ok    " } else { "FAILED" }, start.elapsed());
        if ended.is_err() {
            failed.insert(at, format!("{each:?}"));
        }
    }
    assert!(failed.is_empty(), "failed: {failed:#?}");
}
