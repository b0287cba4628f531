//! The check-up: what is wrong, or soon will be, check by check, with what was seen and what to do.

use std::collections::BTreeMap;

use crate::model::{Finding, Health, NodeName};
use crate::plan::Request;
use crate::services::glusterfs::facts::{Checkup, Disk, NodeFacts, health};
use crate::services::glusterfs::plan::view::{Nodes, View};
use crate::services::glusterfs::plan::{decide, firewall, mount, pool};
use crate::services::glusterfs::spec::{Member, Spec};

/// What one node has wrong: what was seen there, and what to do.
type Trouble = (NodeName, String, String);

// Per cent of a brick's file system.
const FULL: u64 = 95;
const FILLING: u64 = 85;
// Seconds between clocks: heals and rebalances go by time stamps, and a look takes up to a few seconds by itself.
const SKEW: i64 = 5;

/// A finding for each check that all nodes pass, and one for each node that does not.
pub fn checkup(spec: &Spec, nodes: &Nodes) -> Vec<Finding> {
    let request = Request::default();
    let view = View::new(spec, nodes, &request);
    let asked: Vec<_> =
        view.known.iter().filter_map(|(member, facts)| Some((*member, *facts, facts.checkup.as_ref()?))).collect();
    let mut findings = Vec::new();
    let mut add = |check: &'static str, health: Health, well: String, troubles: Vec<Trouble>| {
        findings.extend(found(check, (health, well), troubles));
    };
    add("reached over SSH", Health::Down, format!("{} nodes", view.known.len()), unreached(&view));
    add("glusterd", Health::Down, "runs, and starts at boot".to_owned(), daemons(&view, &asked));
    add("peers", Health::Degraded, "all in the cluster, connected, on port 24007".to_owned(), peers(&view, &asked));
    add("identity", Health::Degraded, "each has its own".to_owned(), twins(&view, &asked));
    add("names", Health::Down, "each resolves on every node".to_owned(), names(&view));
    add("clocks", Health::Degraded, format!("within {SKEW} s"), clocks(&view, &asked));
    add("versions", Health::Degraded, versions(&view), odd_versions(&view));
    add("firewall", Health::Degraded, "none, or it admits every member".to_owned(), firewalls(&view));
    add("disks", Health::Degraded, format!("below {FILLING}%"), disks(&view));
    add("bricks", Health::Degraded, "XFS, on their own file system".to_owned(), bricks(&asked));
    add("mounts", Health::Degraded, "mounted, connected to every brick, and told of changes".to_owned(), mounts(&view));
    add("mounts at boot", Health::Degraded, "as they survive every boot order".to_owned(), boots(&view));
    add("logs of the last hour", Health::Degraded, "no trouble that is known".to_owned(), errors(&asked));
    findings.extend(pending(spec, nodes, &request));
    findings.extend(health(spec, nodes).into_iter().filter(|finding| finding.kind == "volume"));
    findings
}

fn found(check: &'static str, (health, well): (Health, String), troubles: Vec<Trouble>) -> Vec<Finding> {
    let finding = |name: String, health, seen, remedy| Finding {
        kind: "check",
        name,
        health,
        seen: vec![("seen", seen)],
        remedy,
    };
    if troubles.is_empty() {
        return vec![finding(check.to_owned(), Health::Healthy, well, None)];
    }
    let one = |(node, seen, remedy): Trouble| finding(format!("{check}, {node}"), health, seen, Some(remedy));
    troubles.into_iter().map(one).collect()
}

fn unreached(view: &View<'_>) -> Vec<Trouble> {
    let trouble = |(member, why): &(&Member, &str)| {
        (member.node.clone(), (*why).to_owned(), format!("`ssh {}` by hand says more", member.node))
    };
    view.unknown.iter().map(trouble).collect()
}

type Asked<'a> = (&'a Member, &'a NodeFacts, &'a Checkup);

