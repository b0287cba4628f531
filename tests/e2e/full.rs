//! The disk of one brick is full.

use std::time::Duration;

use crate::checks::MOUNT;
use crate::harness::{Lab, eventually};
use crate::trouble::{GLUSTER, has};

#[test]
#[ignore = "needs root and the lab, and takes minutes: make soak"]
fn soak_a_full_brick_is_shown_keeps_the_others_and_is_healed_when_it_has_room() {
    let lab = Lab::up("ek-full", 3, GLUSTER);
    lab.expect(0, &["up", "--yes"]);
    lab.ssh(2, "fallocate -l $(df --output=avail -B1 /data | tail -n 1) /data/filler || dd if=/dev/zero of=/data/filler bs=1M; df /data");
    // Two of three take it; it is acknowledged.
    lab.ssh(
        1,
        &format!("cd {MOUNT}/uploads && for i in $(seq 20); do head -c 2000000 /dev/urandom >f$i; done; sync -f ."),
    );
    let sums = |node: usize| lab.ssh(node, &format!("cd {MOUNT}/uploads && cat $(seq -f f%.0f 20) | sha256sum"));
    let written = sums(1);
    assert_eq!(sums(3), written);
    has(&lab.expect(7, &["status"]), &["server2", "100%", "MiB left"]);
    assert!(lab.run(&["doctor"]).stdout.contains("of the brick's file system is taken"));
    // Nobody whose copy is one of the complete ones leaves, and no other joins its place.
    let text = std::fs::read_to_string(lab.folder.join("inventory.yml")).unwrap();
    has(
        &lab.expect(5, &["remove", "--service", "glusterfs", "--host", "server1", "--yes"]),
        &["are to be healed first"],
    );
    assert_eq!(std::fs::read_to_string(lab.folder.join("inventory.yml")).unwrap(), text);

    lab.ssh(2, "rm /data/filler");
    eventually(Duration::from_secs(120), "the heal is done", || {
        lab.ssh_any(1, "gluster --mode=script volume heal shared_data");
        lab.run(&["status"]).code == 0
    });
    lab.same_bricks(&[1, 2, 3]);
    assert_eq!(sums(2), written);
    lab.settled();
}
