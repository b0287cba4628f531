//! Bricks on a disk of their own, which Bricklayer makes and mounts.

use crate::checks::{BRICK, MOUNT};
use crate::harness::Lab;
use crate::trouble::has;

const WANTED: &[&str] = &["brick_device: /dev/vdb", "dedicated_brick: required"];

/// What systemd makes of a node's `/etc/fstab` at boot, where it is not in a container.
fn boot_units(lab: &Lab, node: usize) -> String {
    lab.ssh(
        node,
        "unshare -m sh -c 'mount -t tmpfs none /sys && mkdir /tmp/units && SYSTEMD_LOG_LEVEL=warning \
         /usr/lib/systemd/system-generators/systemd-fstab-generator /tmp/units /tmp/units /tmp/units; \
         cat /tmp/units/data-glusterfs.mount; rm -r /tmp/units'",
    )
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn blank_disks_are_made_and_mounted_and_no_other() {
    let lab = Lab::up("ei-disks", 3, "debian12-gluster");
    lab.power_off(&[1, 2, 3]);
    Lab::must(&["disk", &lab.name, "1", "2", "3"]);
    lab.power_on(&[1, 2, 3]);
    lab.inventory_with(3, WANTED);

    // What has a file system, what has data and no signature, and what hides something.
    lab.ssh(1, "mkfs.ext4 -q -L precious /dev/vdb");
    lab.ssh(2, "size=$(blockdev --getsize64 /dev/vdb); printf x | dd of=/dev/vdb bs=1 seek=$((size - 5)) conv=notrunc 2>/dev/null");
    lab.ssh(3, "mkdir -p /data/glusterfs/shared && echo x >/data/glusterfs/precious");
    lab.untouched(3, "a refused bring-up", || {
        let said = lab.expect(5, &["up", "--yes"]);
        has(&said, &["server1: refused: `/dev/vdb` is not blank: it holds ext4 named precious", "`wipefs -a /dev/vdb"]);
        has(&said, &["server2: refused: `/dev/vdb` is not blank: it holds data without a signature"]);
        has(&said, &["server3: refused: `/data/glusterfs`, where `/dev/vdb` would be mounted, holds `precious`"]);
    });
    for node in [1, 2] {
        lab.ssh(node, "wipefs -q -a /dev/vdb && blkdiscard -z /dev/vdb");
    }
    lab.ssh(3, "rm /data/glusterfs/precious");
    lab.untouched(3, "a dry run", || {
        let said = lab.expect(0, &["up", "--dry-run"]);
        has(&said, &["`/dev/vdb` (4096 MiB) is blank: it is made XFS for the brick, and mounted at `/data/glusterfs`"]);
        assert!(!said.contains("waives"), "{said}");
    });
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
    for node in 1..=3 {
        assert_eq!(lab.ssh(node, "findmnt -n -o SOURCE,FSTYPE -M /data/glusterfs"), "/dev/vdb xfs\n");
    }
    has(&lab.ssh(1, "xfs_info /data/glusterfs"), &["isize=512", "naming   =version 2              bsize=8192"]);
    has(&boot_units(&lab, 1), &["Before=glusterd.service", "Where=/data/glusterfs", "Type=xfs"]);
    lab.ssh(1, &format!("cd {MOUNT}/uploads && for i in $(seq 40); do head -c 20000 /dev/urandom >old$i; done"));

    // A disk that is not mounted after a boot: in a container, systemd leaves that to others.
    lab.power_off(&[2]);
    lab.ssh(1, &format!("echo while it is away >{MOUNT}/uploads/away"));
    lab.power_on(&[2]);
    lab.ssh(2, &format!("! mountpoint -q /data/glusterfs && [ ! -e {BRICK} ]"));
    let said = lab.expect(0, &["up", "--yes"]);
    has(&said, &["glusterfs/disks: Mount the disks of the bricks", "server2: mount it"]);
    assert!(!said.contains("make XFS on the disk, where it is blank (") || said.contains("unchanged"), "{said}");
    lab.settled();
    lab.same_bricks(&[1, 2, 3]);

    // Another disk, as blank as a new one.
    lab.power_off(&[3]);
    Lab::must(&["disk", &lab.name, "3"]);
    lab.power_on(&[3]);
    let said = lab.expect(5, &["up", "--yes"]);
    has(&said, &["nothing is left where its brick of `shared_data` was", "--old server3 --new server3`"]);
    lab.expect(0, &["replace", "--service", "glusterfs", "--old", "server3", "--new", "server3", "--yes"]);
    assert_eq!(lab.ssh(3, "grep -c ' /data/glusterfs xfs ' /etc/fstab"), "1\n");
    lab.same_bricks(&[1, 2, 3]);
    lab.settled();
}