fn daemons(view: &View<'_>, asked: &[Asked<'_>]) -> Vec<Trouble> {
    let limited =
        |node: &NodeName| asked.iter().any(|(member, _, checkup)| member.node == *node && checkup.start_limit);
    let trouble = |(member, facts): &(&Member, &NodeFacts)| {
        let daemon = &facts.daemon;
        let node = &member.node;
        let (seen, remedy) = match (&daemon.version, daemon.active, daemon.enabled) {
            (None, ..) => ("it is not installed", "`bricklayer up` installs it".to_owned()),
            _ if daemon.masked => ("out of service", format!("`bricklayer maintenance off {node}` takes it back")),
            (_, false, _) if limited(node) => (
                "started too often, systemd does not start it again",
                "see why in `journalctl -u glusterd` there; `bricklayer up` starts it all the same".to_owned(),
            ),
            (_, false, _) => {
                ("it does not run", "`journalctl -u glusterd` there says why; `bricklayer up` starts it".to_owned())
            }
            (_, _, false) => ("it does not start at boot", "`bricklayer up` enables it".to_owned()),
            _ => return None,
        };
        Some((node.clone(), seen.to_owned(), remedy))
    };
    view.known.iter().filter_map(trouble).collect()
}

fn peers(view: &View<'_>, asked: &[Asked<'_>]) -> Vec<Trouble> {
    const REJECTED: u32 = 6;
    let loose = pool::loose(view).map(|(member, peer)| {
        let state = peer.standing();
        let remedy = if peer.state == REJECTED {
            "what they have stored of a volume differs, or their op-versions; \
             `grep -E 'Cksums|op-version' /var/log/glusterfs/glusterd.log` on both says which"
        } else {
            "see whether glusterd runs there, and whether port 24007 is let through"
        };
        (member.node.clone(), format!("sees {} as {state}", peer.names.join("/")), remedy.to_owned())
    });
    let unreached = asked.iter().filter(|(_, _, checkup)| !checkup.unreached.is_empty()).map(|(member, _, checkup)| {
        let remedy = "a firewall, a cable, or glusterd is down there; `bricklayer up` opens ufw and firewalld";
        (member.node.clone(), format!("cannot reach port 24007 of {}", checkup.unreached.join(", ")), remedy.to_owned())
    });
    loose.chain(unreached).collect()
}

// Machines that were cloned have more in common than they should.
fn twins(view: &View<'_>, asked: &[Asked<'_>]) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let mut shared = |what: &str, remedy: &str, values: Vec<(&NodeName, &str)>| {
        let mut holders: BTreeMap<&str, Vec<&NodeName>> = BTreeMap::new();
        for (node, value) in values.into_iter().filter(|(_, value)| !value.is_empty()) {
            holders.entry(value).or_default().push(node);
        }
        for nodes in holders.values().filter(|nodes| nodes.len() > 1) {
            troubles.extend(
                nodes[1..]
                    .iter()
                    .map(|node| ((*node).clone(), format!("has the {what} of {}", nodes[0]), remedy.to_owned())),
            );
        }
    };
    let uuids = view.known.iter().filter_map(|(member, facts)| Some((&member.node, facts.daemon.uuid.as_deref()?)));
    shared("glusterd UUID", "`bricklayer up` gives it its own where it is in no pool", uuids.collect());
    let machines = asked.iter().map(|(member, _, checkup)| (&member.node, checkup.machine.as_str()));
    let remedy =
        "`rm /etc/machine-id && systemd-machine-id-setup` there, and boot: with DHCP they would get the same address";
    shared("machine-id", remedy, machines.collect());
    let keys = asked.iter().map(|(member, _, checkup)| (&member.node, checkup.host_key.as_str()));
    let remedy = "who has one's key can pass for the other: `rm /etc/ssh/ssh_host_* && ssh-keygen -A` there";
    shared("SSH host key", remedy, keys.collect());
    troubles
}

fn names(view: &View<'_>) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    for (member, facts) in &view.known {
        let wrong = view.spec.members.iter().filter(|other| {
            let asked = facts.host.resolves.get(&other.peer_name);
            other.peer_name.parse::<std::net::IpAddr>().is_err()
                && asked.is_none_or(|found| !found.contains(&other.address))
        });
        let wrong: Vec<_> = wrong.map(|other| other.peer_name.as_str()).collect();
        if !wrong.is_empty() {
            let remedy = "put the addresses of the inventory into its /etc/hosts or the DNS".to_owned();
            troubles.push((member.node.clone(), format!("resolves otherwise there: {}", wrong.join(", ")), remedy));
        }
    }
    troubles
}

