//! How well GlusterFS is, from what every node sees.

use std::collections::BTreeMap;

use crate::facts::Seen;
use crate::model::{Finding, Health, NodeName};
use crate::services::glusterfs::facts::{
    Brick, BrickHeal, MountFacts, NodeFacts, Peer, Volume, VolumeStatus, listed, writes, writes_need,
};
use crate::services::glusterfs::spec::{Client, Member, Replica, Spec};

type Nodes = BTreeMap<NodeName, Seen<NodeFacts>>;

/// One finding for each node, one for the volume, one for each client.
pub fn health(spec: &Spec, nodes: &Nodes) -> Vec<Finding> {
    let heal = nodes.values().filter_map(Seen::known).find_map(|facts| facts.heal.as_deref());
    let mut findings: Vec<_> = spec.members.iter().map(|member| node(spec, nodes, member)).collect();
    findings.push(volume(spec, nodes, heal));
    findings.extend(spec.clients.iter().map(|one| client(spec, nodes, one)));
    findings
}

fn node(spec: &Spec, nodes: &Nodes, member: &Member) -> Finding {
    let finding = |health, seen, remedy: Option<String>| Finding {
        kind: "node",
        name: member.node.as_str().to_owned(),
        health,
        seen,
        remedy,
    };
    let facts = match nodes.get(&member.node) {
        Some(Seen::Known(facts)) => facts,
        Some(Seen::Unknown(why)) => {
            return finding(Health::Down, vec![("glusterd", "unknown".to_owned())], Some(why.clone()));
        }
        None => return finding(Health::Down, vec![("glusterd", "unknown".to_owned())], None),
    };
    let daemon = match (&facts.daemon.version, facts.daemon.active) {
        (None, _) => "not installed".to_owned(),
        (Some(version), false) if facts.daemon.masked => format!("maintenance {version}"),
        (Some(version), true) => format!("running {version}"),
        (Some(version), false) => format!("stopped {version}"),
    };
    let peers = facts.pool.answer().map(Vec::as_slice).unwrap_or_default();
    let settled = peers.iter().filter(|peer| peer.settled()).count();
    // One whose glusterd is stopped says nothing, and the others know.
    let volume = nodes.values().filter_map(Seen::known).find_map(|facts| facts.volume(&spec.volume));
    // Where they are: an adopted volume may have them elsewhere than the inventory would make them.
    let own: Vec<&Brick> = volume
        .map(|volume| volume.bricks.iter().filter(|brick| facts.daemon.uuid.as_deref() == Some(&brick.host)).collect())
        .unwrap_or_default();
    let runs = own.iter().all(|brick| facts.runs_brick(&spec.volume, &brick.path));
    let brick = match (!own.is_empty(), runs) {
        (true, true) => "up",
        (true, false) => "down",
        (false, _) if volume.is_some_and(|volume| waits(spec, volume)) => "waits",
        (false, _) => "none",
    };
    let mount = mount(spec, &facts.mount);
    let full = facts.disk.filter(|disk| disk.bytes >= FULL || disk.inodes.is_some_and(|inodes| inodes >= FULL));
    let works = facts.daemon.active && matches!(brick, "up" | "waits") && mount == MOUNTED;
    let fine = works && settled == peers.len() && full.is_none();
    let remedy = match full {
        _ if fine => None,
        Some(disk) if works => {
            Some(format!("the brick's file system has {} MiB left: free some, or add a replica set", disk.free >> 20))
        }
        _ if works => Some(format!("it does not see {}", unseen(peers))),
        _ if facts.daemon.masked => Some(format!("`bricklayer maintenance off {}` takes it back", member.node)),
        _ => Some(remedy(&facts.mount)),
    };
    let health = if fine { Health::Healthy } else { Health::Degraded };
    let seen = vec![
        ("glusterd", daemon),
        ("op-version", facts.daemon.op_version.map_or_else(|| "none".to_owned(), |version| version.to_string())),
        ("peers", format!("{settled}/{}", peers.len())),
        ("brick", brick.to_owned()),
        ("disk", facts.disk.map_or_else(|| "unknown".to_owned(), |disk| format!("{}%", disk.bytes))),
        ("mount", mount),
    ];
    finding(health, seen, remedy)
}

// As the node itself names them, with what it thinks of them.
fn unseen(peers: &[Peer]) -> String {
    let away = peers.iter().filter(|peer| !peer.settled()).map(|peer| {
        let state = peer.standing();
        format!("{} ({state})", peer.names.join("/"))
    });
    away.collect::<Vec<_>>().join(", ")
}

fn client(spec: &Spec, nodes: &Nodes, client: &Client) -> Finding {
    let finding = |health, mount: String, remedy| Finding {
        kind: "client",
        name: client.node.as_str().to_owned(),
        health,
        seen: vec![("mount", mount)],
        remedy,
    };
    match nodes.get(&client.node) {
        Some(Seen::Known(facts)) => match mount(spec, &facts.mount) {
            mount if mount == MOUNTED => finding(Health::Healthy, mount, None),
            mount => finding(Health::Degraded, mount, Some(remedy(&facts.mount))),
        },
        Some(Seen::Unknown(why)) => finding(Health::Down, "unknown".to_owned(), Some(why.clone())),
        None => finding(Health::Down, "unknown".to_owned(), None),
    }
}

const MOUNTED: &str = "mounted";

