//! Nodes that only mount the volume.

use std::time::Duration;

use crate::checks::MOUNT;
use crate::harness::{Lab, eventually};

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_compute_node_mounts_the_volume_and_has_no_part_in_it() {
    let lab = two_and_a_client("ea-client", "debian12");
    // A client that is away keeps nobody from anything.
    lab.power_off(&[3]);
    lab.expect(4, &["up", "--yes"]);
    for node in [1, 2] {
        lab.ssh(node, &format!("findmnt -t fuse.glusterfs -M {MOUNT}"));
    }
    assert!(lab.expect(7, &["status"]).contains("server3"));
    lab.power_on(&[3]);
    let up = lab.tell(&["up", "--yes"]).expect(0);
    let wanted = ["client", "boot-mount", "mount"].map(|playbook| format!("glusterfs/{playbook}@server3"));
    assert_eq!(up.planned(), wanted.into(), "the members have nothing to do with it");
    lab.ssh(1, &format!("echo for all >{MOUNT}/uploads/file"));
    assert_eq!(lab.ssh(3, &format!("cat {MOUNT}/uploads/file")), "for all\n");
    assert!(!lab.ssh_any(3, "command -v glusterd").status.success(), "nothing but what mounts it");
    lab.settled();
    only_whom_the_inventory_names(&lab);
}

// server4 is named nowhere, and a mount of server3 is a stranger's when it is named no more.
fn only_whom_the_inventory_names(lab: &Lab) {
    Lab::must(&["up", &lab.name, "1", "--image", "debian12-gluster", "--from", "4"]);
    // A client that is refused ends a moment after `mount` has said that all is well.
    let mount = "mkdir -p /mnt/it && timeout 30 mount -t glusterfs 10.77.0.101:/shared_data /mnt/it && sleep 2 && \
                 timeout 30 ls /mnt/it && mountpoint -q /mnt/it";
    lab.ssh(4, &format!("{mount} && umount /mnt/it"));
    let options = "options: {network.ping-timeout: 10, performance.cache-size: default}";
    lab.change_inventory("  glusterfs:\n", &format!("  glusterfs:\n    access: inventory\n    {options}\n"));
    let up = lab.tell(&["up", "--yes"]).expect(0);
    assert_eq!(up.planned(), ["glusterfs/options@server1".to_owned()].into());
    let info = lab.ssh(1, "gluster --mode=script volume info shared_data");
    assert!(info.contains("auth.allow: 10.77.0.101,10.77.0.102,10.77.0.103\n"), "{info}");
    assert!(!info.contains("performance.cache-size"), "{info}");
    assert!(!lab.holds(4, mount), "a stranger mounts the volume");
    lab.ssh(3, &format!("echo more >>{MOUNT}/uploads/file"));
    // The daemons of the members are no strangers to each other.
    lab.power_off(&[2]);
    lab.ssh(3, &format!("echo away >>{MOUNT}/uploads/file"));
    lab.power_on(&[2]);
    lab.healed(1, 2);
    lab.settled();
    let said = lab.expect(0, &["plan"]);
    assert!(said.contains("not named in the inventory: cluster.self-heal-daemon is on"), "{said}");
}

#[test]
#[ignore = "needs root and the lab, and takes minutes: make soak"]
fn soak_a_client_that_boots_before_the_members_mounts_when_they_serve() {
    let lab = two_and_a_client("sa-client", "debian12-gluster");
    lab.expect(0, &["up", "--yes"]);
    lab.ssh(1, &format!("echo for all >{MOUNT}/uploads/file"));
    // Neither member is up when it boots, nor the first one for some time after that.
    lab.power_off(&[1, 2, 3]);
    lab.power_on(&[3]);
    lab.power_on(&[2]);
    lab.power_on(&[1]);
    let mounted = || lab.ssh_any(3, &format!("grep -q 'for all' {MOUNT}/uploads/file")).status.success();
    eventually(Duration::from_secs(120), "the volume is mounted on the client again", mounted);
    lab.settled();
}

/// Two members, and server3, which only mounts.
fn two_and_a_client(name: &str, image: &str) -> Lab {
    let lab = Lab::up(name, 3, image);
    let text = lab.inventory(2);
    let client =
        "  compute_nodes:\n    - {hostname: server3, ip_address: 10.77.0.103, services: {glusterfs_client: true}}\n";
    lab.write_inventory(&(text + client));
    lab
}