fn clocks(view: &View<'_>, asked: &[Asked<'_>]) -> Vec<Trouble> {
    let mut all: Vec<i64> = view.known.iter().filter_map(|(_, facts)| facts.host.clock_ms).collect();
    all.sort_unstable();
    let Some(&median) = all.get(all.len() / 2) else { return Vec::new() };
    let kept = |node: &NodeName| {
        asked.iter().find(|(member, ..)| member.node == *node).and_then(|(_, _, checkup)| checkup.synchronized)
    };
    let off = |(member, facts): &(&Member, &NodeFacts)| {
        let seconds = (facts.host.clock_ms? - median) / 1000;
        (seconds.abs() > SKEW).then(|| {
            let by = if kept(&member.node) == Some(false) { ", and no time service keeps it" } else { "" };
            let seen = format!("{seconds} s off the others{by}");
            (member.node.clone(), seen, "`timedatectl` there; chrony or systemd-timesyncd keeps it".to_owned())
        })
    };
    view.known.iter().filter_map(off).collect()
}

fn versions(view: &View<'_>) -> String {
    let versions: std::collections::BTreeSet<_> =
        view.known.iter().filter_map(|(_, facts)| facts.daemon.version.as_deref()).collect();
    let ops: std::collections::BTreeSet<_> =
        view.known.iter().filter_map(|(_, facts)| facts.daemon.op_version).collect();
    let ops: Vec<_> = ops.iter().map(ToString::to_string).collect();
    format!("{}, op-version {}", versions.into_iter().collect::<Vec<_>>().join(" and "), ops.join(" and "))
}

fn odd_versions(view: &View<'_>) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let first = view.known.iter().find_map(|(member, facts)| Some((&member.node, facts.daemon.version.as_deref()?)));
    for (member, facts) in &view.known {
        let (Some((one, version)), Some(own)) = (first, facts.daemon.version.as_deref()) else { continue };
        if own != version {
            let seen = format!("{own}, and {one} has {version}");
            troubles.push((
                member.node.clone(),
                seen,
                "`bricklayer upgrade` brings all to what their sources have".to_owned(),
            ));
        }
    }
    let now = view.known.iter().filter_map(|(_, facts)| facts.daemon.op_version).max();
    let most =
        view.known.iter().find_map(|(member, facts)| Some((&member.node, facts.packages.as_ref()?.max_op_version?)));
    if let (Some(now), Some((node, most))) = (now, most)
        && most > now
    {
        let seen = format!("all members can do op-version {most}, and the pool does {now}");
        troubles.push((node.clone(), seen, "`bricklayer upgrade` raises it".to_owned()));
    }
    troubles
}

fn firewalls(view: &View<'_>) -> Vec<Trouble> {
    let lacks = view.known.iter().filter_map(|(member, facts)| firewall::task(view, member, facts));
    lacks
        .map(|task| (task.id.node.clone(), task.why, "`bricklayer up` adds the rules, and stops nothing".to_owned()))
        .collect()
}

fn disks(view: &View<'_>) -> Vec<Trouble> {
    let trouble = |(member, facts): &(&Member, &NodeFacts)| {
        let Disk { bytes, inodes, free } = facts.disk?;
        let most = bytes.max(inodes.unwrap_or_default());
        let inodes = inodes.map_or(String::new(), |inodes| format!(", {inodes}% of its inodes"));
        (most >= FILLING).then(|| {
            let remedy = if most >= FULL {
                "free some now: gluster soon refuses writes"
            } else {
                "free some, or add a replica set"
            };
            (
                member.node.clone(),
                format!("{bytes}% of the brick's file system is taken{inodes}; {} MiB are left", free >> 20),
                remedy.to_owned(),
            )
        })
    };
    view.known.iter().filter_map(trouble).collect()
}

fn bricks(asked: &[Asked<'_>]) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    for (member, facts, checkup) in asked {
        let mut add = |seen: String, remedy: &str| troubles.push((member.node.clone(), seen, remedy.to_owned()));
        if facts.brick.on_root {
            add(
                "the brick is on the root file system".to_owned(),
                "when it is full, so is the system; give the brick a disk of its own",
            );
        }
        if !checkup.fs.is_empty() && checkup.fs != "xfs" {
            add(
                format!("the brick is on {}", checkup.fs),
                "gluster is made for XFS; `bricklayer replace` moves a brick to another disk",
            );
        }
        if let Some(small) = checkup.inode_bytes.filter(|bytes| *bytes < 512) {
            add(
                format!("XFS with inodes of {small} bytes"),
                "gluster's attributes do not fit in them (`mkfs.xfs -i size=512`); each look-up reads twice",
            );
        }
    }
    troubles
}

