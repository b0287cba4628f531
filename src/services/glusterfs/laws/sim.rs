//! A naive model of a few nodes with glusterd: enough to be wrong in the ways that matter.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use crate::facts::{HostFacts, OsFamily, Seen};
use crate::model::NodeName;
use crate::plan::{Plan, Refusal, Request, Task, Then, Var, surprises};
use crate::services::glusterfs::facts::{
    Asked, Brick, BrickDir, BrickDisk, BrickHeal, Daemon, MountFacts, Moving, MovingState, NodeFacts, Packages, Peer,
    Volume, VolumeStatus,
};
use crate::services::glusterfs::plan::{Nodes, decide, mount_unit};
use crate::services::glusterfs::spec::{Access, Client, DedicatedBrick, Leaver, Member, PeerNames, Replica, Spec};

pub(super) const PATH: &str = "/data/glusterfs/shared";

#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a model of a node: any of them may hold")]
pub(super) struct SimNode {
    pub(super) up: bool,
    pub(super) installed: bool,
    pub(super) active: bool,
    pub(super) uuid: Option<u32>,
    pub(super) peers: BTreeSet<u32>,
    pub(super) brick_exists: bool,
    pub(super) trace: bool,
    /// The volume that its brick was of.
    pub(super) was: Option<&'static str>,
    pub(super) content: bool,
    pub(super) brick_runs: bool,
    pub(super) mounted: bool,
    pub(super) boot_proof: bool,
    pub(super) on_root: bool,
    /// The disk that the inventory names, where it names one.
    pub(super) disk: BrickDisk,
    /// Its mount hears of no change.
    pub(super) deaf: bool,
    /// Out of service.
    pub(super) masked: bool,
    /// It has the newest packages.
    pub(super) newest: bool,
    /// It knows which there are.
    pub(super) lists: bool,
    /// It has missed the last brick.
    pub(super) behind: bool,
}

#[derive(Clone, Debug)]
pub(super) struct SimVolume {
    pub(super) replica: u32,
    /// The last of three holds names only.
    pub(super) arbiter: bool,
    pub(super) bricks: Vec<u32>,
    pub(super) started: bool,
    pub(super) options: BTreeMap<String, String>,
    pub(super) directories: bool,
    /// The hosts of bricks that were added and hold no files yet.
    pub(super) unspread: Vec<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct Sim {
    pub(super) spec: Spec,
    pub(super) nodes: BTreeMap<NodeName, SimNode>,
    pub(super) volume: Option<SimVolume>,
    pub(super) next_uuid: u32,
    /// Who had a UUID that is nobody's any more.
    lost: BTreeMap<u32, NodeName>,
    pub(super) op_version: u32,
    /// What a rebalance does, on all nodes, where one was begun.
    pub(super) moving: Option<MovingState>,
    /// Peers have not found each other again, as after a boot.
    pub(super) restless: bool,
    /// Everything that was done, for messages and for laws.
    pub(super) done: Vec<String>,
}

pub(super) fn name(i: usize) -> NodeName {
    NodeName::new(&format!("server{i}"))
}

fn uuid(n: u32) -> String {
    format!("00000000-0000-0000-0000-{n:012}")
}

impl Sim {
    pub(super) fn new(count: usize, replica: Replica) -> Self {
        let members = (1..=count)
            .map(|i| {
                let address = IpAddr::V4(Ipv4Addr::new(10, 0, 0, u8::try_from(i).unwrap()));
                Member { node: name(i), address, peer_name: address.to_string(), priority: None }
            })
            .collect();
        let spec = Spec {
            others: Vec::new(),
            volume: "gv0".to_owned(),
            replica,
            arbiter: 0,
            peer_names: PeerNames::Ip,
            clients: Vec::new(),
            leaving: Vec::new(),
            brick_path: PATH.to_owned(),
            brick_device: None,
            dedicated_brick: DedicatedBrick::Warn,
            mount_point: "/mnt/gluster".to_owned(),
            access: Access::Any,
            options: options(&[("network.ping-timeout", "10"), ("cluster.self-heal-daemon", "on")]),
            directories: vec!["uploads".to_owned()],
            members,
        };
        let nodes = (1..=count).map(|i| (name(i), SimNode { up: true, ..SimNode::default() })).collect();
        Self {
            spec,
            nodes,
            volume: None,
            next_uuid: 1,
            lost: BTreeMap::new(),
            op_version: 100_000,
            moving: None,
            restless: false,
            done: Vec::new(),
        }
    }

