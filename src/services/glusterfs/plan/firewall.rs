//! Host firewalls of members: lasting rules for the addresses of the peers and the clients. A firewall is never stopped.

use crate::plan::Task;
use crate::services::glusterfs::facts::NodeFacts;
use crate::services::glusterfs::plan::build::{With, task as new};
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::spec::Member;

/// The task for a node whose active firewall does not admit every other member and every client.
pub(super) fn task(view: &View<'_>, member: &Member, facts: &NodeFacts) -> Option<Task> {
    let firewall = facts.host.firewalls.first()?;
    let admitted = |address: &str| facts.admitted.contains(address) || facts.admitted.contains("Anywhere");
    let peers: Vec<String> = view
        .spec
        .members
        .iter()
        .filter(|other| other.node != member.node)
        .map(|other| other.address)
        .chain(view.spec.clients.iter().map(|client| client.address))
        .map(|address| address.to_string())
        .collect();
    let missing: Vec<_> = peers.iter().filter(|address| !admitted(address)).cloned().collect();
    if missing.is_empty() {
        return None;
    }
    let why = format!("{firewall} is active and does not admit {}", missing.join(", "));
    Some(new("firewall", &member.node, why).with("firewall", firewall.as_str()).with("peers", peers))
}
