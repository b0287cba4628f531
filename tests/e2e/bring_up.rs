//! Three fresh nodes become a cluster.

use crate::harness::Lab;

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn three_fresh_nodes_become_a_replicated_mounted_volume() {
    let lab = Lab::up("e2e-fresh", 3, "debian12");
    lab.expect(0, &["up", "--yes"]);
    let info = lab.ssh(1, "gluster --mode=script volume info shared_data");
    assert!(info.contains("Number of Bricks: 1 x 3 = 3") && info.contains("Status: Started"), "{info}");
    for option in ["performance.cache-size: 256MB", "network.ping-timeout: 10", "cluster.self-heal-daemon: on"] {
        assert!(info.contains(option), "{info}");
    }
    lab.ssh(1, "echo written on server1 >/mnt/gluster/uploads/file && test -d /mnt/gluster/slurm/state");
    for node in 1..=3 {
        assert_eq!(lab.ssh(node, "cat /mnt/gluster/uploads/file"), "written on server1\n");
        assert_eq!(lab.ssh(node, "cat /data/glusterfs/shared/uploads/file"), "written on server1\n");
        assert!(lab.ssh(node, "cat /etc/fstab").contains("localhost:/shared_data /mnt/gluster glusterfs"));
    }
    let again = lab.expect(0, &["up", "--yes"]);
    assert!(again.contains("nothing to do"), "{again}");
    lab.settled();
}
