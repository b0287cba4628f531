//! The playbooks of this room and what they are given.

use crate::plan::Contract;

const fn contract(playbook: &'static str, vars: &'static [&'static str]) -> Contract {
    Contract { playbook, vars }
}

/// Those that change who is a member, or which bricks the volume has.
pub(super) const MEMBERSHIP: &[&str] = &[
    "glusterfs/uuid",
    "glusterfs/probe",
    "glusterfs/create",
    "glusterfs/add-brick",
    "glusterfs/extend",
    "glusterfs/replace-brick",
    "glusterfs/reset-brick",
    "glusterfs/rejoin",
    "glusterfs/remove-brick",
    "glusterfs/drain",
    "glusterfs/detach",
    "glusterfs/wipe",
];

/// Kept in step with `plan` by a test: a task is given exactly these variables.
pub const CONTRACTS: &[Contract] = &[
    contract("glusterfs/install", &["family"]),
    contract("glusterfs/client", &["family"]),
    contract("glusterfs/service", &[]),
    contract("glusterfs/uuid", &["old"]),
    contract("glusterfs/firewall", &["firewall", "peers"]),
    contract("glusterfs/brick-disk", &["family", "device", "at"]),
    contract("glusterfs/brick", &["brick"]),
    contract("glusterfs/brick-trace", &["brick", "volume_id"]),
    contract("glusterfs/reach", &["targets"]),
    contract("glusterfs/probe", &["peers", "size"]),
    contract("glusterfs/catch-up", &["volume", "version", "bricks"]),
    contract("glusterfs/settled", &["size", "gone"]),
    contract("glusterfs/answers", &[]),
    contract("glusterfs/create", &["volume", "replica", "arbiter", "bricks", "options", "force"]),
    contract("glusterfs/marks", &["volume"]),
    contract("glusterfs/hears", &["mount_point"]),
    contract(
        "glusterfs/add-brick",
        &["volume", "replica", "arbiter", "bricks", "before", "replica_before", "guard", "force"],
    ),
    contract("glusterfs/extend", &["volume", "replica", "bricks", "before", "replica_before", "force"]),
    contract("glusterfs/options", &["volume", "options", "off"]),
    contract("glusterfs/start", &["volume"]),
    contract("glusterfs/bricks-up", &["volume"]),
    contract("glusterfs/rebalance", &["volume", "fix_layout"]),
    contract("glusterfs/rebalanced", &["volume"]),
    contract("glusterfs/rebalance-stop", &["volume"]),
    contract("glusterfs/healed", &["volume"]),
    contract("glusterfs/heal-all", &["volume"]),
    contract("glusterfs/resolve", &["volume", "choices", "gfids"]),
    contract("glusterfs/quorum", &["volume"]),
    contract("glusterfs/boot-mount", &["mount_point", "backup", "fstab_line", "unit", "unit_content"]),
    contract("glusterfs/mount", &["volume", "mount_point", "unit"]),
    contract("glusterfs/leave", &["volume", "mount_point", "unit"]),
    contract("glusterfs/remove-brick", &["volume", "replica", "bricks", "before", "replica_before", "stay", "dead"]),
    contract("glusterfs/vacant", &["brick"]),
    contract("glusterfs/replace-brick", &["volume", "old", "new", "before", "stay", "lost"]),
    contract("glusterfs/reset-brick", &["volume", "brick", "path", "stay"]),
    contract("glusterfs/rejoin", &["uuid", "op_version", "peers", "volume", "version", "bricks"]),
    contract("glusterfs/maintenance-on", &[]),
    contract("glusterfs/maintenance-off", &[]),
    contract("glusterfs/package-lists", &["family"]),
    contract("glusterfs/upgrade", &["family", "version"]),
    contract("glusterfs/op-version", &["version"]),
    contract("glusterfs/restore", &["archive", "uuid"]),
    contract("glusterfs/drain", &["volume", "replica", "bricks", "before"]),
    contract("glusterfs/detach", &["peers"]),
    contract("glusterfs/wipe", &["brick", "stale"]),
    contract("glusterfs/directories", &["mount_point", "directories"]),
];
