//! Fresh nodes become a cluster.

use std::process::Command;

use crate::checks::{BRICK, MOUNT, waits};
use crate::harness::Lab;

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn three_fresh_nodes_become_a_replicated_mounted_volume_as_the_plan_said() {
    let lab = Lab::up("ea-fresh", 3, "debian12");
    looking_changes_nothing(&lab);
    let plan = lab.tell(&["plan"]).expect(0).planned();
    let up = lab.tell(&["up", "--yes"]).expect(0);
    assert_eq!(up.planned(), plan, "`up` plans what `plan` showed");
    let changed = up.ended("changed");
    assert_eq!(changed, plan.into_iter().filter(|task| !waits(task)).collect(), "what changed is what was named");
    let passed = up.ended("passed");
    assert!(passed.iter().all(|task| waits(task)) && passed.len() >= 6, "{passed:?}");

    is_whole(&lab, "10.77.0.10");
    for line in ["install/packages: changed", "service/glusterd: changed", "mount/mounted: changed"] {
        for node in 1..=3 {
            let log = lab.ssh(node, "cat /var/log/cluster_storage_setup.log");
            assert!(log.contains(&format!("glusterfs/{line}")), "server{node}: {log}");
        }
    }
    looking_changes_nothing(&lab);
    lab.untouched(3, "a second `up`", || {
        let again = lab.expect(0, &["up", "--yes"]);
        assert!(again.contains("nothing to do"), "{again}");
    });
    lab.settled();
}

fn looking_changes_nothing(lab: &Lab) {
    lab.untouched(3, "`plan`, or `up --dry-run`", || {
        lab.expect(0, &["plan"]);
        lab.expect(0, &["plan", "--offline"]);
        lab.expect(0, &["up", "--dry-run"]);
    });
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn an_admin_who_is_not_root_brings_it_up_by_sudo() {
    let lab = Lab::up("ea-admin", 3, "debian12");
    let text = lab.inventory(3);
    lab.write_inventory(&text.replace("user: root", "user: admin"));
    // One of them wants the admin's password, the others none.
    lab.ssh(2, "echo 'admin:open sesame' | chpasswd && sed -i '/^admin/s/NOPASSWD: *//' /etc/sudoers.d/*");
    let asks = lab.expect(5, &["up", "--yes"]);
    assert!(asks.contains("give the password (`--ask-sudo-password`)"), "{asks}");
    let up = lab.program(&["up", "--yes", "-v"]).env("BRICKLAYER_SUDO_PASSWORD", "open sesame").output().unwrap();
    let told = String::from_utf8_lossy(&[up.stdout, up.stderr].concat()).into_owned();
    assert!(up.status.success(), "{told}");
    let kept = Command::new("grep").args(["-rl", "open sesame"]).arg(lab.folder.join("state")).output().unwrap();
    assert!(!told.contains("open sesame") && kept.stdout.is_empty(), "{kept:?}");
    lab.ssh(2, "echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/zz-admin");
    is_whole(&lab, "10.77.0.10");
    let log = lab.ssh(1, "journalctl -q -t sshd --grep 'Accepted publickey for' --no-pager");
    assert!(log.contains("for admin"), "{log}\n{told}");
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn peers_and_bricks_go_by_hostname_where_the_inventory_says_so() {
    let lab = Lab::up("ea-names", 3, "debian12-gluster");
    lab.inventory_with(3, &["peer_names: hostname"]);
    let plan = lab.tell(&["plan"]).expect(0).planned();
    assert!(!plan.contains("glusterfs/install@server1"), "the package is there: {plan:?}");
    lab.expect(0, &["plan", "--out", "saved.json"]);
    lab.ssh(2, &format!("mkdir -p {BRICK}"));
    let said = lab.expect(5, &["up", "--plan", "saved.json", "--yes"]);
    assert!(said.contains("`glusterfs/brick@server2` is not to be done any more"), "{said}");
    lab.expect(0, &["plan", "--out", "saved.json"]);
    lab.expect(0, &["up", "--plan", "saved.json", "--yes"]);
    is_whole(&lab, "server");
    let said = lab.expect(5, &["up", "--plan", "saved.json", "--yes"]);
    assert!(said.contains("`glusterfs/create@server1` is not to be done any more"), "{said}");
    lab.settled();
}

/// Replica 3 on three nodes, with the manual's options and folders, the same on every node. `host` is what a brick's
/// host begins with, before the node's number.
#[track_caller]
pub fn is_whole(lab: &Lab, host: &str) {
    let info = lab.ssh(1, "gluster --mode=script volume info shared_data");
    assert!(info.contains("Number of Bricks: 1 x 3 = 3") && info.contains("Status: Started"), "{info}");
    for option in ["performance.cache-size: 256MB", "network.ping-timeout: 10", "cluster.self-heal-daemon: on"] {
        assert!(info.contains(option), "{info}");
    }
    for node in 1..=3 {
        assert!(info.contains(&format!("Brick{node}: {host}{node}:{BRICK}")), "{info}");
        let write = format!("cd {MOUNT}/uploads && echo written on server{node} >from{node} && chmod 640 from{node}");
        lab.ssh(node, &write);
    }
    for node in 1..=3 {
        let read = lab.ssh(node, &format!("cd {MOUNT}/uploads && cat from1 from2 from3"));
        assert_eq!(read, "written on server1\nwritten on server2\nwritten on server3\n");
        let folders = lab.ssh(node, &format!("cd {MOUNT} && ls -d */ slurm/*/"));
        assert_eq!(
            folders.split_whitespace().collect::<Vec<_>>(),
            ["config/", "frontend_builds/", "slurm/", "slurm/logs/", "slurm/spool/", "slurm/state/", "uploads/"]
        );
        let fstab = lab.ssh(node, "cat /etc/fstab");
        let line = format!("10.77.0.10{node}:/shared_data /mnt/gluster glusterfs ");
        let lines = fstab.lines().filter(|found| found.starts_with(&line));
        assert_eq!(lines.count(), 1, "{fstab}");
        let state =
            lab.ssh(node, "systemctl is-enabled glusterd gluster-mount-shared_data; systemctl is-system-running");
        assert_eq!(state, "enabled\nenabled\nrunning\n", "server{node}");
    }
    lab.same_bricks(&[1, 2, 3]);
}
