//! The trusted storage pool: what forbids to touch it, and how nodes join.

use crate::model::NodeName;
use crate::plan::{Level, Mode, Note, Refusal, Stage, Task};
use crate::services::glusterfs::facts::{NodeFacts, Peer};
use crate::services::glusterfs::plan::build::{With, names, note, refuse, stage, task};
use crate::services::glusterfs::plan::change::Growth;
use crate::services::glusterfs::plan::leaver;
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::spec::Member;

/// What is wrong with the pool itself, whatever is wanted of it.
pub(super) fn check(view: &View<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for other in &view.cluster.others {
        refusals.push(refuse(
            None,
            format!(
                "{} belong{} to another cluster than the other nodes",
                names(other.iter().copied()),
                if other.len() == 1 { "s" } else { "" }
            ),
            "two clusters are never merged: take one side out of the inventory, or empty it by hand first",
        ));
    }
    for node in &view.cluster.stale {
        refusals.push(refuse(
            Some(node),
            "it believes to be in the pool, and the pool does not know it: it was detached while it was down",
            format!(
                "its configuration would be imported into the pool; `bricklayer remove --service glusterfs --host {node} \
                 --wipe` empties it, then add it again"
            ),
        ));
    }
    refusals.extend(reinstalled(view));
    refusals.extend(mode(view));
    refusals
}

// The pool knows this node's name under another UUID (fact 5.5).
fn reinstalled(view: &View<'_>) -> Vec<Refusal> {
    let forgot = view.known.iter().filter(|(member, facts)| {
        view.request.places.get(&member.node) != Some(&member.node) && view.forgotten(member, facts).is_some()
    });
    forgot
        .map(|(member, _)| {
            let node = &member.node;
            refuse(
                Some(node),
                "the pool has it as a member, but it has lost its configuration: it was reinstalled",
                format!(
                    "`bricklayer replace --service glusterfs --old {node} --new {node}` makes it that member again, and fills \
                     its brick where that is lost too"
                ),
            )
        })
        .collect()
}