fn mounts(view: &View<'_>) -> Vec<Trouble> {
    let members = view.known.iter().map(|(member, facts)| (&member.node, *facts));
    let all = members.chain(view.clients.iter().map(|(client, facts)| (&client.node, *facts)));
    let trouble = |(node, facts): (&NodeName, &NodeFacts)| {
        let anew = "where that stays so, unmount it when nobody works in it, and `bricklayer up` mounts it anew";
        let (seen, remedy) = match &facts.mount {
            mount if !mount.holds(&view.spec.volume) => ("not mounted".to_owned(), "`bricklayer up` mounts it"),
            mount if !mount.answers => {
                ("mounted, and does not answer".to_owned(), "too few bricks are up, or too few reached")
            }
            mount if mount.deaf => {
                ("has lost touch with every glusterd: it does not hear when the volume changes".to_owned(), anew)
            }
            mount if !mount.misses.is_empty() => without(view, &mount.misses),
            _ => return None,
        };
        Some((node.clone(), seen, remedy.to_owned()))
    };
    all.filter_map(trouble).collect()
}

// Each mount is connected to each brick, so that it tells of every port that is in use from every node.
fn without(view: &View<'_>, missed: &[String]) -> (String, &'static str) {
    let volume = view.cluster.volume;
    let runs = |name: &String| {
        let brick = volume.and_then(|volume| volume.bricks.iter().find(|brick| brick.name == *name));
        volume.zip(brick).is_some_and(|(volume, brick)| view.runs(volume, brick))
    };
    if let Some(name) = missed.iter().find(|name| runs(name)) {
        let remedy = "a brick that is back is found again within two minutes; where it stays so, its port (49152 to 60999) is not let \
                      through from here: `bricklayer up` opens ufw and firewalld";
        return (format!("is not connected to brick {name}, which runs"), remedy);
    }
    (format!("is without {}", missed.join(" and ")), "a brick that is back is found again within two minutes")
}

fn boots(view: &View<'_>) -> Vec<Trouble> {
    let mut tasks = mount::at_boot(view);
    tasks.extend(view.clients.iter().filter_map(|(client, facts)| mount::boot(view.spec, &client.node, &facts.mount)));
    tasks.into_iter().map(|task| (task.id.node.clone(), task.why, "`bricklayer up` writes it".to_owned())).collect()
}

fn errors(asked: &[Asked<'_>]) -> Vec<Trouble> {
    let trouble = |(member, count, text): (&NodeName, u64, &str)| {
        let times = if count == 1 { String::new() } else { format!("{count} times: ") };
        let remedy = "see the logs in /var/log/glusterfs there".to_owned();
        (member.clone(), format!("{times}{text}"), remedy)
    };
    let all = asked.iter().flat_map(|(member, _, checkup)| {
        checkup.errors.iter().map(|(count, text)| (&member.node, *count, text.as_str()))
    });
    all.map(trouble).collect()
}

// What `up` would do, or why it would not.
fn pending(spec: &Spec, nodes: &Nodes, request: &Request) -> Vec<Finding> {
    let finding = |health, seen: String, remedy: Option<String>| Finding {
        kind: "check",
        name: "as the inventory wants it".to_owned(),
        health,
        seen: vec![("seen", seen)],
        remedy,
    };
    match decide(spec, nodes, request) {
        Ok(plan) if plan.is_empty() => vec![finding(Health::Healthy, "nothing is left to do".to_owned(), None)],
        Ok(plan) => {
            let tasks: Vec<_> = plan.tasks().map(|task| format!("{} ({})", task.id, task.why)).collect();
            vec![finding(
                Health::Degraded,
                tasks.join(", "),
                Some("`bricklayer plan` shows it, `bricklayer up` does it".to_owned()),
            )]
        }
        Err(refusals) => refusals
            .into_iter()
            .map(|refusal| {
                let on = refusal.node.map_or(String::new(), |node| format!("{node}: "));
                finding(Health::Degraded, format!("{on}{}", refusal.what), Some(refusal.remedy))
            })
            .collect(),
    }
}
