//! Many nodes, a few at a time.

use std::cell::Cell;
use std::time::Instant;

use futures::StreamExt as _;

use crate::events::{Failure, FailureKind, HandEnd, HandEnded};
use crate::exec::Interrupt;
use crate::model::NodeName;

/// How many nodes, and how many failures.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// At one time.
    pub forks: usize,
    /// So many, and the next ones only when all of these have ended.
    pub serial: Option<usize>,
    /// When more than this have failed, no further one is begun.
    pub most_failed: Option<usize>,
}

/// Does `work` on each node, in this order, and says how it `ended` as it does. After Ctrl-C nothing is begun; after the
/// second one nothing is followed.
pub async fn each<Work: Future<Output = HandEnd>>(
    nodes: &[NodeName],
    pace: Pace,
    interrupt: &Interrupt,
    work: impl Fn(NodeName) -> Work,
    mut ended: impl FnMut(HandEnded),
) {
    let failed = Cell::new(0);
    let batch = pace.serial.unwrap_or(nodes.len()).max(1);
    for batch in nodes.chunks(batch) {
        let one = |node: &NodeName| {
            let (node, work, failed) = (node.clone(), &work, &failed);
            async move {
                let start = Instant::now();
                let end = if let Some(why) = why_not(interrupt, pace, failed.get()) {
                    HandEnd::NotBegun { why }
                } else {
                    tokio::select! {
                        biased;
                        end = work(node.clone()) => end,
                        () = interrupt.abandoned() => abandoned(&node),
                    }
                };
                let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
                HandEnded { node, end, ms }
            }
        };
        let mut all = futures::stream::iter(batch.iter().map(one)).buffer_unordered(pace.forks.max(1));
        while let Some(one) = all.next().await {
            failed.set(failed.get() + usize::from(!one.end.is_fine()));
            ended(one);
        }
    }
}

fn why_not(interrupt: &Interrupt, pace: Pace, failed: usize) -> Option<String> {
    if interrupt.stopping() {
        return Some("interrupted".to_owned());
    }
    let most = pace.most_failed.filter(|most| failed > *most)?;
    Some(format!("more than {most} nodes have failed (`--max-fail`)"))
}

fn abandoned(node: &NodeName) -> HandEnd {
    HandEnd::Failed {
        failure: Failure {
            kind: FailureKind::Unknown,
            what: "interrupted: it is no longer followed, and may still run there".to_owned(),
            command: String::new(),
            code: None,
            stderr: String::new(),
            remedy: format!("look what still runs on {node}"),
        },
    }
}