fn mode(view: &View<'_>) -> Vec<Refusal> {
    let volume = &view.spec.volume;
    let stored = view.known.iter().find(|(_, facts)| facts.daemon.stored_volumes.contains_key(volume));
    match (&view.request.mode, stored) {
        (Mode::Bootstrap, Some((member, _))) => vec![refuse(
            Some(&member.node),
            format!("`--bootstrap` would make a second cluster: volume `{volume}` is there already"),
            "run `up` without `--bootstrap`",
        )],
        (Mode::Join, None) => vec![refuse(
            None,
            format!("there is no cluster to join: no node has volume `{volume}`"),
            "make one with `up`, without `--join`",
        )],
        (Mode::Bootstrap, None) => {
            let answers = view.known.iter().filter(|(member, _)| view.request.absent.contains(&member.node));
            answers
                .map(|(member, _)| {
                    refuse(Some(&member.node), "`--absent` names it, and it answers", "leave it out of `--absent`")
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Nobody can be asked.
pub(super) fn blind() -> Refusal {
    let remedy = "mend what their errors say, then run again";
    Refusal { unreachable: true, ..refuse(None, "no node could be looked at", remedy) }
}

/// Nothing that concerns a volume can be done.
pub(super) fn no_volume(view: &View<'_>) -> Refusal {
    let what = format!("no node that answers has volume `{}`", view.spec.volume);
    refuse(None, what, "`bricklayer up` creates it")
}

/// What forbids growth: law 3 (no bootstrap unless every node was seen) and law 4 (no growth while a member is
/// unknown). `bootstrap`: the volume does not exist yet.
pub(super) fn gate(view: &View<'_>) -> Vec<Refusal> {
    let bootstrap = view.cluster.volume.is_none();
    // An adopted pool may know a member by a name of its own.
    let strangers: Vec<_> = strangers(view).map(|peer| format!("`{}`", peer.names.join("/"))).collect();
    let strangers = strangers.join(" or ");
    let mut refusals = Vec::new();
    for (member, _) in &view.unknown {
        let peer = view.cluster.peers.values().any(|peer| member.goes_by(&peer.names));
        if bootstrap && !view.request.absent.contains(&member.node) {
            let absent =
                names(view.unknown.iter().map(|(member, _)| &member.node)).replace(" and ", ",").replace(", ", ",");
            refusals.push(refuse(
                Some(&member.node),
                "no new cluster while it cannot be looked at: it could hold one",
                format!("mend what its error says, or build without it: `up --bootstrap --absent {absent}`"),
            ));
        } else if !bootstrap && (peer || !strangers.is_empty()) {
            let what = if peer {
                "the cluster does not grow while this member cannot be looked at".to_owned()
            } else {
                format!("it cannot be looked at, and may be peer {strangers}; no growth while a member is unknown")
            };
            refusals.push(refuse(Some(&member.node), what, "mend what its error says, then run again"));
        }
    }
    if bootstrap
        && view.request.only.is_some()
        && view.known.iter().any(|(member, _)| !view.request.touches(&member.node))
    {
        refusals.push(refuse(None, "`--on` leaves out nodes that a new cluster needs", "run without `--on`"));
    }
    refusals.extend(unsettled(view));
    refusals
}

// Races A and B of the fact sheet: a pool is only ready when every member sees every other. What passes by itself is
// waited for, not refused.
fn unsettled(view: &View<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (member, peer) in loose(view).filter(|(_, peer)| !comes_back(view, peer)) {
        let connected = if peer.connected { "connected" } else { "disconnected" };
        refusals.push(refuse(
            Some(&member.node),
            format!("it sees peer `{}` as \"{}\", {connected}", peer.names.join("/"), peer.state_text),
            "the cluster grows only when all its peers are in the cluster and connected; see `gluster peer status` there",
        ));
    }
    let left = view.cluster.behind.iter().filter(|node| !view.request.touches(node));
    for node in left {
        let what = format!("it has missed a change of `{}`", view.spec.volume);
        refusals.push(refuse(Some(node), what, "run without `--on`: its glusterd is then restarted, and reads it"));
    }
    for (node, what) in &view.cluster.disagree {
        let remedy =
            "run again in a moment; if it stays so, compare `gluster pool list` and `gluster volume info` on all nodes";
        refusals.push(refuse(Some(node), what.clone(), remedy));
    }
    refusals
}

/// The stage that lets members read the changes that they have missed. As they are, they would refuse whatever is built
/// on those.
pub(super) fn missed(view: &View<'_>) -> Option<Stage> {
    let seen = (view.cluster.version, view.cluster.volume.map_or(0, |volume| volume.bricks.len()));
    let behind = view.cluster.behind.iter().filter(|node| view.request.touches(node));
    let why = "it has missed a change of the volume, and asks the others when it starts";
    let tasks: Vec<_> = behind.map(|node| catch_up(view, node, seen, why)).collect();
    (!tasks.is_empty()).then(|| stage("catch-up", "Let members read what they have missed", vec![tasks]))
}

/// Has a member hear of that version and that many bricks of the volume. glusterd leaves a peer out that is just being
/// connected again when something changes, as after a power cut, and nobody tells it later.
pub(super) fn catch_up(view: &View<'_>, node: &NodeName, (version, bricks): (u64, usize), why: &str) -> Task {
    task("catch-up", node, why).with("volume", view.spec.volume.clone()).with("version", version).with("bricks", bricks)
}

/// Peers that a member does not see as it should, but for those that leave, or have forgotten that they are peers.
pub(super) fn loose<'a>(view: &'a View<'a>) -> impl Iterator<Item = (&'a Member, &'a Peer)> {
    let members = view.known.iter().filter(|(_, facts)| view.cluster.has(facts));
    let going: Vec<_> = leaver::all(view).iter().filter_map(|one| one.peer).collect();
    let forgot = view.known.iter().filter_map(|(member, facts)| view.forgotten(member, facts));
    let away: Vec<_> = going.into_iter().chain(forgot).map(|peer| peer.uuid.as_str()).collect();
    members.flat_map(move |(member, facts)| {
        let peers = facts.pool.answer().into_iter().flatten();
        let loose: Vec<_> = peers.filter(|peer| !peer.settled() && !away.contains(&peer.uuid.as_str())).collect();
        loose.into_iter().map(|peer| (*member, peer))
    })
}

/// Has a member see so many, itself among them, but for those that are gone and still counted.
pub(super) fn settled(node: &NodeName, size: usize, gone: usize, why: impl Into<String>) -> Task {
    task("settled", node, why).with("size", size).with("gone", gone)
}

fn gone(view: &View<'_>) -> usize {
    leaver::all(view).iter().filter(|one| one.facts.is_none() && one.peer.is_some()).count()
}

/// glusterd tries again every few seconds: after a boot, a node that runs it is found again. A rejected one is not.
pub(super) fn comes_back(view: &View<'_>, peer: &Peer) -> bool {
    const REJECTED: u32 = 6;
    let runs = |facts: &NodeFacts| facts.daemon.active && facts.daemon.uuid.as_deref() == Some(&peer.uuid);
    peer.state != REJECTED && view.known.iter().any(|(_, facts)| runs(facts))
}

/// The stage that waits until the members see each other again, where some do not and all of that passes. They tell each
/// other of those that only some know: a probe that was cut short is completed so.
pub(super) fn settle(view: &View<'_>) -> Option<Stage> {
    let why = match (loose(view).next(), view.cluster.unseeing.first()) {
        (Some((waits, peer)), _) => format!("{} does not see {} yet", waits.node, peer.names.join("/")),
        (None, Some(node)) => format!("{node} does not see all of them yet"),
        (None, None) => return None,
    };
    let members = view.known.iter().filter(|(_, facts)| view.cluster.has(facts));
    let tasks =
        members.map(|(member, _)| settled(&member.node, view.cluster.uuids.len(), gone(view), why.clone())).collect();
    Some(stage("settle", "Wait until the pool's members see each other", vec![tasks]))
}

/// Reach, probe, settle.
pub(super) fn plan(view: &View<'_>, growth: &Growth<'_>, coordinator: &Member) -> Stage {
    if growth.probes.is_empty() {
        return stage("pool", "", Vec::new());
    }
    let list = names(growth.probes.iter().map(|member| &member.node));
    let size = pool_size(view, growth, coordinator);
    let peers: Vec<String> = growth.probes.iter().map(|member| member.peer_name.clone()).collect();
    let probe = task("probe", &coordinator.node, format!("{list} join{}", if peers.len() == 1 { "s" } else { "" }))
        .with("peers", peers)
        .with("size", size);
    let settled = members(view, growth, coordinator)
        .map(|member| {
            settled(&member.node, size, gone(view), "every node must see every other before a volume is touched")
        })
        .collect();
    stage("pool", "Join the nodes into one pool", vec![reach(view, growth, coordinator), vec![probe], settled])
}

// Before any probe: a probe of a node that drops packets blocks for two minutes and damages the coordinator's
// pool (second fact sheet, 6.2).
fn reach(view: &View<'_>, growth: &Growth<'_>, coordinator: &Member) -> Vec<Task> {
    let new = |node: &NodeName| growth.probes.iter().any(|member| member.node == *node);
    let all: Vec<_> = members(view, growth, coordinator).collect();
    let targets = |of: &Member| -> Vec<String> {
        let others = all.iter().filter(|other| other.node != of.node && (new(&of.node) || new(&other.node)));
        others.map(|other| other.address.to_string()).collect()
    };
    all.iter()
        .map(|member| (member, targets(member)))
        .filter(|(_, targets)| !targets.is_empty())
        .map(|(member, targets)| {
            task("reach", &member.node, "a probe towards a closed port damages the pool").with("targets", targets)
        })
        .collect()
}

/// Inventory nodes that are in the pool when the probes are done.
pub(super) fn members<'a>(
    view: &'a View<'a>,
    growth: &'a Growth<'a>,
    coordinator: &'a Member,
) -> impl Iterator<Item = &'a Member> {
    view.known
        .iter()
        .filter(move |(member, facts)| {
            view.cluster.has(facts)
                || member.node == coordinator.node
                || growth.probes.iter().any(|probe| probe.node == member.node)
        })
        .map(|(member, _)| *member)
}

fn pool_size(view: &View<'_>, growth: &Growth<'_>, coordinator: &Member) -> usize {
    let alone = view.facts(&coordinator.node).is_none_or(|facts| !view.cluster.has(facts));
    view.cluster.uuids.len() + growth.probes.len() + usize::from(alone)
}

// Peers that are none of the nodes that were seen.
fn strangers<'a>(view: &'a View<'a>) -> impl Iterator<Item = &'a Peer> {
    let seen = |uuid: &str| view.known.iter().any(|(_, facts)| facts.daemon.uuid.as_deref() == Some(uuid));
    view.cluster.peers.values().copied().filter(move |peer| !seen(&peer.uuid))
}

/// Peers that nobody wants. Those that could not be looked at are told of by the look.
pub(super) fn notes(view: &View<'_>) -> Vec<Note> {
    if !view.unknown.is_empty() {
        return Vec::new();
    }
    strangers(view)
        .map(|peer| {
            note(
                Level::Warning,
                None,
                format!(
                    "peer `{}` is no controller with `glusterfs: true`; `bricklayer remove --service glusterfs` takes it out, \
                     also where a removal was cut short; the inventory must have it, with `glusterfs: false`",
                    peer.names.join("/")
                ),
            )
        })
        .collect()
}