// Per cent. Gluster itself refuses writes that leave less than one (`storage.reserve`).
const FULL: u64 = 95;

fn mount(spec: &Spec, mount: &MountFacts) -> String {
    match (mount.holds(&spec.volume), mount.answers, mount.misses.len()) {
        (true, true, _) if mount.deaf => "mounted, deaf to changes".to_owned(),
        (true, true, 0) => MOUNTED.to_owned(),
        (true, true, misses) => format!("mounted, without {misses} of the bricks"),
        (true, false, _) => "mounted, does not answer".to_owned(),
        (false, ..) => "not mounted".to_owned(),
    }
}

fn remedy(mount: &MountFacts) -> String {
    match mount.misses.len() {
        _ if mount.deaf => {
            "it has lost touch with every glusterd, and does not hear when the volume changes; where that stays so, unmount it \
             when nobody works in it, and `bricklayer up` mounts it anew"
                .to_owned()
        }
        0 => "`bricklayer plan` shows what is missing".to_owned(),
        _ => "a mount connects to bricks that are back within two minutes; what it writes until then is healed"
            .to_owned(),
    }
}

// A node without a brick is as it should be while there are too few of its kind for a replica set.
fn waits(spec: &Spec, volume: &Volume) -> bool {
    let wanted = match spec.replica {
        Replica::Fixed(replica) => replica,
        Replica::Auto if volume.sets() > 1 => volume.replica,
        Replica::Auto => return false,
    };
    volume.replica >= wanted && spec.members.len() < volume.bricks.len() + volume.replica as usize
}

fn volume(spec: &Spec, nodes: &Nodes, heal: Option<&[BrickHeal]>) -> Finding {
    let known: Vec<&NodeFacts> = nodes.values().filter_map(Seen::known).collect();
    let finding = |health, seen, remedy: Option<String>| Finding {
        kind: "volume",
        name: spec.volume.clone(),
        health,
        seen,
        remedy,
    };
    let Some(volume) = known.iter().find_map(|facts| facts.volume(&spec.volume)) else {
        let remedy = "no node that answers has this volume; `bricklayer up` creates it".to_owned();
        return finding(Health::Down, vec![("state", "missing".to_owned())], Some(remedy));
    };
    let up: Vec<bool> =
        volume.bricks.iter().map(|brick| known.iter().any(|facts| runs(facts, volume, brick))).collect();
    let pending: Option<u64> = heal.and_then(|bricks| bricks.iter().map(|brick| brick.entries).sum());
    let entries = match (heal, pending) {
        _ if volume.replica < 2 => "no copies".to_owned(),
        (None, _) => "unknown".to_owned(),
        (Some(_), Some(entries)) => entries.to_string(),
        (Some(bricks), None) => format!("{}+", bricks.iter().filter_map(|brick| brick.entries).sum::<u64>()),
    };
    // Gluster names what is in split-brain; how the copies look is not asked for this.
    let split = match volume.replica {
        0 | 1 => Some(0),
        _ => listed(nodes).map(BTreeMap::len),
    };
    let state = match volume.status {
        VolumeStatus::Started => "started",
        VolumeStatus::Created => "created, never started",
        VolumeStatus::Stopped => "stopped",
    };
    let count = up.iter().filter(|up| **up).count();
    let shape = match volume.sets() {
        1 if volume.arbiter > 0 => format!("2 + {} arbiter", volume.arbiter),
        sets if volume.arbiter > 0 => format!("{sets} x (2 + {})", volume.arbiter),
        1 => format!("replica {}", volume.replica),
        sets => format!("{sets} x {}", volume.replica),
    };
    let seen = vec![
        ("state", state.to_owned()),
        ("shape", shape),
        ("bricks", format!("{count}/{}", up.len())),
        ("writes need", writes_need(volume)),
        ("to heal", entries),
        ("split-brain", split.map_or_else(|| "unknown".to_owned(), |split| split.to_string())),
    ];
    let (health, remedy) = verdict(volume, &up, (pending, split));
    finding(health, seen, remedy.map(str::to_owned))
}

fn runs(facts: &NodeFacts, volume: &Volume, brick: &Brick) -> bool {
    facts.daemon.uuid.as_deref() == Some(&brick.host) && facts.runs_brick(&volume.name, &brick.path)
}

fn verdict(
    volume: &Volume,
    up: &[bool],
    (pending, split): (Option<u64>, Option<usize>),
) -> (Health, Option<&'static str>) {
    if volume.status != VolumeStatus::Started {
        return (Health::Down, Some("`bricklayer up` starts it"));
    }
    let sets = up.chunks(volume.replica.max(1) as usize);
    let serves = |set: &[bool]| writes(volume, set);
    if !sets.into_iter().all(serves) {
        return (Health::Down, Some("too few bricks are up: bring the nodes back"));
    }
    if up.contains(&false) {
        return (Health::Degraded, Some("a copy is missing: bring its node or brick back"));
    }
    match pending {
        _ if split.is_some_and(|split| split > 0) => {
            (Health::Degraded, Some("no heal can decide what is in split-brain; `bricklayer heal` shows it"))
        }
        Some(0) => (Health::Healthy, None),
        _ if volume.replica < 2 => (Health::Healthy, None),
        Some(_) => (Health::Degraded, Some("copies are being healed; it ends by itself")),
        None => {
            (Health::Degraded, Some("what is to be healed is not known: `gluster volume heal .. info` gave no count"))
        }
    }
}
