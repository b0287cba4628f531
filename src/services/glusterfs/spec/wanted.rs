//! The wish, read from the inventory.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::inventory::{Inventory, names};
use crate::model::{NodeName, Service};
use crate::services::glusterfs::spec::{FIELDS, fields, members, paths, several, volume};
use crate::yaml::{Fields, Problems};

const BRICK_PATH: &str = "/data/glusterfs/shared";
const MOUNT_POINT: &str = "/mnt/gluster";
const DIRECTORIES: [&str; 6] = ["frontend_builds", "slurm/state", "slurm/logs", "slurm/spool", "uploads", "config"];

/// How many copies of the data there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replica {
    /// One on every member, growing with every join.
    Auto,
    /// This many; members are added in multiples of it.
    Fixed(u32),
}

/// What a brick that shares its file system with something else is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DedicatedBrick {
    /// A warning.
    Warn,
    /// A refusal.
    Required,
}

/// How peers and bricks are named when they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerNames {
    /// By `ip_address`.
    Ip,
    /// By `hostname`, which every member must resolve.
    Hostname,
}

/// Who may mount the volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever reaches its bricks, unless an option says otherwise.
    Any,
    /// Members and clients of the inventory, by their addresses.
    Inventory,
}

/// A node that was a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaver {
    /// As it was.
    pub member: Member,
    /// What else is wanted on it.
    pub services: Vec<Service>,
}

/// A node that mounts the volume and has no part in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its name in the inventory.
    pub node: NodeName,
    /// Its address there.
    pub address: IpAddr,
}

/// A node that is to hold a brick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub node: NodeName,
    /// Its address.
    pub address: IpAddr,
    /// How gluster is told of it: the address or the name, as `peer_names` says.
    pub peer_name: String,
    /// The higher one goes first; none is last.
    pub priority: Option<u32>,
}

impl Member {
    /// Is it meant by one of these names of a peer? An adopted pool may know it by any of its own.
    pub fn goes_by(&self, names: &[String]) -> bool {
        let own = [self.address.to_string(), self.peer_name.clone(), self.node.as_str().to_owned()];
        names.iter().any(|name| own.contains(name))
    }
}

/// What is wanted of `GlusterFS`, as far as one volume is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Name of the volume.
    pub volume: String,
    /// Names of the other volumes that the inventory has.
    pub others: Vec<String>,
    /// How many copies.
    pub replica: Replica,
    /// Arbiter bricks of a replica set, counted in `replica`: 0, or 1 of 3.
    pub arbiter: u32,
    /// Where a member keeps its brick: absolute, clean.
    pub brick_path: String,
    /// The disk that is mounted right above it: absolute, clean, below `/dev`.
    pub brick_device: Option<String>,
    /// May the brick share its file system?
    pub dedicated_brick: DedicatedBrick,
    /// How peers and bricks are named when they are made.
    pub peer_names: PeerNames,
    /// Where members mount the volume: absolute, clean.
    pub mount_point: String,
    /// Who may mount it.
    pub access: Access,
    /// Volume options, as text; `default` takes one off.
    pub options: BTreeMap<String, String>,
    /// Made on the fresh volume: relative to the mount point, clean, parents not implied.
    pub directories: Vec<String>,
    /// By priority, the highest first, then by name: never by their order in the file.
    pub members: Vec<Member>,
    /// Nodes that only mount, by name.
    pub clients: Vec<Client>,
    /// Nodes that are to leave: nothing is wanted on them any more.
    pub leaving: Vec<Leaver>,
}

