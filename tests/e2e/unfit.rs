//! Fresh nodes that are unfit for a brick, a mount or the package.

use crate::harness::Lab;
use crate::trouble::{GLUSTER, has};

/// What the inventory with this brick path, and these lines in its `glusterfs` section, makes `up` say.
#[track_caller]
fn refused(lab: &Lab, nodes: usize, path: &str, lines: &[&str]) -> String {
    lab.inventory_with(nodes, lines);
    lab.change_inventory("/data/glusterfs/shared", path);
    lab.expect(5, &["up", "--yes"])
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn nodes_that_are_unfit_are_all_named_at_once_and_none_is_changed() {
    let lab = Lab::up("eb-unfit", 3, GLUSTER);
    lab.ssh(1, "mkdir -p /data/glusterfs/shared && echo x >/data/glusterfs/shared/precious");
    lab.ssh(2, "mkdir -p /mnt/gluster && mount -t tmpfs none /mnt/gluster && mkdir -p /data/glusterfs/shared/.glusterfs/ab && setfattr -n trusted.glusterfs.volume-id -v 0x0123456789abcdef0123456789abcdef /data/glusterfs/shared && echo old >/data/glusterfs/shared/file");
    lab.ssh(3, "mkdir -p /data/glusterfs && echo x >/data/glusterfs/shared");
    lab.untouched(3, "a refused bring-up", || {
        let said = refused(&lab, 3, "/data/glusterfs/shared", &[]);
        has(&said, &["server1: refused: `/data/glusterfs/shared` holds `precious`, which no volume knows"]);
        has(&said, &["(`mv /data/glusterfs/shared /data/glusterfs/shared.old`)"]);
        has(&said, &["server2: refused: `none` (tmpfs) is mounted on `/mnt/gluster`", "unmount it, or choose another `mount_point`"]);
        has(&said, &["server2: refused: `/data/glusterfs/shared` was, and is no longer, a brick of volume 01234567-89ab-cdef-0123-456789abcdef, which no node knows and holds `file`"]);
        has(&said, &["server3: refused: `/data/glusterfs/shared` is not a directory"]);

        let said = refused(&lab, 3, "/data", &[]);
        has(&said, &["server[1-3]: refused: the brick `/data` is a mount point itself", "`/data/brick`"]);
        let said = refused(&lab, 3, "/srv/brick", &["dedicated_brick: required"]);
        has(&said, &["server[1-3]: refused: the brick `/srv/brick` is on the root file system", "`dedicated_brick: warn`"]);
    });
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_package_that_cannot_be_had_stops_before_the_pool_and_a_brick_on_the_root_disk_is_only_warned_of() {
    let lab = Lab::up("eb-pkg", 1, GLUSTER);
    Lab::must(&["up", &lab.name, "1", "--image", "debian12", "--from", "2"]);
    lab.inventory(2);
    lab.change_inventory("/data/glusterfs/shared", "/srv/gluster/brick");
    lab.ssh(1, "mkdir -p /mnt/gluster && echo x >/mnt/gluster/forgotten");
    lab.ssh(2, "mv /etc/apt/sources.list /root/");
    let said = lab.expect(1, &["up", "--yes"]);
    has(&said, &["server2: step `packages` of glusterfs/install failed: install the packages", "job: exit code 100"]);
    has(&said, &["Unable to locate package glusterfs-server", "its package sources must have both"]);
    has(&said, &["[SUCCESS] server1: enable and start glusterd"]);
    assert_eq!(lab.ssh(1, "gluster pool list | wc -l"), "2\n", "a heading and itself: no pool was begun");

    lab.ssh(2, "mv /root/sources.list /etc/apt/");
    let said = lab.expect(0, &["up", "--yes"]);
    has(&said, &["server2: brick `/srv/gluster/brick` is on the root file system", "`force` waives gluster's guard"]);
    has(&said, &["server1: `/mnt/gluster` is not empty"]);
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab, and an image of its own: make soak"]
fn soak_two_major_versions_do_not_form_a_pool() {
    let lab = Lab::up("eb-majors", 1, GLUSTER);
    Lab::must(&["up", &lab.name, "1", "--image", "debian13-gluster", "--from", "2"]);
    lab.inventory(2);
    lab.untouched(2, "a refused bring-up", || {
        let said = lab.expect(5, &["up", "--yes"]);
        has(
            &said,
            &[
                "server2: refused: it has GlusterFS 11.1 and server1 has 10.3",
                "bring all nodes to the same major version",
            ],
        );
    });
}
