//! The keys of `storage.glusterfs`, for the reader and for the schema.

use crate::inventory::{Field, Form};
use crate::services::glusterfs::spec::{Access, DedicatedBrick, PeerNames};

pub(crate) const DEDICATED_BRICK: [(&str, DedicatedBrick); 2] =
    [("warn", DedicatedBrick::Warn), ("required", DedicatedBrick::Required)];

pub(crate) const PEER_NAMES: [(&str, PeerNames); 2] =
    [("ip_address", PeerNames::Ip), ("hostname", PeerNames::Hostname)];

pub(crate) const ACCESS: [(&str, Access); 2] = [("any", Access::Any), ("inventory", Access::Inventory)];

/// Every key that may stand in `storage.glusterfs`.
pub const FIELDS: &[Field] = &[
    Field::optional("volume_name", Form::Text, "Letters, digits, `_` and `-`; default `shared_data`."),
    Field::optional(
        "replica_count",
        Form::WordsOrCount(|| vec!["auto"]),
        "How many copies; `auto`, the default, is one on every controller with `glusterfs: true`.",
    ),
    Field::optional(
        "arbiter",
        Form::Number(0, 1),
        "1: of three bricks, two hold copies, and the last one names only; default 0.",
    ),
    Field::optional(
        "brick_path",
        Form::Text,
        "Directory on every member that holds the data; default `/data/glusterfs/shared`.",
    ),
    Field::optional(
        "brick_device",
        Form::Text,
        "Empty disk of every member, as `/dev/vdb`: made XFS, and mounted at the folder above `brick_path`.",
    ),
    Field::optional(
        "dedicated_brick",
        Form::Words(|| words(&DEDICATED_BRICK)),
        "Whether the brick must be on a file system of its own; default `warn`.",
    ),
    Field::optional(
        "peer_names",
        Form::Words(|| words(&PEER_NAMES)),
        "How peers and bricks are named when they are made; default `ip_address`.",
    ),
    Field::optional("mount_point", Form::Text, "Where members mount the volume; default `/mnt/gluster`."),
    Field::optional(
        "access",
        Form::Words(|| words(&ACCESS)),
        "Who may mount the volume; `any`, the default, or `inventory`: only nodes that it names as members or clients.",
    ),
    Field::optional(
        "options",
        Form::TextMap,
        "Volume options; what is written here replaces the default three. `default` takes one off.",
    ),
    Field::optional("directories", Form::Lines, "Made on the fresh volume; replaces the default list."),
];

fn words<T>(choices: &[(&'static str, T)]) -> Vec<&'static str> {
    choices.iter().map(|(word, _)| *word).collect()
}
