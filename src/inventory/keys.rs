//! Every key of the inventory that no room reads.

use crate::inventory::{Field, Form, ssh};
use crate::model::Service;

/// A key that begins so is the admin's own, at the top of the file: a place for anchors.
pub(crate) const OWN_PREFIX: &str = "x-";

/// At the top of the file.
pub(crate) const TOP: &[Field] = &[
    Field::optional("ssh", Form::Map(ssh::SSH), "How nodes are reached; a node may have its own."),
    Field::optional("storage", Form::Map(STORAGE), "What is stored where."),
    Field::optional("keepalived", Form::Room, "The floating address."),
    Field::optional("mariadb", Form::Room, "The Galera cluster."),
    Field::optional("redis", Form::Room, "The Redis cluster."),
    Field::optional("slurm", Form::Room, "The Slurm controllers."),
    Field::required("nodes", Form::Map(NODES), "All machines."),
];

/// In `storage`.
pub(crate) const STORAGE: &[Field] = &[Field::optional(
    "glusterfs",
    Form::Rooms,
    "The replicated volume that the controllers share, or a list of them.",
)];

/// In `nodes`.
pub(crate) const NODES: &[Field] = &[
    Field::required("controllers", Form::List(CONTROLLER), "Machines that run services; at least one."),
    Field::optional("compute_nodes", Form::List(COMPUTE), "Slurm's workers, and clients that only mount."),
];

const HOSTNAME: Field = Field::required("hostname", Form::Text, "The node's name: letters, digits, `-` and `.`.");
const IP_ADDRESS: Field = Field::required("ip_address", Form::Address, "The address under which others know it.");
const SERVICES: Field = Field::optional("services", Form::Flags(services), "What runs on it.");
const NODE_SSH: Field = Field::optional("ssh", Form::Map(ssh::SSH), "How this node is reached; wins key by key.");

/// In an entry of `controllers`.
pub(crate) const CONTROLLER: &[Field] = &[
    HOSTNAME,
    IP_ADDRESS,
    Field::optional("priority", Form::Number(1, 255), "The higher one goes first, and holds the floating address."),
    SERVICES,
    Field::optional("vip_owner", Form::Flag, "Holds the floating address at first; at most one node."),
    NODE_SSH,
];

/// In an entry of `compute_nodes`.
pub(crate) const COMPUTE: &[Field] = &[HOSTNAME, IP_ADDRESS, SERVICES, NODE_SSH];

fn services() -> Vec<&'static str> {
    Service::ALL.into_iter().map(Service::key).collect()
}
