//! Split-brain, made on real bricks, shown copy by copy, and resolved by each of the rules.

use std::time::Duration;

use crate::checks::MOUNT;
use crate::harness::{Lab, eventually};

// As gluster does when a brick dies under it. The daemons heal nothing meanwhile.
fn kill_brick(lab: &Lab, node: usize) {
    lab.ssh(node, "kill -9 $(cat /var/run/gluster/vols/shared_data/*.pid)");
}

fn kill_bricks(lab: &Lab, nodes: &[usize]) {
    for node in nodes {
        kill_brick(lab, *node);
    }
}

fn bricks_back(lab: &Lab, by: usize, count: usize) {
    lab.ssh(by, "gluster --mode=script volume start shared_data force");
    eventually(Duration::from_secs(30), "all bricks are connected", || {
        let info = lab.ssh(by, "gluster --mode=script volume heal shared_data info");
        info.matches("Status: Connected").count() == count
    });
}

// server2 and server3 write without server1, and then server1 without them.
fn split(lab: &Lab) {
    lab.ssh(1, "gluster --mode=script volume set shared_data cluster.quorum-type none cluster.self-heal-daemon off");
    lab.ssh(1, &format!("cd {MOUNT}/uploads && for f in big late src meta; do echo start >$f; done"));
    kill_brick(lab, 1);
    lab.ssh(
        2,
        &format!(
            "cd {MOUNT}/uploads && for f in big late src gfid both; do echo of two and three >$f; done && chmod 600 meta"
        ),
    );
    bricks_back(lab, 1, 3);
    kill_brick(lab, 2);
    kill_brick(lab, 3);
    eventually(Duration::from_secs(30), "server1 writes by itself", || {
        lab.holds(1, &format!("cd {MOUNT}/uploads && echo of one >big"))
    });
    lab.ssh(
        1,
        &format!("cd {MOUNT}/uploads && for f in late src gfid both; do echo of one >$f; done && chmod 640 meta"),
    );
    bricks_back(lab, 2, 3);
    lab.ssh(1, "gluster --mode=script volume set shared_data cluster.self-heal-daemon on");
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn what_no_heal_can_decide_is_shown_and_decided_by_a_person() {
    let lab = Lab::up("eb-split", 3, "debian12-gluster");
    lab.inventory(3);
    lab.expect(0, &["up", "--yes"]);
    lab.expect(0, &["heal"]);
    split(&lab);

    let shown = lab.expect(7, &["heal"]);
    for line in ["/uploads/big", "/uploads/gfid", "/uploads/meta", "server1: 7 bytes", "server2: 17 bytes"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    lab.expect(7, &["status"]);
    assert!(!lab.holds(3, &format!("cat {MOUNT}/uploads/big")), "it was in split-brain");

    // Nothing says which copy is right.
    let said = lab.expect(5, &["heal", "--all", "--yes"]);
    assert!(said.contains("nothing says which is right"), "{said}");
    let said = lab.expect(5, &["heal", "/uploads/meta", "--bigger-file", "--yes"]);
    assert!(said.contains("owner or mode are not a matter of size or time"), "{said}");
    lab.expect(5, &["heal", "/uploads/config", "--source", "server1", "--yes"]);
    lab.expect(0, &["heal", "--all", "--latest-mtime", "--dry-run"]);
    assert_eq!(lab.expect(7, &["heal"]).matches("\n/uploads/").count(), 6, "nothing was decided so far");

    let read = |file: &str| lab.ssh(3, &format!("cat {MOUNT}/uploads/{file}"));
    lab.expect(0, &["heal", "/uploads/big", "--bigger-file", "--yes"]);
    assert_eq!(read("big"), "of two and three\n");
    lab.expect(0, &["heal", "uploads/late", &format!("{MOUNT}/uploads/gfid"), "--latest-mtime", "--yes"]);
    assert_eq!((read("late"), read("gfid")), ("of one\n".to_owned(), "of one\n".to_owned()));
    lab.expect(0, &["heal", "--all", "--source", "server2", "--yes"]);
    // Also the folder, in which a name was disputed until then.
    assert_eq!((read("src"), read("both")), ("of two and three\n".to_owned(), "of two and three\n".to_owned()));
    assert_eq!(lab.ssh(1, &format!("stat -c %a {MOUNT}/uploads/meta")), "600\n");
    lab.expect(0, &["heal"]);
    lab.ssh(1, "gluster --mode=script volume reset shared_data cluster.quorum-type");
    lab.same_bricks(&[1, 2, 3]);

    lab.expect(0, &["heal", "--full", "--yes"]);
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab, and takes minutes: make soak"]
fn soak_two_copies_and_two_sets_of_two_are_decided_too() {
    let lab = Lab::up("sb-split", 4, "debian12-gluster");
    for (nodes, lines, first, then) in
        [(2, &[][..], &[1][..], &[2][..]), (4, &["replica_count: 2"][..], &[1, 3][..], &[2, 4][..])]
    {
        lab.reset(&[1, 2, 3, 4]);
        lab.inventory_with(nodes, lines);
        lab.expect(0, &["up", "--yes"]);
        lab.ssh(
            1,
            "gluster --mode=script volume set shared_data cluster.quorum-type none cluster.self-heal-daemon off",
        );
        let write = |by: usize, text: &str| {
            lab.holds(by, &format!("cd {MOUNT}/uploads && for f in $(seq 8); do echo {text} >f$f || exit 1; done"))
        };
        assert!(write(1, "start"));
        kill_bricks(&lab, first);
        eventually(Duration::from_secs(30), "half of the copies serve", || write(2, "of the even ones"));
        bricks_back(&lab, 1, nodes);
        kill_bricks(&lab, then);
        eventually(Duration::from_secs(30), "the other half serves", || write(1, "of the odd"));
        bricks_back(&lab, 1, nodes);
        lab.ssh(1, "gluster --mode=script volume set shared_data cluster.self-heal-daemon on");

        let shown = lab.expect(7, &["heal"]);
        assert_eq!(shown.matches("\n/uploads/f").count(), 8, "{shown}");
        lab.expect(5, &["remove", "--service", "glusterfs", "--host", "server1", "--yes"]);
        let said = lab.expect(1, &["maintenance", "on", "server1", "--yes"]);
        assert!(said.contains("in split-brain, so no heal can decide: "), "{said}");
        lab.inventory_with(nodes, lines);
        lab.expect(0, &["heal", "--all", "--bigger-file", "--yes"]);
        let read = lab.ssh(2, &format!("cd {MOUNT}/uploads && cat f*"));
        assert_eq!(read, "of the even ones\n".repeat(8));
        lab.expect(0, &["heal"]);
        lab.same_bricks(&[1, 2]);
        lab.settled();
    }
}
