//! How it ended, in few lines.

use crate::events::{FailureKind, HandEnd, HandEnded};
use crate::model::NodeName;
use crate::report::{Mark, Said, count, duration, hosts};

/// So many nodes that failed alike are told with evidence.
const TOLD_IN_FULL: usize = 5;

/// The exit code of the process; 6 for an interrupted one is the caller's.
pub fn hand_code(all: &[HandEnded]) -> u8 {
    let code = |end: &HandEnd| match end {
        HandEnd::Code { code: 0 } | HandEnd::Done { .. } | HandEnd::NotBegun { .. } => 0,
        HandEnd::Failed { failure } if failure.kind == FailureKind::Unreachable => 4,
        HandEnd::Code { .. } | HandEnd::Failed { .. } => 1,
    };
    all.iter().map(|one| code(&one.end)).max().unwrap_or(0)
}

/// In two or three words.
pub(super) fn how(end: &HandEnd) -> String {
    match end {
        HandEnd::Code { code } => format!("exit code {code}"),
        HandEnd::Done { changed: true, .. } => "changed".to_owned(),
        HandEnd::Done { changed: false, .. } => "unchanged".to_owned(),
        HandEnd::Failed { failure } => match failure.kind {
            FailureKind::Unreachable => "unreachable".to_owned(),
            FailureKind::Unknown => "not known".to_owned(),
            FailureKind::Step => "failed".to_owned(),
        },
        HandEnd::NotBegun { .. } => "not begun".to_owned(),
    }
}

/// What went wrong where, and why nothing was begun elsewhere.
pub fn hand_failures(all: &[HandEnded]) -> Vec<Said> {
    let mut said = Vec::new();
    let mut remedies: Vec<&str> = Vec::new();
    for HandEnded { node, end, .. } in all {
        let HandEnd::Failed { failure } = end else { continue };
        remedies.push(&failure.remedy);
        let full = Said::failed(node, failure);
        let alike = remedies.iter().filter(|remedy| **remedy == failure.remedy).count();
        said.push(if alike <= TOLD_IN_FULL {
            full
        } else {
            Said { evidence: Vec::new(), ..full }.remedy("as said above")
        });
    }
    let mut skipped: Vec<(&str, Vec<NodeName>)> = Vec::new();
    for HandEnded { node, end, .. } in all {
        let HandEnd::NotBegun { why } = end else { continue };
        match skipped.iter_mut().find(|(known, _)| known == why) {
            Some((_, names)) => names.push(node.clone()),
            None => skipped.push((why, vec![node.clone()])),
        }
    }
    let of = |(why, names): &(&str, Vec<NodeName>)| Said {
        node: Some(hosts::fold(names)),
        ..Said::new(Mark::Warn, format!("not begun: {why}"))
    };
    said.extend(skipped.iter().map(of));
    said
}

/// One line with what came of it: each end with the nodes that ended so, unless all did.
pub fn hand_ending(all: &[HandEnded], ms: u64) -> Said {
    let mut groups: Vec<(String, Vec<NodeName>)> = Vec::new();
    for HandEnded { node, end, .. } in all {
        let end = how(end);
        match groups.iter_mut().find(|(known, _)| *known == end) {
            Some((_, names)) => names.push(node.clone()),
            None => groups.push((end, vec![node.clone()])),
        }
    }
    let parts: Vec<_> = match &groups[..] {
        [(end, _)] => vec![end.clone()],
        groups => groups.iter().map(|(end, names)| format!("{end} on {}", hosts::fold(names))).collect(),
    };
    let mark = if all.iter().all(|one| one.end.is_fine()) { Mark::Success } else { Mark::Error };
    Said::new(mark, format!("{}: {}, {}", count(all.len(), "node"), parts.join("; "), duration(ms)))
}