impl Spec {
    /// The folder right above the brick, where its disk is mounted.
    pub fn brick_parent(&self) -> &str {
        self.brick_path.rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    /// Reads `storage.glusterfs`, which may be missing, a map or a list of maps, and the nodes that take part: a wish for each volume,
    /// at least one. What is missing or bad in it is a problem in the inventory's file and a default in the answer; `None` only
    /// where it is neither map nor list.
    /// `leaving`: nodes that are no members any more, and perhaps were.
    pub fn read(inventory: &Inventory, leaving: &[NodeName], problems: &mut Problems) -> Option<Vec<Self>> {
        let volumes = several::volumes(inventory.section(&["storage", "glusterfs"]), problems)?;
        let peer_names = several::peer_names(&volumes, problems);
        let pool = Pool {
            members: members::members(inventory, peer_names, problems),
            clients: members::clients(inventory),
            leaving: members::leavers(inventory, leaving, peer_names),
            peer_names,
            complete: inventory.is_complete(),
        };
        let mut specs: Vec<_> = volumes
            .iter()
            .enumerate()
            .map(|(at, fields)| Self::of(fields.as_ref(), at == 0, &pool, problems))
            .collect();
        several::apart(&volumes, &specs, problems);
        let names: Vec<_> = specs.iter().map(|spec| spec.volume.clone()).collect();
        for spec in &mut specs {
            spec.others = names.iter().filter(|name| **name != spec.volume).cloned().collect();
        }
        Some(specs)
    }

    // One volume.
    fn of(fields: Option<&Fields<'_>>, first: bool, pool: &Pool, problems: &mut Problems) -> Self {
        if let Some(fields) = fields {
            fields.only(&names(FIELDS), problems);
        }
        let get = |key: &str| fields.and_then(|fields| fields.get(key));
        let (brick_path, mount_point) = places(fields, problems);
        let brick_device = get("brick_device").and_then(|item| paths::device(&item, &brick_path, problems));
        let count = pool.complete.then_some(pool.members.len());
        let replica = get("replica_count").and_then(|item| volume::replica(&item, count, problems));
        let arbiter = get("arbiter").and_then(|item| volume::arbiter(&item, (replica, count), problems)).unwrap_or(0);
        let replica = if arbiter > 0 { Replica::Fixed(volume::WITH_ARBITER) } else { replica.unwrap_or(Replica::Auto) };
        let options = get("options").and_then(|item| volume::options(&item, problems));
        let access = get("access").and_then(|item| volume::access(&item, options.as_ref(), problems));
        let directories = get("directories").and_then(|item| paths::directories(&item, problems));
        // What the manual wants on its volume has one place.
        let default = || if first { DIRECTORIES.map(str::to_owned).to_vec() } else { Vec::new() };
        Self {
            access: access.unwrap_or(Access::Any),
            volume: get("volume_name")
                .and_then(|item| volume::name(&item, problems))
                .unwrap_or_else(|| volume::NAME.to_owned()),
            others: Vec::new(),
            replica,
            arbiter,
            brick_path,
            brick_device,
            dedicated_brick: get("dedicated_brick")
                .and_then(|item| item.choice(&fields::DEDICATED_BRICK, problems))
                .unwrap_or(DedicatedBrick::Warn),
            peer_names: pool.peer_names,
            mount_point,
            options: options.unwrap_or_else(volume::default_options),
            directories: directories.unwrap_or_else(default),
            members: pool.members.clone(),
            clients: pool.clients.clone(),
            leaving: pool.leaving.clone(),
        }
    }
}

// Who takes part, in all volumes.
struct Pool {
    members: Vec<Member>,
    clients: Vec<Client>,
    leaving: Vec<Leaver>,
    peer_names: PeerNames,
    complete: bool,
}

// The two places, each good for itself and not one inside the other.
fn places(fields: Option<&Fields<'_>>, problems: &mut Problems) -> (String, String) {
    let item = |key: &str| fields.and_then(|fields| fields.get(key));
    let (brick_item, mount_item) = (item("brick_path"), item("mount_point"));
    let brick = brick_item.map_or(Some(BRICK_PATH.to_owned()), |item| paths::brick(&item, problems));
    let mount = mount_item.map_or(Some(MOUNT_POINT.to_owned()), |item| paths::mount_point(&item, problems));
    if let (Some(brick), Some(mount), Some(at)) = (&brick, &mount, brick_item.or(mount_item)) {
        paths::apart(&at, brick_item.and(mount_item), brick, mount, problems);
    }
    (brick.unwrap_or_else(|| BRICK_PATH.to_owned()), mount.unwrap_or_else(|| MOUNT_POINT.to_owned()))
}
