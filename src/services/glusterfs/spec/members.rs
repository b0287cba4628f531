//! Who takes part.

use std::cmp::Reverse;

use crate::inventory::{Inventory, InventoryNode, Role};
use crate::model::{NodeName, Service};
use crate::services::glusterfs::spec::{Client, Leaver, Member, PeerNames};
use crate::yaml::{Problem, Problems};

/// The controllers with `glusterfs: true`: by priority, the highest first as keepalived means it, then by name.
pub(crate) fn members(inventory: &Inventory, names: PeerNames, problems: &mut Problems) -> Vec<Member> {
    let mut members = Vec::new();
    for node in inventory.enabled(Service::Glusterfs) {
        if node.role == Role::Compute {
            let message = format!("`{}` is a compute node, and bricks are on controllers only", node.name);
            problems.push(
                Problem::at(node.span, message)
                    .help("move it to `controllers`, or write `glusterfs_client: true` to mount the volume on it"),
            );
            continue;
        }
        members.push(member(node, names));
    }
    if members.is_empty() && inventory.is_complete() {
        let at = inventory.section(&["nodes", "controllers"]).map(|item| item.at).unwrap_or_default();
        problems.push(
            Problem::at(at, "no controller has `glusterfs: true`")
                .help("write `services: {glusterfs: true}` on those that shall hold a copy of the data"),
        );
    }
    members.sort_by(|one, other| (Reverse(one.priority), &one.node).cmp(&(Reverse(other.priority), &other.node)));
    members
}

fn member(node: &InventoryNode, names: PeerNames) -> Member {
    Member {
        node: node.name.clone(),
        address: node.address,
        peer_name: match names {
            PeerNames::Ip => node.address.to_string(),
            PeerNames::Hostname => node.name.to_string(),
        },
        priority: node.priority,
    }
}

/// Those of these nodes that are no members.
pub(crate) fn leavers(inventory: &Inventory, leaving: &[NodeName], names: PeerNames) -> Vec<Leaver> {
    let gone = |node: &&InventoryNode| leaving.contains(&node.name) && !node.enables(Service::Glusterfs);
    let leaver = |node: &InventoryNode| Leaver {
        member: member(node, names),
        services: Service::ALL.into_iter().filter(|service| node.enables(*service)).collect(),
    };
    inventory.nodes.iter().filter(gone).map(leaver).collect()
}

/// The nodes that only mount, by name.
pub(crate) fn clients(inventory: &Inventory) -> Vec<Client> {
    let only_mounts = inventory.enabled(Service::GlusterfsClient).filter(|node| !node.enables(Service::Glusterfs));
    let mut clients: Vec<Client> =
        only_mounts.map(|node| Client { node: node.name.clone(), address: node.address }).collect();
    clients.sort_by(|one, other| one.node.cmp(&other.node));
    clients
}
