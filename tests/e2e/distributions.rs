//! Other distributions than Debian 12.

use crate::bring_up::is_whole;
use crate::harness::Lab;

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn debian_13_nodes_become_a_cluster() {
    let lab = Lab::up("ea-deb13", 3, "debian13");
    lab.expect(0, &["up", "--yes"]);
    assert!(lab.ssh(1, "gluster --version").starts_with("glusterfs 11."));
    is_whole(&lab, "10.77.0.10");
    lab.settled();
}

// An imitation: Debian below, dnf and rpm on top (tests/lab/README.md). It shows that the commands are right.
#[test]
#[ignore = "needs root and the lab: make e2e"]
fn nodes_of_the_rhel_imitation_become_a_cluster() {
    let lab = Lab::up("ea-rhel", 3, "rhel");
    lab.expect(0, &["up", "--yes"]);
    assert!(lab.ssh(1, "rpm -q glusterfs-server glusterfs-fuse").contains("glusterfs-fuse-"));
    is_whole(&lab, "10.77.0.10");
    lab.settled();
}
