//! Is every host the one the inventory means, and fit for GlusterFS?

use std::net::IpAddr;

use crate::facts::HostFacts;
use crate::model::NodeName;
use crate::plan::{Level, Note, Refusal, Stage};
use crate::services::glusterfs::facts::{Asked, NodeFacts};
use crate::services::glusterfs::plan::build::{note, refuse, stage, task};
use crate::services::glusterfs::plan::view::View;

/// All that is wrong with single hosts.
pub(super) fn check(view: &View<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (member, facts) in view.touched() {
        let lacks = facts.daemon.version.is_none().then_some("glusterfs-server");
        refusals.extend(host((&member.node, member.address), &facts.host, lacks));
        refusals.extend(names(view, &member.node, &facts.host));
        if facts.daemon.masked {
            let what = "it is out of service: its glusterd is masked";
            let remedy = format!("`bricklayer maintenance off {}` takes it back; so does a boot", member.node);
            refusals.push(refuse(Some(&member.node), what, remedy));
        }
    }
    for (client, facts) in view.touched_clients() {
        let lacks = (!facts.daemon.client).then_some("the GlusterFS client");
        refusals.extend(host((&client.node, client.address), &facts.host, lacks));
        refusals.extend(names(view, &client.node, &facts.host));
    }
    refusals.extend(versions(view));
    refusals.extend(op_versions(view));
    refusals
}

// `lacks`: what has to be installed.
fn host((node, address): (&NodeName, IpAddr), host: &HostFacts, lacks: Option<&str>) -> Vec<Refusal> {
    let node = Some(node);
    let mut refusals = Vec::new();
    if !host.addresses.contains(&address) {
        refusals.push(refuse(
            node,
            format!("the address {address} of the inventory is not on this node, which has {}", list(&host.addresses)),
            "correct `ip_address` in the inventory, or log in to the right machine (`ip addr` shows its addresses)",
        ));
    }
    if let (Some(package), None) = (lacks, host.family) {
        refusals.push(refuse(
            node,
            format!("`{}` is neither of the Debian nor of the RHEL family, and {package} is not installed", host.os),
            format!("install {package} by hand and run again"),
        ));
    }
    if !host.systemd {
        refusals.push(refuse(
            node,
            "systemd does not run there",
            "GlusterFS is managed through systemd units; use a node that has it",
        ));
    }
    refusals
}

// Where bricks carry hostnames, every node must resolve every one of them to the inventory's address (fact 7.3),
// and not to loopback, where Vagrant puts a node's own name (fact T7).
fn names(view: &View<'_>, node: &NodeName, host: &HostFacts) -> Vec<Refusal> {
    let named = view.spec.members.iter().filter(|other| other.peer_name.parse::<IpAddr>().is_err());
    named
        .filter_map(|other| {
            let found = host.resolves.get(&other.peer_name).map_or(&[][..], Vec::as_slice);
            (!found.contains(&other.address)).then(|| {
                refuse(
                    Some(node),
                    format!("`{}` resolves there to {}, not to {}", other.peer_name, list(found), other.address),
                    format!(
                        "put `{} {}` into its /etc/hosts or the DNS, or set `peer_names: ip_address`",
                        other.address, other.peer_name
                    ),
                )
            })
        })
        .collect()
}

/// The stage that waits for daemons that run and do not answer: what they know is unknown, never empty (fact T1).
pub(super) fn deaf(view: &View<'_>) -> Option<Stage> {
    let why = |facts: &NodeFacts| match (&facts.pool, &facts.volumes) {
        (Asked::Failed(why), _) | (_, Asked::Failed(why)) => Some(format!("it runs and does not answer: {why}")),
        _ => None,
    };
    let tasks: Vec<_> =
        view.touched().filter_map(|(member, facts)| Some(task("answers", &member.node, why(facts)?))).collect();
    (!tasks.is_empty()).then(|| stage("answers", "Wait until glusterd answers", vec![tasks]))
}

// Majors join silently and are rejected later (fact T17).
fn versions(view: &View<'_>) -> Option<Refusal> {
    let mut daemons = view.known.iter().map(|(member, facts)| (&member.node, &facts.daemon));
    let (first, one) = daemons.find(|(_, daemon)| daemon.version.is_some())?;
    let (other, daemon) = daemons.find(|(_, daemon)| daemon.version.is_some() && daemon.major() != one.major())?;
    let [version, firsts] = [daemon, one].map(|daemon| daemon.version.as_deref().unwrap_or_default());
    Some(refuse(
        Some(other),
        format!(
            "it has GlusterFS {version} and {first} has {firsts}: different major versions do not form a lasting pool"
        ),
        "bring all nodes to the same major version first",
    ))
}

// Who cannot do what the pool does is refused by the pool itself, and says so only in its log. A glusterd that is new has
// stored the most that it can do.
fn op_versions(view: &View<'_>) -> Vec<Refusal> {
    let in_pool = view.known.iter().filter(|(_, facts)| view.cluster.has(facts));
    let Some(pool) = in_pool.filter_map(|(_, facts)| facts.daemon.op_version).max() else { return Vec::new() };
    let joiners = view.touched().filter(|(_, facts)| !view.cluster.has(facts));
    let behind =
        joiners.filter_map(|(member, facts)| Some((member, facts.daemon.op_version.filter(|own| *own < pool)?)));
    behind
        .map(|(member, own)| {
            refuse(
                Some(&member.node),
                format!("its op-version is {own}, and the pool's is {pool}: its GlusterFS is too old to join"),
                "install the version that the other nodes have",
            )
        })
        .collect()
}

/// What is worth saying of hosts that are fit.
pub(super) fn notes(view: &View<'_>) -> Vec<Note> {
    let mut clocks: Vec<i64> = view.known.iter().filter_map(|(_, facts)| facts.host.clock_ms).collect();
    clocks.sort_unstable();
    let Some(&median) = clocks.get(clocks.len() / 2) else { return Vec::new() };
    view.known
        .iter()
        .filter_map(|(member, facts)| {
            let off = (facts.host.clock_ms? - median) / 1000;
            // A look takes up to a few seconds by itself.
            (off.abs() > 20).then(|| {
                note(
                    Level::Warning,
                    Some(&member.node),
                    format!("its clock is {off} s off the other nodes': heals go by time stamps"),
                )
            })
        })
        .collect()
}

fn list(addresses: &[IpAddr]) -> String {
    if addresses.is_empty() {
        return "nothing".to_owned();
    }
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