    /// A node that only mounts.
    pub(super) fn client(&mut self) -> NodeName {
        let node = NodeName::new("node1");
        self.spec.clients = vec![Client { node: node.clone(), address: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 99)) }];
        self.nodes.insert(node.clone(), SimNode { up: true, ..SimNode::default() });
        node
    }

    /// This member is one no more in the inventory.
    pub(super) fn leave(&mut self, i: usize) {
        let at = self.spec.members.iter().position(|member| member.node == name(i)).unwrap();
        let member = self.spec.members.remove(at);
        self.spec.leaving.push(Leaver { member, services: Vec::new() });
    }

    /// Does something while the last member is not there yet.
    pub(super) fn before_the_last(&mut self, act: impl FnOnce(&mut Self)) {
        let last = self.spec.members.pop().unwrap();
        let node = self.nodes.remove(&last.node).unwrap();
        act(self);
        self.nodes.insert(last.node.clone(), node);
        self.spec.members.push(last);
    }

    /// As just installed: what glusterd had stored is gone, and the brick with its disk.
    pub(super) fn reinstall(&mut self, i: usize, keeps_disk: bool) {
        let node = self.node(i);
        let was = node.uuid.unwrap();
        let content = keeps_disk && node.content;
        *node = SimNode { up: true, brick_exists: content, content, ..SimNode::default() };
        self.lost.insert(was, name(i));
    }

    /// Its disk is a new one.
    pub(super) fn lose_brick(&mut self, i: usize) {
        let node = self.node(i);
        (node.brick_exists, node.content, node.brick_runs) = (false, false, false);
    }

    pub(super) fn node(&mut self, i: usize) -> &mut SimNode {
        self.nodes.get_mut(&name(i)).unwrap()
    }

    /// Makes the first `n` nodes a pool, the first `bricks` of them with a brick each.
    pub(super) fn form(&mut self, n: usize, bricks: usize) {
        for i in 1..=n {
            self.install(&name(i));
            self.start(&name(i));
        }
        let uuids: Vec<u32> = (1..=n).map(|i| self.nodes[&name(i)].uuid.unwrap()).collect();
        for i in 1..=n {
            let own = self.nodes[&name(i)].uuid.unwrap();
            self.node(i).peers = uuids.iter().copied().filter(|u| *u != own).collect();
        }
        if bricks > 0 {
            let replica = match self.spec.replica {
                Replica::Auto => u32::try_from(bricks).unwrap(),
                Replica::Fixed(r) => r.min(u32::try_from(bricks).unwrap()),
            };
            let whole = bricks - bricks % replica as usize;
            for i in 1..=whole {
                self.node(i).brick_exists = true;
                self.node(i).content = true;
                self.node(i).brick_runs = true;
            }
            self.volume = Some(SimVolume {
                replica,
                arbiter: false,
                bricks: uuids[..whole].to_vec(),
                started: true,
                options: BTreeMap::new(),
                directories: false,
                unspread: Vec::new(),
            });
        }
    }

    pub(super) fn install(&mut self, node: &NodeName) {
        self.nodes.get_mut(node).unwrap().installed = true;
    }

    pub(super) fn start(&mut self, node: &NodeName) {
        let next = self.next_uuid;
        let has_brick = self.has_brick(node);
        let node = self.nodes.get_mut(node).unwrap();
        node.active = true;
        node.behind = false;
        if node.uuid.is_none() {
            node.uuid = Some(next);
            self.next_uuid += 1;
        }
        node.brick_runs |= has_brick;
    }

    fn has_brick(&self, node: &NodeName) -> bool {
        let own = self.nodes[node].uuid.filter(|_| self.nodes[node].content);
        self.volume.as_ref().is_some_and(|volume| volume.bricks.iter().any(|brick| Some(*brick) == own))
    }

    // The volume is in the configuration of every node of the pool that has the bricks.
    fn knows_volume(&self, node: &SimNode) -> bool {
        self.volume.as_ref().is_some_and(|volume| {
            volume.bricks.iter().any(|brick| (node.content && node.uuid == Some(*brick)) || node.peers.contains(brick))
        })
    }

    fn packages(&self, node: &SimNode) -> Packages {
        let version = |newest: bool| if newest { "11.1-1" } else { "10.3-5" }.to_owned();
        let max_op_version = Some(if self.nodes.values().all(|node| node.newest) { 110_000 } else { 100_000 });
        Packages { installed: version(node.newest), candidate: version(node.lists || node.newest), max_op_version }
    }

    // Every other brick serves.
    fn others_run(&self, node: &NodeName) -> bool {
        let bricks = &self.volume.as_ref().unwrap().bricks;
        let others = self
            .nodes
            .iter()
            .filter(|(name, one)| *name != node && one.uuid.is_some_and(|uuid| bricks.contains(&uuid)));
        others.clone().count() > 0 && others.clone().all(|(_, one)| one.up && one.brick_runs)
    }

    fn moving(&self) -> Asked<Vec<Moving>> {
        let Some(state) = self.moving else { return Asked::Answer(Vec::new()) };
        let one = |host: &u32| Moving {
            host: uuid(*host),
            state,
            files: 12,
            bytes: 5 << 20,
            looked_at: 30,
            failures: 0,
            skipped: 1,
            seconds: 4,
        };
        Asked::Answer(self.volume.iter().flat_map(|volume| &volume.bricks).map(one).collect())
    }

    fn address(&self, name: &NodeName) -> Option<IpAddr> {
        let members = self.spec.members.iter().map(|member| (&member.node, member.address));
        let clients = self.spec.clients.iter().map(|client| (&client.node, client.address));
        let leaving = self.spec.leaving.iter().map(|leaver| (&leaver.member.node, leaver.member.address));
        members.chain(clients).chain(leaving).find(|(node, _)| *node == name).map(|(_, address)| address)
    }

    /// At all that the inventory names.
    pub(super) fn look(&self) -> Nodes {
        let named = self.nodes.iter().filter_map(|(name, node)| Some((name, node, self.address(name)?)));
        named
            .map(|(name, node, address)| {
                let seen = if node.up {
                    Seen::Known(self.facts(name, node, address))
                } else {
                    Seen::Unknown("power is off".to_owned())
                };
                (name.clone(), seen)
            })
            .collect()
    }

    fn facts(&self, name: &NodeName, node: &SimNode, address: IpAddr) -> NodeFacts {
        let stores = !node.peers.is_empty() || self.knows_volume(node);
        let asked = node.active && node.uuid.is_some() && stores;
        let version = 2 - u64::from(node.behind);
        let stored_volumes = if self.knows_volume(node) {
            BTreeMap::from([(self.spec.volume.clone(), version)])
        } else {
            BTreeMap::new()
        };
        let has_brick = self.has_brick(name);
        let shows = self.spec.brick_device.is_none() || node.disk.here;
        NodeFacts {
            host: host(address),
            daemon: Daemon {
                version: node.installed.then(|| "10.3".to_owned()),
                client: node.installed,
                active: node.active,
                enabled: node.active,
                masked: node.masked,
                uuid: node.uuid.map(uuid),
                op_version: node.uuid.map(|_| self.op_version),
                stored_peers: node.peers.iter().map(|peer| uuid(*peer)).collect(),
                stored_volumes,
            },
            pool: if asked { Asked::Answer(self.peers_of(node)) } else { Asked::Not },
            volumes: if asked { Asked::Answer(self.volumes_of(node)) } else { Asked::Not },
            brick: BrickDir {
                exists: node.brick_exists && shows,
                on_root: node.on_root,
                content: if node.content && shows { vec!["file".to_owned()] } else { Vec::new() },
                has_glusterfs: (node.trace || has_brick || node.was.is_some()) && shows,
                volume_ids: node.was.iter().map(|id| (self.spec.brick_path.clone(), (*id).to_owned())).collect(),
                unspread: self
                    .volume
                    .as_ref()
                    .is_some_and(|volume| volume.unspread.iter().any(|one| Some(*one) == node.uuid)),
                ..BrickDir::default()
            },
            brick_disk: self.spec.brick_device.as_ref().map(|_| node.disk.clone()),
            running: if node.brick_runs {
                BTreeSet::from([format!("{}:{address}{}", self.spec.volume, self.spec.brick_path.replace('/', "-"))])
            } else {
                BTreeSet::new()
            },
            mount: self.mount(node, name),
            heal: self.volume.as_ref().map(|volume| self.heal(volume)),
            undecided: None,
            moving: self.moving(),
            checkup: None,
            packages: node.installed.then(|| self.packages(node)),
            disk: None,
            indices: Vec::new(),
            admitted: BTreeSet::new(),
        }
    }

    fn heal(&self, volume: &SimVolume) -> Vec<BrickHeal> {
        let runs = |host: &u32| self.nodes.values().any(|node| node.uuid == Some(*host) && node.up && node.brick_runs);
        let whole = volume.bricks.iter().all(runs);
        let brick = |host: &u32| BrickHeal {
            name: format!("{host}:{}", self.spec.brick_path),
            connected: runs(host),
            // While one is away, the others write down what it misses.
            entries: runs(host).then(|| u64::from(!whole)),
        };
        volume.bricks.iter().map(brick).collect()
    }

    fn mount(&self, node: &SimNode, name: &NodeName) -> MountFacts {
        let volume = self.volume.as_ref();
        MountFacts {
            deaf: node.deaf,
            mounted: node.mounted.then(|| ("fuse.glusterfs".to_owned(), format!("localhost:/{}", self.spec.volume))),
            answers: node.mounted,
            misses: Vec::new(),
            hides: false,
            fstab: if node.boot_proof { vec![mount_unit::fstab_line(&self.spec, name)] } else { Vec::new() },
            unit: node.boot_proof.then(|| mount_unit::content(&self.spec)),
            unit_enabled: node.boot_proof,
            directories: if volume.is_some_and(|volume| volume.directories) {
                self.spec.directories.clone()
            } else {
                Vec::new()
            },
        }
    }

    fn peers_of(&self, node: &SimNode) -> Vec<Peer> {
        let by_uuid = |peer: u32| {
            self.nodes.iter().find(|(_, other)| other.uuid == Some(peer) && other.peers.len() == node.peers.len())
        };
        node.peers
            .iter()
            .map(|peer| {
                let live = !self.restless && by_uuid(*peer).is_some_and(|(_, other)| other.up && other.active);
                let lost = self.lost.get(peer);
                let name = by_uuid(*peer).map(|(name, _)| name).or(lost);
                let names = name.map(|name| name.as_str().to_owned()).into_iter().collect();
                Peer { uuid: uuid(*peer), names, connected: live, state: 3, state_text: "Peer in Cluster".to_owned() }
            })
            .collect()
    }

    fn volumes_of(&self, node: &SimNode) -> Vec<Volume> {
        let Some(volume) = self.volume.as_ref().filter(|_| self.knows_volume(node)) else { return Vec::new() };
        let brick = |(at, host): (usize, &u32)| Brick {
            name: format!("{host}:{}", self.spec.brick_path),
            host: uuid(*host),
            path: self.spec.brick_path.clone(),
            arbiter: volume.arbiter && at % 3 == 2,
        };
        vec![Volume {
            name: self.spec.volume.clone(),
            id: "id".to_owned(),
            status: if volume.started { VolumeStatus::Started } else { VolumeStatus::Created },
            replica: volume.replica,
            arbiter: u32::from(volume.arbiter),
            disperse: 0,
            bricks: volume
                .bricks
                .iter()
                .enumerate()
                .map(brick)
                .take(volume.bricks.len() - usize::from(node.behind))
                .collect(),
            options: volume.options.clone().into_iter().collect(),
        }]
    }

    /// Runs a plan up to `limit` tasks, looking again where it says so. The last task may be cut in its middle.
    pub(super) fn run(&mut self, request: &Request, mut limit: usize) -> Result<bool, Vec<Refusal>> {
        let mut plan: Plan = decide(&self.spec, &self.look(), request)?;
        for _ in 0..20 {
            let Some(stage) = plan.stages.first().cloned() else { return Ok(true) };
            for task in stage.waves.iter().flat_map(|wave| &wave.tasks) {
                if limit == 0 {
                    self.cut(task);
                    return Ok(false);
                }
                limit -= 1;
                self.apply(task);
            }
            plan.stages.remove(0);
            if stage.then == Then::LookAgain || plan.stages.is_empty() {
                let rest = decide(&self.spec, &self.look(), &request.continued())?;
                assert!(
                    plan.open.is_some() || surprises(&plan, &rest).is_empty(),
                    "surprise: {:?}",
                    surprises(&plan, &rest)
                );
                plan = rest;
            }
        }
        panic!("no end after twenty stages: {:?}", self.done);
    }

    fn cut(&mut self, task: &Task) {
        let words = |key: &str| list(task, key);
        match task.id.playbook.as_str() {
            "glusterfs/create" | "glusterfs/add-brick" | "glusterfs/extend" => {
                self.guard(task);
                // Fact 2.5: a failed create leaves its mark on the bricks it had prepared.
                for host in words("bricks").into_iter().skip(1) {
                    self.by_brick(&host).trace = true;
                }
            }
            "glusterfs/probe" => {
                if let Some(first) = words("peers").first().cloned() {
                    self.probe(&task.id.node, &first);
                }
            }
            _ => {}
        }
    }

    fn by_address(&mut self, address: &str) -> NodeName {
        self.spec.members.iter().find(|member| member.peer_name == address).unwrap().node.clone()
    }

    fn by_brick(&mut self, brick: &str) -> &mut SimNode {
        let address = brick.split_once(":/").unwrap().0.to_owned();
        let node = self.by_address(&address);
        self.nodes.get_mut(&node).unwrap()
    }

    fn probe(&mut self, from: &NodeName, address: &str) {
        let to = self.by_address(address);
        let pool: BTreeSet<u32> = self.nodes[from].peers.iter().copied().chain(self.nodes[from].uuid).collect();
        let joiner = &self.nodes[&to];
        let alone =
            joiner.peers.is_subset(&pool) && !self.knows_volume(&SimNode { peers: BTreeSet::new(), ..joiner.clone() });
        assert!(joiner.up && joiner.active && alone, "probed {to}: {joiner:?}");
        let own = joiner.uuid.unwrap();
        assert!(!pool.contains(&own), "probed the clone {to}");
        for node in self.nodes.values_mut().filter(|node| {
            node.uuid.is_some_and(|uuid| pool.contains(&uuid)) && !(node.peers.is_empty() && pool.len() > 1)
        }) {
            node.peers.insert(own);
        }
        self.nodes.get_mut(&to).unwrap().peers = pool;
    }

    pub(super) fn apply(&mut self, task: &Task) {
        self.done.push(task.id.to_string());
        let node = task.id.node.clone();
        assert!(self.nodes[&node].up, "ran {} on a node that is off", task.id);
        match task.id.playbook.strip_prefix("glusterfs/").unwrap() {
            "install" | "client" => self.install(&node),
            "service" => {
                self.start(&node);
                self.restless = true;
            }
            "uuid" => {
                assert!(self.nodes[&node].peers.is_empty());
                let next = self.next_uuid;
                self.next_uuid += 1;
                self.nodes.get_mut(&node).unwrap().uuid = Some(next);
            }
            "brick-disk" => self.mount_disk(&node),
            "brick" => self.nodes.get_mut(&node).unwrap().brick_exists = true,
            "brick-trace" => {
                let node = self.nodes.get_mut(&node).unwrap();
                assert!(!node.content, "wiped data");
                node.trace = false;
            }
            "probe" => {
                for peer in list(task, "peers") {
                    self.probe(&node, &peer);
                }
            }
            "create" => self.create(task),
            "add-brick" | "extend" => self.add_bricks(task),
            "options" => {
                self.set(task);
                let options = &mut self.volume.as_mut().unwrap().options;
                for key in list(task, "off") {
                    assert!(options.remove(&key).is_some(), "{key} is off");
                }
            }
            // `unless`: it looks at the bricks of its own node only.
            "bricks-up" if self.nodes[&node].brick_runs => {}
            "start" | "bricks-up" => {
                self.volume.as_mut().unwrap().started = true;
                self.run_bricks();
            }
            "boot-mount" => self.nodes.get_mut(&node).unwrap().boot_proof = true,
            "mount" => {
                assert!(self.volume.as_ref().unwrap().started, "mounted before the volume is started");
                let node = self.nodes.get_mut(&node).unwrap();
                assert!(node.boot_proof, "the unit that mounts it is missing");
                node.mounted = true;
            }
            "directories" => {
                assert!(self.nodes[&node].mounted, "folders before the mount");
                self.volume.as_mut().unwrap().directories = true;
            }
            "quorum" => {
                let options = &mut self.volume.as_mut().unwrap().options;
                options.retain(|key, _| !key.starts_with("cluster.quorum"));
            }
            "catch-up" => {
                self.nodes.get_mut(&node).unwrap().behind = false;
                self.restless = true;
            }
            "settled" => self.restless = false,
            "leave" => {
                let node = self.nodes.get_mut(&node).unwrap();
                (node.mounted, node.boot_proof) = (false, false);
            }
            "remove-brick" => self.remove_bricks(task),
            "drain" => self.drain(task),
            "detach" => list(task, "peers").iter().for_each(|peer| self.detach(&NodeName::new(peer))),
            "wipe" => {
                let left = self.has_brick(&node);
                let node = self.nodes.get_mut(&node).unwrap();
                let stale = task.vars.get("stale") == Some(&Var::Flag(true));
                assert!((node.peers.is_empty() || stale) && !left, "wiped a member");
                *node = SimNode { up: true, installed: true, ..SimNode::default() };
            }
            "reach" | "hears" | "healed" | "rebalanced" | "heal-all" | "marks" | "answers" => {}
            other => self.day_two(other, task),
        }
    }

    fn mount_disk(&mut self, node: &NodeName) {
        let node = self.nodes.get_mut(node).unwrap();
        assert!(node.disk.blank() || node.disk.asleep() || node.disk.here, "made anew what is not blank: {node:?}");
        if node.disk.blank() {
            (node.brick_exists, node.content) = (false, false);
        }
        (node.disk.here, node.disk.ours, node.on_root) = (true, true, false);
        node.disk.fstab = Some("UUID=1".to_owned());
    }

    fn day_two(&mut self, playbook: &str, task: &Task) {
        let node = task.id.node.clone();
        match playbook {
            "maintenance-on" => {
                assert!(self.volume.as_ref().is_none_or(|_| self.others_run(&node)), "the last copy out of service");
                let node = self.nodes.get_mut(&node).unwrap();
                (node.masked, node.active, node.brick_runs) = (true, false, false);
            }
            "maintenance-off" => {
                self.nodes.get_mut(&node).unwrap().masked = false;
                self.start(&node);
            }
            "package-lists" => self.nodes.get_mut(&node).unwrap().lists = true,
            "upgrade" => {
                let node = self.nodes.get_mut(&node).unwrap();
                assert!(node.masked && !node.active, "upgraded under a daemon that runs");
                node.newest = true;
            }
            "op-version" => {
                assert!(self.nodes.values().all(|node| node.newest), "raised before all can do it");
                self.op_version = 110_000;
            }
            "rebalance-stop" => self.moving = Some(MovingState::Stopped),
            "rebalance" if task.vars.get("fix_layout") == Some(&Var::Flag(true)) => {
                self.moving = Some(MovingState::LayoutFixed);
            }
            "rebalance" => {
                self.moving = Some(MovingState::Ended);
                let volume = self.volume.as_mut().unwrap();
                assert!(volume.bricks.len() > volume.replica as usize && !volume.unspread.is_empty(), "for nothing");
                volume.unspread.clear();
            }
            "vacant" => {
                let node = &self.nodes[&node];
                assert!(node.brick_exists && !node.content && !node.trace, "{node:?}");
            }
            "replace-brick" => self.replace_brick(task),
            "reset-brick" => {
                assert!(!self.nodes[&node].content, "emptied a brick that is there");
                let node = self.nodes.get_mut(&node).unwrap();
                (node.brick_exists, node.content) = (true, true);
                self.run_bricks();
            }
            "restore" => {
                let Some(Var::Text(uuid)) = task.vars.get("uuid") else { panic!("no UUID") };
                let own: u32 = uuid.rsplit('-').next().unwrap().parse().unwrap();
                let bricks = self.volume.as_ref().map(|volume| volume.bricks.clone()).unwrap_or_default();
                self.lost.remove(&own);
                let sim = self.nodes.get_mut(&node).unwrap();
                assert!(sim.installed && sim.peers.is_empty(), "overwrote what was there");
                (sim.uuid, sim.peers) = (Some(own), bricks.into_iter().filter(|uuid| *uuid != own).collect());
                self.start(&node);
            }
            "rejoin" => {
                let known = |word: &String| word.rsplit('-').next().unwrap().parse().unwrap();
                let peers = list(task, "peers").chunks(2).map(|pair| known(&pair[0])).collect();
                let Some(Var::Text(uuid)) = task.vars.get("uuid") else { panic!("no UUID") };
                self.lost.remove(&known(uuid));
                let node = self.nodes.get_mut(&node).unwrap();
                assert!(node.installed && node.peers.is_empty());
                (node.uuid, node.peers, node.active) = (Some(known(uuid)), peers, true);
                let node = task.id.node.clone();
                self.start(&node);
            }
            other => panic!("unknown playbook {other}"),
        }
    }

    // Fact 5.1. A set is never without a complete copy, and never has two on one host.
    fn replace_brick(&mut self, task: &Task) {
        let Some(Var::Text(old)) = task.vars.get("old") else { panic!("no brick") };
        let old = host_of(old);
        let stay: Vec<u32> = list(task, "stay").iter().map(|brick| host_of(brick)).collect();
        let running = |uuid: u32| self.nodes.values().any(|node| node.uuid == Some(uuid) && node.up && node.brick_runs);
        assert!(!stay.is_empty() && stay.iter().all(|uuid| running(*uuid)), "nobody to fill it from: {stay:?}");
        assert!(task.vars.get("lost") == Some(&Var::Flag(true)) || running(old), "the old one is not there");
        let Some(Var::Text(new)) = task.vars.get("new") else { panic!("no brick") };
        let new = self.by_brick(new);
        assert!(new.up && new.active && new.brick_exists && !new.content && !new.trace, "{new:?}");
        new.content = true;
        let uuid = new.uuid.unwrap();
        let volume = self.volume.as_mut().unwrap();
        assert_eq!(number(task, "before"), volume.bricks.len());
        assert!(!volume.bricks.contains(&uuid), "two copies on one host");
        *volume.bricks.iter_mut().find(|brick| **brick == old).unwrap() = uuid;
        for node in self.nodes.values_mut().filter(|node| node.uuid == Some(old)) {
            node.brick_runs = false;
        }
        self.run_bricks();
    }

    fn remove_bricks(&mut self, task: &Task) {
        let gone: Vec<u32> = list(task, "bricks").iter().map(|brick| host_of(brick)).collect();
        let volume = self.volume.as_mut().unwrap();
        assert_eq!(
            (number(task, "before"), number(task, "replica_before")),
            (volume.bricks.len(), volume.replica as usize)
        );
        volume.bricks.retain(|brick| !gone.contains(brick));
        volume.replica = u32::try_from(number(task, "replica")).unwrap();
        volume.arbiter = false;
        assert!(!volume.bricks.is_empty() && volume.bricks.len() == volume.replica as usize, "{volume:?}");
        let stay = |node: &&SimNode| node.uuid.is_some_and(|uuid| volume.bricks.contains(&uuid));
        assert!(
            self.nodes.values().filter(stay).all(|node| node.up && node.brick_runs),
            "a copy left while another was away"
        );
        for node in self.nodes.values_mut().filter(|node| node.uuid.is_some_and(|uuid| gone.contains(&uuid))) {
            node.brick_runs = false;
        }
    }

    fn drain(&mut self, task: &Task) {
        let gone: Vec<u32> = list(task, "bricks").iter().map(|brick| host_of(brick)).collect();
        let volume = self.volume.as_mut().unwrap();
        let before = volume.bricks.len();
        assert_eq!(number(task, "before"), before);
        volume.bricks.retain(|brick| !gone.contains(brick));
        let whole = (before - volume.bricks.len()).is_multiple_of(volume.replica as usize);
        assert!(whole && !volume.bricks.is_empty(), "half a set: {gone:?}");
    }

    // Fact 4.5: one that is there forgets the pool, one that is down does not hear of it (4.6).
    fn detach(&mut self, gone: &NodeName) {
        let uuid = self.nodes[gone].uuid.unwrap();
        assert!(self.volume.as_ref().is_none_or(|volume| !volume.bricks.contains(&uuid)), "peer {gone} hosts bricks");
        for (name, node) in &mut self.nodes {
            if name == gone && node.up {
                node.peers.clear();
            } else if name != gone {
                node.peers.remove(&uuid);
            }
        }
    }

    fn run_bricks(&mut self) {
        let bricks = self.volume.as_ref().unwrap().bricks.clone();
        for node in self.nodes.values_mut().filter(|node| node.up && node.active) {
            node.brick_runs |= node.uuid.is_some_and(|uuid| bricks.contains(&uuid));
        }
    }

    fn take(&mut self, task: &Task) -> Vec<u32> {
        let coordinator = self.nodes[&task.id.node].clone();
        let force = task.vars.get("force") == Some(&Var::Flag(true));
        list(task, "bricks")
            .iter()
            .map(|brick| {
                let node = self.by_brick(brick);
                assert!(node.up && node.active && node.brick_exists, "{brick}: {node:?}");
                assert!(!node.content && !node.trace, "a brick with old data was added: {brick}");
                assert_eq!(node.on_root, force && node.on_root, "the root partition needs force");
                node.content = true;
                let uuid = node.uuid.unwrap();
                assert!(
                    coordinator.uuid == Some(uuid) || coordinator.peers.contains(&uuid),
                    "{brick} is not in the pool"
                );
                uuid
            })
            .collect()
    }

    fn create(&mut self, task: &Task) {
        assert!(self.volume.is_none(), "created twice");
        let bricks = self.take(task);
        let replica = number(task, "replica");
        assert_eq!(bricks.len() % replica, 0);
        self.volume = Some(SimVolume {
            replica: u32::try_from(replica).unwrap(),
            arbiter: task.vars.get("arbiter") == Some(&Var::Flag(true)),
            bricks,
            started: true,
            options: BTreeMap::new(),
            directories: false,
            unspread: Vec::new(),
        });
        self.set(task);
        self.run_bricks();
    }

    // Fact T4: the arithmetic of add-brick.
    fn add_bricks(&mut self, task: &Task) {
        assert!(!self.restless, "grew while members did not see each other");
        assert!(self.nodes.values().all(|node| !node.behind), "grew on a change that a member has missed");
        let new = self.take(task);
        let replica = number(task, "replica");
        let volume = self.volume.as_ref().unwrap();
        assert!(volume.started, "add-brick on a stopped volume");
        for node in self.nodes.values().filter(|node| node.uuid.is_some_and(|uuid| volume.bricks.contains(&uuid))) {
            assert!(node.up && node.brick_runs, "grew while a member was down");
        }
        assert_eq!(number(task, "before"), volume.bricks.len());
        assert_eq!(number(task, "replica_before"), volume.replica as usize);
        self.guard(task);
        let volume = self.volume.as_mut().unwrap();
        let sets = volume.bricks.len() / volume.replica as usize;
        if replica > volume.replica as usize {
            assert!(replica <= 2 * volume.replica as usize, "a quorum of empty copies: they would serve by themselves");
            assert_eq!(new.len(), (replica - volume.replica as usize) * sets);
            if task.vars.get("arbiter") == Some(&Var::Flag(true)) {
                assert_eq!((volume.replica, replica, volume.arbiter), (2, 3, false), "no shape of gluster's");
                volume.arbiter = true;
            }
        } else {
            assert_eq!(replica, volume.replica as usize);
            assert_eq!(new.len() % replica, 0);
            volume.unspread.extend(&new);
        }
        let before = std::mem::replace(&mut volume.replica, u32::try_from(replica).unwrap());
        if volume.replica > before && sets > 1 {
            // One copy at a time, each set its own (seen on 10.3).
            assert_eq!(new.len(), sets);
            let old = std::mem::take(&mut volume.bricks);
            let each = old.chunks(before as usize).zip(new);
            volume.bricks = each.flat_map(|(set, brick)| set.iter().copied().chain([brick])).collect();
        } else {
            volume.bricks.extend(new);
        }
        self.run_bricks();
    }

    // What the playbook does first where a second copy is added.
    fn guard(&mut self, task: &Task) {
        if let Some(volume) = self.volume.as_mut().filter(|volume| volume.replica == 1)
            && task.vars.get("guard") == Some(&Var::Flag(true))
        {
            volume.options.extend(options(&[("cluster.quorum-type", "auto"), ("cluster.quorum-count", "1")]));
        }
    }

    fn set(&mut self, task: &Task) {
        let pairs = list(task, "options");
        let volume = self.volume.as_mut().unwrap();
        let refused = volume.replica == 1 && pairs.iter().any(|word| word == "cluster.self-heal-daemon");
        assert!(!refused, "Volume gv0 is not of replicate type");
        volume.options.extend(pairs.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())));
    }
}

fn host_of(brick: &str) -> u32 {
    brick.split_once(':').unwrap().0.parse().unwrap()
}

fn list(task: &Task, key: &str) -> Vec<String> {
    match task.vars.get(key) {
        Some(Var::List(words)) => words.clone(),
        other => panic!("{}: `{key}` is {other:?}", task.id),
    }
}

fn number(task: &Task, key: &str) -> usize {
    match task.vars.get(key) {
        Some(Var::Number(number)) => usize::try_from(*number).unwrap(),
        other => panic!("{}: `{key}` is {other:?}", task.id),
    }
}

fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn host(address: IpAddr) -> HostFacts {
    HostFacts {
        family: Some(OsFamily::Debian),
        os: "Debian GNU/Linux 12".to_owned(),
        addresses: vec![address],
        clock_ms: Some(0),
        resolves: BTreeMap::new(),
        firewalls: Vec::new(),
        root: true,
        systemd: true,
    }
}
