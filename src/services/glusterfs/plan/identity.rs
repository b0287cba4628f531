//! Cloned glusterd UUIDs: found between all pairs before any probe, since two cloned joiners merge silently
//! (second fact sheet, section 5).

use std::collections::BTreeMap;

use crate::plan::{Refusal, Stage, Then};
use crate::services::glusterfs::facts::NodeFacts;
use crate::services::glusterfs::plan::build::{With, names, refuse, stage, task};
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::spec::Member;

type Node<'a> = (&'a Member, &'a NodeFacts);

/// Nodes that share a UUID, by UUID.
fn clones<'a>(view: &View<'a>) -> BTreeMap<&'a str, Vec<Node<'a>>> {
    let mut by_uuid: BTreeMap<&str, Vec<Node<'_>>> = BTreeMap::new();
    for &(member, facts) in &view.known {
        if let Some(uuid) = facts.daemon.uuid.as_deref() {
            by_uuid.entry(uuid).or_default().push((member, facts));
        }
    }
    // A single fresh node may share its UUID with a pool member that could not be looked at, or is not ours.
    by_uuid.retain(|uuid, nodes| nodes.len() > 1 || (nodes[0].1.daemon.fresh() && view.cluster.uuids.contains(uuid)));
    by_uuid
}

/// Clones that cannot be told apart safely.
pub(super) fn check(view: &View<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (uuid, nodes) in clones(view) {
        let settled: Vec<_> =
            nodes.iter().filter(|(_, facts)| !facts.daemon.fresh()).map(|(member, _)| &member.node).collect();
        if settled.len() > 1 {
            refusals.push(refuse(
                None,
                format!("{} have the same glusterd UUID {uuid}, and each has peers or volumes", names(settled)),
                "one of them was cloned from the other: detach it from its pool, stop glusterd there, remove \
                 /var/lib/glusterd/peers/* and glusterd.info, and run again",
            ));
        }
        for (member, _) in
            nodes.iter().filter(|(member, facts)| facts.daemon.fresh() && !view.request.touches(&member.node))
        {
            refusals.push(refuse(
                Some(&member.node),
                format!("it has the same glusterd UUID {uuid} as another node, and `--on` leaves it out"),
                "run without `--on`, or with it",
            ));
        }
    }
    refusals
}

/// Fresh clones get a UUID of their own. Of fresh ones only, the first keeps it.
pub(super) fn plan(view: &View<'_>) -> Stage {
    let mut tasks = Vec::new();
    for (uuid, nodes) in clones(view) {
        let kept = nodes.iter().any(|(_, facts)| !facts.daemon.fresh()) || nodes.len() == 1;
        let fresh = nodes.iter().filter(|(_, facts)| facts.daemon.fresh()).skip(usize::from(!kept));
        for (member, _) in fresh {
            let others = names(nodes.iter().map(|(other, _)| &other.node).filter(|node| **node != member.node));
            let others = if others.is_empty() { "a member of the pool".to_owned() } else { others };
            tasks.push(
                task("uuid", &member.node, format!("it has the same glusterd UUID as {others}")).with("old", uuid),
            );
        }
    }
    Stage { then: Then::LookAgain, ..stage("identity", "Give cloned nodes a glusterd UUID of their own", vec![tasks]) }
}
