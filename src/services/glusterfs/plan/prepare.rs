//! What every node needs before it can be a member: packages, the daemon, the firewall, the brick's folder.

use crate::facts::OsFamily;
use crate::plan::{Stage, Task, Then};
use crate::services::glusterfs::facts::NodeFacts;
use crate::services::glusterfs::plan::build::{With, stage, task};
use crate::services::glusterfs::plan::change::Growth;
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::plan::{bricks, disk, firewall};
use crate::services::glusterfs::spec::Member;

/// All nodes side by side; a node's own tasks in order.
pub(super) fn plan(view: &View<'_>, growth: &Growth<'_>) -> Stage {
    let mut tasks = Vec::new();
    let mut daemons = false;
    for (member, facts) in view.touched() {
        let service = daemon(member, facts);
        daemons |= !service.is_empty();
        tasks.extend(service);
        tasks.extend(firewall::task(view, member, facts));
        let brick = growth.gets_brick(&member.node);
        if brick || facts.brick_disk.as_ref().is_some_and(|disk| disk.here) {
            tasks.extend(disk::prepare(view, member, facts));
        }
        if brick {
            tasks.extend(bricks::prepare(view, member, facts));
        }
    }
    let mut stage = stage("prepare", "Install packages, start glusterd, prepare bricks", vec![tasks]);
    // What a package or a daemon brings with it (a version, a UUID) is known only afterwards.
    if daemons {
        stage.then = Then::LookAgain;
    }
    stage
}

/// True where a member of the pool that exists does not run glusterd: what it holds is known after it runs.
pub(super) fn wakes(view: &View<'_>) -> bool {
    view.touched().any(|(_, facts)| view.cluster.has(facts) && !facts.daemon.active)
}

/// The packages, where they are missing.
pub(super) fn install(member: &Member, facts: &NodeFacts) -> Option<Task> {
    let what = match (&facts.daemon.version, facts.daemon.client) {
        (None, _) => "glusterd",
        (Some(_), false) => "the mount helper",
        (Some(_), true) => return None,
    };
    let family = facts.host.family.unwrap_or(OsFamily::Debian);
    Some(task("install", &member.node, format!("{what} is not installed")).with("family", family.key()))
}

fn daemon(member: &Member, facts: &NodeFacts) -> Vec<Task> {
    let daemon = &facts.daemon;
    let mut tasks: Vec<_> = install(member, facts).into_iter().collect();
    if !daemon.active || !daemon.enabled {
        let why = if daemon.active { "glusterd does not start at boot" } else { "glusterd does not run" };
        tasks.push(task("service", &member.node, why));
    }
    tasks
}
