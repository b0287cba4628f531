//! The mount that survives every boot order.
//!
//! A plain fstab line fails for good where glusterd answers before enough bricks are connected, since a `.mount`
//! unit is never tried again; the line is therefore `noauto`, and a service of our own mounts it and keeps trying
//! (second fact sheet, 4.2 and 4.3).

use crate::model::NodeName;
use crate::services::glusterfs::spec::Spec;

/// Name of the unit that mounts a volume.
pub fn name(volume: &str) -> String {
    format!("gluster-mount-{volume}.service")
}

/// Its content.
pub fn content(spec: &Spec) -> String {
    // systemd reads `%` as a specifier. `mount` may answer 0 and have mounted nothing (fact T10): then it is tried again.
    let (volume, at) = (&spec.volume, spec.mount_point.replace('%', "%%"));
    format!(
        "# Written by bricklayer. Mounts the GlusterFS volume {volume} and keeps trying until the volume serves.\n\
         [Unit]\n\
         Description=Mount GlusterFS volume {volume} on {at}\n\
         After=glusterd.service network-online.target\n\
         Wants=network-online.target\n\
         StartLimitIntervalSec=0\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         RemainAfterExit=yes\n\
         ExecStart=/bin/sh -c 'findmnt -n -M {at} >/dev/null || mount {at} && findmnt -n -M {at} >/dev/null'\n\
         ExecStop=/bin/umount -l {at}\n\
         Restart=on-failure\n\
         RestartSec=2\n\
         \n\
         [Install]\n\
         WantedBy=multi-user.target\n"
    )
}

/// The line of fstab for a node. A member asks its own glusterd for the volume's description, a client the first member's.
///
/// By its address: a mount that was made from `localhost` loses touch with every glusterd for good when that one is stopped, since
/// it goes on from the loopback address, from which no other can be reached. It then never hears of a change of the volume, and
/// writes to the bricks of before (seen on 10.3: `connection attempt on 127.0.0.1:24007 failed, (Invalid argument)`).
pub fn fstab_line(spec: &Spec, node: &NodeName) -> String {
    let mut options = String::from("defaults,noauto,_netdev");
    let first = server(spec, node);
    let backup = backup_servers(spec, node);
    if !backup.is_empty() {
        options.push_str(",backup-volfile-servers=");
        options.push_str(&backup.join(":"));
    }
    let first = if first.contains(':') { "localhost".to_owned() } else { first };
    format!("{first}:/{} {} glusterfs {options} 0 0", spec.volume, spec.mount_point)
}

fn server(spec: &Spec, node: &NodeName) -> String {
    match spec.members.iter().find(|member| member.node == *node) {
        Some(own) => own.address.to_string(),
        None => spec.members.first().map(|member| member.peer_name.clone()).unwrap_or_default(),
    }
}

/// Other members that can hand out the volume's description. The list is parted by colons, so an IPv6 address
/// cannot be in it.
pub fn backup_servers(spec: &Spec, node: &NodeName) -> Vec<String> {
    let first = server(spec, node);
    let others = spec.members.iter().filter(|other| other.node != *node && other.peer_name != first);
    others.map(|other| other.peer_name.clone()).filter(|name| !name.contains(':')).collect()
}
