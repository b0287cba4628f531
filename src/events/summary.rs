//! What came of a run.

use std::collections::BTreeSet;

use crate::events::{FailureKind, RunState, Summary};
use crate::model::NodeName;

/// Documented exit codes that a run can end with, the worst first (interface.md "Exit codes").
const WORST_FIRST: [u8; 6] = [70, 6, 3, 5, 4, 1];

impl RunState {
    /// What came of the run, up to the last event.
    pub fn summary(&self) -> Summary {
        self.summary_at(self.last_ms)
    }

    /// What came of the run, up to a time in milliseconds since 1970.
    pub fn summary_at(&self, at_ms: i64) -> Summary {
        let nodes = self.nodes.iter().map(|(name, node)| (name.clone(), node.counts.clone())).collect();
        Summary { nodes, ms: u64::try_from(at_ms.saturating_sub(self.first_ms)).unwrap_or(0) }
    }

    /// The exit code that the events so far ask for: 0, 1, 4, 5, 6 or 70.
    ///
    /// `absent` are nodes that may be unreachable because the user said so (`--absent`).
    pub fn exit_code(&self, absent: &BTreeSet<NodeName>) -> u8 {
        let mut codes = Vec::new();
        codes.extend((!self.bugs.is_empty()).then_some(70));
        codes.extend((self.interrupted > 0).then_some(6));
        codes.extend(self.refusals.iter().map(|refusal| if refusal.unreachable { 4 } else { 5 }));
        for (name, node) in &self.nodes {
            codes.extend((node.unknown.is_some() && !absent.contains(name)).then_some(4));
            codes.extend(node.failed.as_ref().map(|failed| match failed.failure.kind {
                FailureKind::Unreachable => 4,
                FailureKind::Step | FailureKind::Unknown => 1,
            }));
            codes.extend((node.counts.failed > 0 && node.failed.is_none()).then_some(1));
        }
        // Nodes that are lost with leave (`--absent`) are no reason to call it done.
        codes.extend((codes.is_empty() && !self.hindrances.is_empty()).then_some(5));
        worst(codes)
    }
}

/// The exit code of several that hold at once: 70, 6, 3, 5, 4, 1, then any other, then 0.
fn worst(codes: Vec<u8>) -> u8 {
    let rank = |code: &u8| WORST_FIRST.iter().position(|known| known == code).unwrap_or(WORST_FIRST.len());
    codes.into_iter().min_by_key(rank).unwrap_or(0)
}
