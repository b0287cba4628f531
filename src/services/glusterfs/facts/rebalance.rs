//! Files on their way to the replica set where their names say they belong.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::facts::Seen;
use crate::model::{Finding, Health, NodeName};
use crate::services::glusterfs::facts::{Asked, NodeFacts, cli};
use crate::services::glusterfs::spec::Spec;

/// How far a rebalance is on one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// The node's UUID.
    pub host: String,
    /// What it does.
    pub state: MovingState,
    /// Files that were moved.
    pub files: u64,
    /// Bytes that were moved.
    pub bytes: u64,
    /// Files that were looked at.
    pub looked_at: u64,
    /// Files that could not be moved.
    pub failures: u64,
    /// Files that were left on purpose: the other set has less room, or they have several names.
    pub skipped: u64,
    /// How long, in seconds.
    pub seconds: u64,
}

/// Gluster's number for it (fact 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovingState {
    /// 0: nothing was begun there.
    Idle,
    /// 1: files are moved.
    Runs,
    /// 2: somebody has stopped it.
    Stopped,
    /// 3: all was looked at.
    Ended,
    /// 4.
    Failed,
    /// 5: folders learn of new sets, files stay.
    FixesLayout,
    /// 6: somebody has stopped that.
    LayoutStopped,
    /// 7: all folders know.
    LayoutFixed,
    /// 8.
    LayoutFailed,
    /// Any other.
    Other(u32),
}

impl MovingState {
    fn of(number: u32) -> Self {
        match number {
            0 => Self::Idle,
            1 => Self::Runs,
            2 => Self::Stopped,
            3 => Self::Ended,
            4 => Self::Failed,
            5 => Self::FixesLayout,
            6 => Self::LayoutStopped,
            7 => Self::LayoutFixed,
            8 => Self::LayoutFailed,
            other => Self::Other(other),
        }
    }

    /// For people.
    pub fn word(self) -> String {
        let word = match self {
            Self::Idle => "nothing to do",
            Self::Runs => "moves files",
            Self::Stopped => "stopped",
            Self::Ended => "ended",
            Self::Failed => "failed",
            Self::FixesLayout => "fixes layout",
            Self::LayoutStopped => "stopped (layout)",
            Self::LayoutFixed => "layout fixed",
            Self::LayoutFailed => "failed (layout)",
            Self::Other(number) => return format!("state {number}"),
        };
        word.to_owned()
    }
}

/// Reads `volume rebalance V status --xml`. Empty where none was begun since a brick was added or one was stopped, which gluster
/// forgets at once (seen on 10.3), or where there is nothing to spread.
pub fn moving(text: &str) -> Result<Vec<Moving>, String> {
    let answer: Result<Cli, String> = cli::read(text, |answer: &Cli| (answer.op_ret, &answer.op_errstr));
    match answer {
        Ok(answer) => Ok(answer.vol_rebalance.node.into_iter().map(Node::read).collect()),
        Err(why) if why.contains("Rebalance not started") || why.contains("not a distribute volume") => Ok(Vec::new()),
        Err(why) => Err(why),
    }
}

/// What the node that was asked and answered says, or why none has.
pub fn moves(nodes: &BTreeMap<NodeName, Seen<NodeFacts>>) -> Result<&[Moving], String> {
    let mut why = "no node that answers could be asked for it".to_owned();
    for facts in nodes.values().filter_map(Seen::known) {
        match &facts.moving {
            Asked::Answer(moving) => return Ok(moving),
            Asked::Failed(said) => why.clone_from(said),
            Asked::Not => {}
        }
    }
    Err(why)
}

/// A finding for each node that takes part.
pub fn rebalancing(spec: &Spec, nodes: &BTreeMap<NodeName, Seen<NodeFacts>>) -> Vec<Finding> {
    let known = || nodes.iter().filter_map(|(node, seen)| Some((node, seen.known()?)));
    let whole = |health, state: &str, remedy: Option<String>| {
        let name = spec.volume.clone();
        vec![Finding { kind: "volume", name, health, seen: vec![("rebalance", state.to_owned())], remedy }]
    };
    let Some(volume) = known().find_map(|(_, facts)| facts.volume(&spec.volume)) else {
        let remedy = "no node that answers has this volume; `bricklayer up` creates it".to_owned();
        return whole(Health::Down, "no volume", Some(remedy));
    };
    if volume.sets() < 2 {
        return whole(Health::Healthy, "one replica set: nothing to spread", None);
    }
    let unspread = known().any(|(_, facts)| facts.brick.unspread);
    match moves(nodes) {
        Err(why) => whole(Health::Degraded, "unknown", Some(why)),
        Ok([]) if unspread => {
            let remedy = "`bricklayer rebalance start` gives the bricks that were added last their share".to_owned();
            whole(Health::Degraded, "not begun", Some(remedy))
        }
        Ok([]) => whole(Health::Healthy, "none since a brick was added, or one was stopped", None),
        Ok(moving) => {
            let name = |host: &str| {
                let found = known().find(|(_, facts)| facts.daemon.uuid.as_deref() == Some(host));
                found.map_or_else(|| host.to_owned(), |(node, _)| node.as_str().to_owned())
            };
            let mut found: Vec<_> = moving.iter().map(|one| finding(name(&one.host), one)).collect();
            // Gluster begins with the node after the one that was asked.
            found.sort_by(|one, other| one.name.cmp(&other.name));
            found
        }
    }
}

fn finding(name: String, one: &Moving) -> Finding {
    let log = "see the volume's `-rebalance.log` under `/var/log/glusterfs` there";
    let remedy = match one.state {
        MovingState::Failed | MovingState::LayoutFailed | MovingState::Other(_) => {
            Some(format!("{log}; `bricklayer rebalance start` begins anew"))
        }
        _ if one.failures > 0 => {
            Some(format!("{log}: why files were not moved; `bricklayer rebalance start` tries again"))
        }
        MovingState::Stopped | MovingState::LayoutStopped => {
            Some("`bricklayer rebalance start` goes on with it".to_owned())
        }
        _ => None,
    };
    Finding {
        kind: "rebalance",
        name,
        health: if remedy.is_some() { Health::Degraded } else { Health::Healthy },
        seen: vec![
            ("state", one.state.word()),
            ("moved", one.files.to_string()),
            ("MiB", (one.bytes >> 20).to_string()),
            ("looked at", one.looked_at.to_string()),
            ("failed", one.failures.to_string()),
            ("skipped", one.skipped.to_string()),
            ("seconds", one.seconds.to_string()),
        ],
        remedy,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cli {
    op_ret: i64,
    #[serde(default)]
    op_errstr: String,
    #[serde(default)]
    vol_rebalance: Nodes,
}

#[derive(Default, Deserialize)]
struct Nodes {
    #[serde(default)]
    node: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    #[serde(default)]
    id: String,
    #[serde(default)]
    files: u64,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    lookups: u64,
    #[serde(default)]
    failures: u64,
    #[serde(default)]
    skipped: u64,
    #[serde(default)]
    status: u32,
    #[serde(default)]
    runtime: f64,
}

impl Node {
    fn read(self) -> Moving {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole seconds since its start")]
        let seconds = self.runtime.max(0.0) as u64;
        Moving {
            host: self.id.to_lowercase(),
            state: MovingState::of(self.status),
            files: self.files,
            bytes: self.size,
            looked_at: self.lookups,
            failures: self.failures,
            skipped: self.skipped,
            seconds,
        }
    }
}
