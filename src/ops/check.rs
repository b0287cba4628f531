//! `check` and `schema`: what can be said without any node.

use crate::inventory;
use crate::ops::{Job, SchemaKind};
use crate::services::glusterfs;

/// Loading was the check; this says what was found good.
pub fn check(job: &Job) -> Vec<String> {
    let nodes = job.inventory.nodes.len();
    let playbooks: usize = job.rooms.iter().map(|room| room.contracts().len()).sum();
    let mut lines = vec![format!("{}: {nodes} nodes, nothing wrong", job.inventory.path.display())];
    for room in &job.rooms {
        let names: Vec<_> = room.nodes().iter().map(ToString::to_string).collect();
        lines.push(format!("{}: managed on {}", room.service(), names.join(", ")));
    }
    lines.extend(job.unmanaged().map(|note| note.text));
    lines.push(format!("{playbooks} playbooks keep the terms of their services"));
    lines
}

/// The JSON Schema of a file format.
pub fn schema(kind: SchemaKind) -> String {
    let schema = match kind {
        SchemaKind::Inventory => inventory::schema(&[("glusterfs", glusterfs::spec::FIELDS)]),
        SchemaKind::Playbook => crate::playbook::schema(),
    };
    format!("{schema:#}\n")
}
