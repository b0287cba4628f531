//! `status`: health, as the cluster itself sees it.

use crate::events::LookWhy;
use crate::facts::Look;
use crate::model::{Finding, Health};
use crate::ops::run::Run;
use crate::ops::{Fault, Job};
use crate::report::status_lines;
use crate::services::{Purpose, Room};

/// Shows health. Answers the exit code: 0 healthy, 7 degraded, 8 down, 4 where no node answers.
pub async fn status(job: Job) -> Result<u8, Fault> {
    show(job, Purpose::Status, |room, look| room.health(look)).await
}

/// Looks, and shows what each room finds in it. Answers the exit code.
pub(super) async fn show(
    job: Job,
    purpose: Purpose,
    find: impl Fn(&dyn Room, &Look) -> Vec<Finding>,
) -> Result<u8, Fault> {
    let json = job.settings.json;
    let run = Run::start(job, false).await?;
    let look = run.look(LookWhy::First, purpose).await;
    let findings: Vec<Finding> = run.job.rooms.iter().flat_map(|room| find(room.as_ref(), &look)).collect();
    let code = if look.nodes.values().all(|seen| seen.known().is_none()) { 4 } else { verdict(&findings) };
    let paused = run.context.tell.pause().await;
    let shown = status_lines(&mut std::io::stdout(), &findings, json);
    drop(paused);
    run.end(shown.map_err(Fault::Terminal), move |_| code).await
}

// A node or a client that is down degrades the cluster; only a service that does not serve is down.
fn verdict(findings: &[Finding]) -> u8 {
    let down =
        findings.iter().any(|finding| !matches!(finding.kind, "node" | "client") && finding.health == Health::Down);
    match findings.iter().map(|finding| finding.health).max() {
        _ if down => 8,
        None | Some(Health::Healthy) => 0,
        Some(_) => 7,
    }
}
