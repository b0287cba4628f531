//! Nodes that only mount the volume.

use crate::facts::OsFamily;
use crate::plan::{Stage, Task};
use crate::services::glusterfs::plan::build::{With, stage, task};
use crate::services::glusterfs::plan::mount;
use crate::services::glusterfs::plan::view::View;

/// After the volume serves its members: what goes wrong on a client harms none of them.
pub(super) fn plan(view: &View<'_>) -> Stage {
    let mut tasks: Vec<Task> = Vec::new();
    for (client, facts) in view.touched_clients() {
        if !facts.daemon.client {
            let family = facts.host.family.unwrap_or(OsFamily::Debian);
            let why = "the mount helper is not installed";
            tasks.push(task("client", &client.node, why).with("family", family.key()));
        }
        tasks.extend(mount::boot(view.spec, &client.node, &facts.mount));
        tasks.extend(mount::mount(view.spec, &client.node, &facts.mount));
    }
    stage("clients", "Mount the volume on the clients, now and at boot", vec![tasks])
}
