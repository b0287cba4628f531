//! What a backup has brings back a cluster of which only the bricks are left.

use crate::checks::MOUNT;
use crate::harness::Lab;

// The disk of the system is a new one; the brick's is the old one.
const REINSTALLED: &str = "umount -l /mnt/gluster; systemctl stop glusterd; pkill -x glusterfsd; pkill -x glusterfs
DEBIAN_FRONTEND=noninteractive apt-get -qy purge glusterfs-server >/dev/null 2>&1
rm -rf /var/lib/glusterd /etc/glusterfs /etc/systemd/system/mnt-gluster* /etc/systemd/system/*/mnt-gluster*
sed -i '/glusterfs/d' /etc/fstab; systemctl daemon-reload; ! command -v glusterd";

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn only_the_bricks_are_left_and_everything_else_comes_back() {
    let lab = Lab::up("ee-backup", 3, "debian12-gluster");
    lab.inventory(3);
    let said = lab.expect(1, &["backup"]);
    assert!(said.contains("no node that answers has stored anything"), "{said}");
    lab.expect(0, &["up", "--yes"]);
    lab.ssh(
        1,
        &format!("cd {MOUNT}/uploads && for i in $(seq 50); do head -c 9000 /dev/urandom >f$i; done; sync -f ."),
    );
    let sums = || lab.ssh(2, &format!("cd {MOUNT}/uploads && cat $(seq -f f%.0f 50) | sha256sum"));
    let old = sums();
    let gluster = |what: &str| lab.ssh(1, &format!("gluster --mode=script {what}"));
    gluster("volume set shared_data performance.io-thread-count 8");
    let file = lab.folder.join("kept.tar");
    let file = file.to_str().unwrap();
    lab.expect(0, &["backup", "--to", file]);
    let said = lab.expect(1, &["backup", "--to", file]);
    assert!(said.contains("a file is there already"), "{said}");
    let plan = lab.tell(&["restore", file, "--dry-run"]).expect(0);
    assert!(plan.planned().is_empty(), "nothing is lost: {:?}", plan.planned());

    // Somebody has tried something.
    gluster("volume reset shared_data performance.io-thread-count");
    gluster("volume set shared_data features.trash on");
    let said = lab.expect(0, &["restore", file, "--options", "--dry-run"]);
    assert!(said.contains("performance.io-thread-count is not set, and was 8"), "{said}");
    lab.expect(0, &["restore", file, "--options", "--yes"]);
    let info = gluster("volume info shared_data");
    assert!(info.contains("performance.io-thread-count: 8") && !info.contains("features.trash"), "{info}");
    assert!(lab.expect(0, &["restore", file, "--options", "--yes"]).contains("nothing to do"));

    for node in 1..=3 {
        lab.ssh(node, REINSTALLED);
    }
    let said = lab.expect(5, &["up", "--yes"]);
    assert!(said.contains("old data"), "{said}");
    lab.power_off(&[3]);
    let said = lab.expect(4, &["restore", file, "--yes"]);
    assert!(said.contains("it may know more than the backup"), "{said}");
    lab.power_on(&[3]);

    // A byte of it is another one.
    let torn = lab.folder.join("torn.tar");
    let mut bytes = std::fs::read(file).unwrap();
    let at = bytes.windows(4).position(|four| four == [0x1f, 0x8b, 8, 0]).unwrap() + 2000;
    bytes[at] ^= 1;
    std::fs::write(&torn, bytes).unwrap();
    let said = lab.expect(2, &["restore", torn.to_str().unwrap(), "--yes"]);
    assert!(said.contains("its checksum differs"), "{said}");

    lab.expect(0, &["restore", file, "--yes"]);
    assert!(lab.holds(1, "! [ -e /var/lib/bricklayer-restore.tar.gz ]"));
    lab.expect(0, &["up", "--yes"]);
    lab.healed(1, 3);
    assert_eq!(sums(), old);
    lab.same_bricks(&[1, 2, 3]);
    lab.settled();
}
