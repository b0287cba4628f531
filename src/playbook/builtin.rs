//! The playbooks that are compiled in. A test compares the table with the folder.

/// Path below `playbooks/`, and text.
pub(super) const FILES: &[(&str, &str)] = &[
    ("glusterfs/add-brick.yml", include_str!("../../playbooks/glusterfs/add-brick.yml")),
    ("glusterfs/boot-mount.yml", include_str!("../../playbooks/glusterfs/boot-mount.yml")),
    ("glusterfs/brick-trace.yml", include_str!("../../playbooks/glusterfs/brick-trace.yml")),
    ("glusterfs/brick.yml", include_str!("../../playbooks/glusterfs/brick.yml")),
    ("glusterfs/bricks-up.yml", include_str!("../../playbooks/glusterfs/bricks-up.yml")),
    ("glusterfs/catch-up.yml", include_str!("../../playbooks/glusterfs/catch-up.yml")),
    ("glusterfs/client.yml", include_str!("../../playbooks/glusterfs/client.yml")),
    ("glusterfs/create.yml", include_str!("../../playbooks/glusterfs/create.yml")),
    ("glusterfs/directories.yml", include_str!("../../playbooks/glusterfs/directories.yml")),
    ("glusterfs/extend.yml", include_str!("../../playbooks/glusterfs/extend.yml")),
    ("glusterfs/firewall.yml", include_str!("../../playbooks/glusterfs/firewall.yml")),
    ("glusterfs/healed.yml", include_str!("../../playbooks/glusterfs/healed.yml")),
    ("glusterfs/install.yml", include_str!("../../playbooks/glusterfs/install.yml")),
    ("glusterfs/lib.sh", include_str!("../../playbooks/glusterfs/lib.sh")),
    ("glusterfs/mount.yml", include_str!("../../playbooks/glusterfs/mount.yml")),
    ("glusterfs/options.yml", include_str!("../../playbooks/glusterfs/options.yml")),
    ("glusterfs/probe.yml", include_str!("../../playbooks/glusterfs/probe.yml")),
    ("glusterfs/quorum.yml", include_str!("../../playbooks/glusterfs/quorum.yml")),
    ("glusterfs/reach.yml", include_str!("../../playbooks/glusterfs/reach.yml")),
    ("glusterfs/rebalance.yml", include_str!("../../playbooks/glusterfs/rebalance.yml")),
    ("glusterfs/service.yml", include_str!("../../playbooks/glusterfs/service.yml")),
    ("glusterfs/settled.yml", include_str!("../../playbooks/glusterfs/settled.yml")),
    ("glusterfs/start.yml", include_str!("../../playbooks/glusterfs/start.yml")),
    ("glusterfs/uuid.yml", include_str!("../../playbooks/glusterfs/uuid.yml")),
];
