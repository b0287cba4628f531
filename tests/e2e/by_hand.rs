//! What people did by hand: a cluster made by the manual's commands, and changes to one that is finished.

use crate::checks::MOUNT;
use crate::harness::Lab;

// The commands of the manual of the scripts that are replaced: one brick, `force`, IP addresses, options one by one.
// Gluster refuses its last option for one brick; the scripts went on.
const FIRST: &str = r"set -e
systemctl enable --now glusterd
mkdir -p /data/glusterfs/shared /mnt/gluster
gluster --mode=script volume create shared_data 10.77.0.101:/data/glusterfs/shared force
gluster --mode=script volume set shared_data performance.cache-size 256MB
gluster --mode=script volume set shared_data network.ping-timeout 10
gluster --mode=script volume set shared_data cluster.self-heal-daemon on || :
gluster --mode=script volume start shared_data";

const SECOND: &str = r"set -e
until gluster --mode=script peer probe 10.77.0.102; do sleep 0.3; done
until gluster --mode=script volume add-brick shared_data replica 2 10.77.0.102:/data/glusterfs/shared force; do sleep 0.3; done";

const MOUNTED: &str = r"set -e
mkdir -p /mnt/gluster
echo 'localhost:/shared_data /mnt/gluster glusterfs defaults,_netdev 0 0' >>/etc/fstab
systemctl daemon-reload
mount -t glusterfs localhost:/shared_data /mnt/gluster
mkdir -p /mnt/gluster/frontend_builds /mnt/gluster/slurm/state /mnt/gluster/slurm/logs /mnt/gluster/slurm/spool \
  /mnt/gluster/uploads /mnt/gluster/config";

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_cluster_made_by_the_manuals_commands_is_adopted_and_grows() {
    let lab = Lab::up("ea-adopt", 3, "debian12-gluster");
    lab.ssh(1, FIRST);
    lab.ssh(2, "systemctl enable --now glusterd && mkdir -p /data/glusterfs/shared");
    lab.ssh(1, SECOND);
    for node in 1..=2 {
        lab.ssh(node, MOUNTED);
    }
    let data = "cd /mnt/gluster/uploads && for i in $(seq 50); do head -c $((i * 999)) /dev/urandom >f$i; done";
    lab.ssh(2, data);
    lab.healed(1, 2);
    let old = lab.same_bricks(&[1, 2]);
    let id = volume_id(&lab);

    lab.inventory(2);
    let plan = lab.tell(&["plan"]);
    let differs = ["glusterfs/boot-mount@server1", "glusterfs/boot-mount@server2", "glusterfs/options@server1"];
    assert_eq!(names(&plan.planned()), differs);
    // A file that is open all the while shows that nothing was mounted again.
    lab.ssh(1, "systemd-run -q --unit=holder sh -c 'exec 3>>/mnt/gluster/uploads/f1; exec sleep infinity'");
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
    assert_eq!(volume_id(&lab), id);
    lab.same_bricks(&[1, 2]);

    // The manual's mount is from `localhost`: with its glusterd it has lost all of them, and would not hear of a new brick.
    lab.ssh(2, "systemctl restart glusterd");
    lab.healed(1, 2);
    let said = lab.expect(7, &["status"]);
    assert!(said.contains("mounted, deaf to changes"), "{said}");
    lab.inventory(3);
    let said = lab.expect(1, &["up", "--yes"]);
    assert!(said.contains("the mount has lost touch with every glusterd"), "{said}");
    let info = lab.ssh(1, "gluster --mode=script volume info shared_data");
    assert!(info.contains("Number of Bricks: 1 x 2 = 2"), "{info}");
    lab.ssh(2, "umount /mnt/gluster");
    lab.expect(0, &["up", "--yes"]);
    assert_eq!(volume_id(&lab), id);
    assert!(lab.holds(1, "systemctl -q is-active holder && mountpoint -q /mnt/gluster"));
    lab.ssh(1, "systemctl stop holder");
    lab.healed(1, 3);
    assert_eq!(lab.same_bricks(&[1, 2, 3]), old, "old data on the new brick, byte for byte");
    lab.settled();

    // The manual's line was mounted when it was adopted; after a boot it is the unit that mounts.
    lab.power_off(&[1]);
    lab.power_on(&[1]);
    lab.comes_back(&[1, 2, 3]);
    lab.settled();
}

fn volume_id(lab: &Lab) -> String {
    lab.ssh(1, "gluster --mode=script volume info shared_data | grep '^Volume ID'")
}

fn names(tasks: &std::collections::BTreeSet<String>) -> Vec<&str> {
    tasks.iter().map(String::as_str).collect()
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn up_mends_what_was_changed_by_hand_and_nothing_else() {
    let lab = Lab::up("ea-drift", 3, "debian12-gluster");
    lab.expect(0, &["up", "--yes"]);
    // An option that the inventory does not name is nobody's business.
    lab.ssh(1, "gluster --mode=script volume set shared_data performance.io-thread-count 24");
    lab.settled();
    let mends = |node: usize, damage: &str, tasks: &[&str]| {
        lab.ssh(node, damage);
        let told = lab.tell(&["up", "--yes"]).expect(0);
        assert_eq!(names(&told.planned()), tasks, "{damage}");
        assert_eq!(names(&told.ended("changed")), tasks, "{damage}");
        lab.settled();
    };
    lab.ssh(2, "systemctl stop glusterd");
    lab.ssh(1, &format!("cd {MOUNT}/uploads && for i in $(seq 30); do echo $i >f$i; done"));
    let plan = lab.tell(&["plan", "--exit-code"]).expect(10);
    assert_eq!(names(&plan.planned()), ["glusterfs/service@server2"]);
    // The package's unit has killed its brick with it; what was written meanwhile is healed.
    lab.expect(0, &["up", "--yes"]);
    lab.healed(1, 3);
    lab.same_bricks(&[1, 2, 3]);
    mends(3, "kill -9 $(pgrep -x glusterfsd)", &["glusterfs/bricks-up@server3"]);
    mends(2, "gluster --mode=script volume set shared_data network.ping-timeout 42", &["glusterfs/options@server1"]);
    mends(1, "sed -i /gluster/d /etc/fstab", &["glusterfs/boot-mount@server1"]);
    // The unit stays active, and starting it again would do nothing.
    mends(2, &format!("umount {MOUNT}"), &["glusterfs/mount@server2"]);
    mends(3, "systemctl disable gluster-mount-shared_data", &["glusterfs/boot-mount@server3"]);
    mends(
        3,
        "echo '# mine' >>/etc/systemd/system/gluster-mount-shared_data.service",
        &["glusterfs/boot-mount@server3"],
    );
    mends(1, &format!("rmdir {MOUNT}/slurm/logs"), &["glusterfs/directories@server1"]);
    mends(1, "gluster --mode=script volume stop shared_data", &["glusterfs/start@server1"]);
    mends(2, "systemctl disable glusterd", &["glusterfs/service@server2"]);
    let info = lab.ssh(1, "gluster --mode=script volume info shared_data");
    assert!(info.contains("performance.io-thread-count: 24") && info.contains("network.ping-timeout: 10"), "{info}");
}
