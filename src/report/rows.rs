//! What the live table shows: a pure function of where the run stands, the time, and the terminal's size.

use crate::events::{Countdown, NodeState, RunState, Standing};
use crate::model::NodeName;
use crate::report::{clean, count, duration};

/// The size of a terminal, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Lines.
    pub height: usize,
}

/// A line of the live table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A node.
    Node(NodeRow),
    /// Nodes that have no line of their own.
    More {
        /// How many.
        hidden: usize,
        /// How many of them stand how, in the order of [`Standing`], without zeros.
        of_them: Vec<(Standing, usize)>,
    },
    /// The run as a whole.
    Foot {
        /// The stage or look under way.
        what: String,
        /// Milliseconds since the run began.
        ms: u64,
        /// Ctrl-C was pressed.
        interrupted: bool,
    },
}

/// A node's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    /// Its name.
    pub name: NodeName,
    /// How it stands.
    pub standing: Standing,
    /// The stage it is in, or was in when it ended.
    pub stage: String,
    /// What it does, or what came of it.
    pub what: String,
    /// What the step said last.
    pub line: String,
    /// Milliseconds of the running step, otherwise of all steps so far. `None` where nothing ran.
    pub ms: Option<u64>,
}

/// The lines of the live table: at most two thirds of the terminal's, so that failures and warnings can be read
/// above it, and at least the foot. While all nodes fit they keep their places, the inventory's order. Where they do not, busy ones come first, then those that failed
/// (which have been told above the table already), and the rest is counted.
pub fn rows(state: &RunState, now_ms: i64, size: Size) -> Vec<Row> {
    let room = (size.height * 2 / 3).saturating_sub(1);
    let mut nodes: Vec<(&NodeName, &NodeState)> = state.nodes().collect();
    let mut hidden = Vec::new();
    if nodes.len() > room {
        nodes.sort_by_key(|(_, node)| node.standing());
        hidden = nodes.split_off(room.saturating_sub(1));
    }
    let mut rows: Vec<Row> =
        nodes.into_iter().map(|(name, node)| Row::Node(node_row(name, node, state, now_ms))).collect();
    if !hidden.is_empty() && room > 0 {
        rows.push(more(&hidden));
    }
    rows.push(Row::Foot {
        what: foot(state),
        ms: since(state.first_ms(), now_ms),
        interrupted: state.interrupted() > 0,
    });
    rows
}

fn node_row(name: &NodeName, node: &NodeState, run: &RunState, now_ms: i64) -> NodeRow {
    let mut line = String::new();
    let mut ms = (node.counts.ms > 0).then_some(node.counts.ms);
    let what = match node.standing() {
        Standing::Busy => match (&node.step, run.look()) {
            (Some(step), _) => {
                line = clean(&step.line);
                if let Some(countdown) = &step.countdown {
                    line = format!("{}{line}{}", bar(countdown), rest(countdown));
                }
                ms = Some(since(step.since_ms, now_ms));
                step.doc.clone()
            }
            (None, look) => {
                ms = look.map(|look| since(look.since_ms, now_ms));
                "looking".into()
            }
        },
        Standing::Failed => node.failed.as_ref().map_or_else(String::new, |failed| failed.failure.what.clone()),
        Standing::Unreachable => node.unknown.as_ref().map_or_else(String::new, |failure| failure.what.clone()),
        Standing::Waiting => "waiting".into(),
        Standing::Done => done(node, run),
    };
    // A node that waits is in no stage; the one it was in last would read as the one it waits in.
    let stage = node.stage.clone().filter(|_| node.standing() != Standing::Waiting).unwrap_or_default();
    NodeRow { name: name.clone(), standing: node.standing(), stage, what: clean(&what), line, ms }
}

const BAR: usize = 10;

fn bar(countdown: &Countdown) -> String {
    let done = usize::try_from(countdown.done_per_mille()).unwrap_or(0) * BAR / 1000;
    format!("[{}{}] ", "#".repeat(done), ".".repeat(BAR - done))
}

fn rest(countdown: &Countdown) -> String {
    countdown.rest_ms().map(|ms| format!(", about {} more", duration(ms))).unwrap_or_default()
}

fn done(node: &NodeState, state: &RunState) -> String {
    match (node.counts.changed, state.plan()) {
        (0, None) if state.looks() == 0 => String::new(),
        (0, None) => "seen".into(),
        (0, Some(_)) => "nothing changed".into(),
        (changed, _) => format!("{changed} changed"),
    }
}

fn more(hidden: &[(&NodeName, &NodeState)]) -> Row {
    let all = [Standing::Busy, Standing::Failed, Standing::Unreachable, Standing::Waiting, Standing::Done];
    let tally = |standing| (standing, hidden.iter().filter(|(_, node)| node.standing() == standing).count());
    let of_them = all.map(tally).into_iter().filter(|(_, number)| *number > 0).collect();
    Row::More { hidden: hidden.len(), of_them }
}

fn foot(state: &RunState) -> String {
    if let Some(stage) = state.stage() {
        let stages = state.plan().map_or(0, |plan| plan.stages.len());
        return format!("stage {} of {stages}, {}", stage.index + 1, clean(&stage.name));
    }
    match state.look() {
        Some(look) if look.waiting > 0 => format!("looking, {} to answer", count(look.waiting, "node")),
        _ => String::new(),
    }
}

fn since(then_ms: i64, now_ms: i64) -> u64 {
    u64::try_from(now_ms.saturating_sub(then_ms)).unwrap_or(0)
}
