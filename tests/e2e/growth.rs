//! A cluster grows while it is in use.

use std::time::Duration;

use rustix::process::Signal;

use crate::checks::{BRICK, MOUNT};
use crate::harness::{Lab, eventually};
use crate::killed::kill_at;
use crate::trouble::signal;
use crate::writer::Writer;

// All kinds of things, with all kinds of owners and modes.
const OLD: &str = r"set -e
mkdir -p /mnt/gluster/old/deep/er && cd /mnt/gluster/old
for i in $(seq 60); do head -c $((i * 1000)) /dev/urandom >file$i; done
head -c 20000000 /dev/urandom >big
: >empty; truncate -s 1M sparse; echo hello >deep/er/hello
ln -s ../nowhere dangling; ln file1 hard; mkfifo pipe
printf x >'a name with spaces and $(signs)'
chmod 4750 file2; chown 33:4 file3; chmod 1777 deep; chown -h 12:12 dangling";

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn one_node_with_data_becomes_three_while_a_writer_goes_on() {
    let lab = Lab::up("ea-grow", 3, "debian12-gluster");
    lab.inventory(1);
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
    lab.ssh(1, OLD);
    let old = lab.same_bricks(&[1]);

    lab.inventory(3);
    let backups = lab.folder.join("state/bricklayer/backups");
    std::fs::write(&backups, "in the way").unwrap();
    let said = lab.expect(5, &["up", "--yes"]);
    assert!(said.contains("no backup was taken") && said.contains("`--no-backup`"), "{said}");
    assert!(!lab.ssh(1, "gluster --mode=script pool list").contains("server2"), "nothing was changed");
    std::fs::remove_file(&backups).unwrap();
    let writer = Writer::start(&lab, 1);
    lab.expect(0, &["up", "--yes"]);
    writer.stop(2);
    what_was_stored_lies_here(&lab);

    let info = lab.ssh(1, "gluster --mode=script volume info shared_data");
    assert!(info.contains("Number of Bricks: 1 x 3 = 3"), "{info}");
    lab.healed(1, 3);
    let new = lab.same_bricks(&[1, 2, 3]);
    for line in old.lines().filter(|line| line.contains("./old/")) {
        assert!(new.lines().any(|found| found == line), "gone or changed: {line}");
    }
    lab.settled();
}

// Taken before the first change, of the one node that had anything.
fn what_was_stored_lies_here(lab: &Lab) {
    let all = format!(
        "cd {}/state/bricklayer/backups/*/ && ls && mkdir x && tar -xf *.tar -C x && cd x/* && sha256sum -c SHA256SUMS \
        && ls glusterfs && tar -xzOf glusterfs/server1.tar.gz var/lib/glusterd/vols/shared_data/info",
        lab.folder.display()
    );
    let out = std::process::Command::new("sh").args(["-euc", &all]).output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(said.matches(".tar\n").count(), 1, "one before the run's first change: {said}");
    assert!(said.contains("server1.tar.gz: OK") && !said.contains("server2"), "{said}");
    assert!(said.contains("\nsub_count=0\n") || said.contains("\nreplica_count=1\n"), "as it was before: {said}");
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn four_nodes_with_two_copies_make_two_sets() {
    let lab = Lab::up("ea-2x2", 4, "debian12-gluster");
    lab.inventory_with(4, &["replica_count: 2"]);
    let told = lab.tell(&["up", "--yes"]).expect(0);
    assert!(told.notes().iter().any(|note| note.contains("split-brain")), "{:?}", told.notes());
    is_two_by_two(&lab);
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn the_third_of_two_copies_waits_for_a_fourth() {
    let lab = Lab::up("ea-wait", 4, "debian12-gluster");
    lab.inventory_with(2, &["replica_count: 2"]);
    let told = lab.tell(&["up", "--yes"]).expect(0);
    assert!(told.notes().iter().any(|note| note.contains("split-brain")), "{:?}", told.notes());
    let info = lab.ssh(1, "gluster --mode=script volume info shared_data");
    assert!(info.contains("Number of Bricks: 1 x 2 = 2"), "{info}");
    lab.settled();
    lab.ssh(1, &format!("cd {MOUNT}/uploads && for i in $(seq 60); do echo $i >old$i; done"));

    lab.inventory_with(3, &["replica_count: 2"]);
    let plan = lab.tell(&["plan"]);
    let waits = |notes: &[String]| notes.iter().any(|note| note.contains("server3 waits for company"));
    assert!(plan.code == 0 && waits(&plan.notes()), "{:?}", plan.notes());
    lab.expect(0, &["up", "--yes"]);
    assert!(lab.serves(3), "a node that waits has the volume mounted all the same");
    assert!(!lab.holds(3, &format!("[ -e {BRICK}/.glusterfs ]")), "a node that waits has no brick");
    let plan = lab.tell(&["plan", "--exit-code"]);
    assert!(plan.code == 0 && plan.planned().is_empty() && waits(&plan.notes()), "{:?}", plan.notes());
    lab.settled();

    // Killed between the two: that the new bricks are without a share is seen by the next.
    lab.inventory_with(4, &["replica_count: 2"]);
    kill_at(&lab, ("glusterfs/extend", "add", "server1"));
    let next = lab.tell(&["up", "--yes"]).expect(0);
    assert!(next.ended("changed").contains("glusterfs/rebalance@server1"), "{:?}", next.ended("changed"));
    eventually(Duration::from_secs(60), "the rebalance is completed", || {
        let status = lab.ssh(1, "gluster --mode=script volume rebalance shared_data status");
        status.contains("completed") && !status.contains("in progress")
    });
    is_two_by_two(&lab);
    let old = lab.ssh(4, &format!("cd {MOUNT}/uploads && cat $(seq -f old%.0f 60)"));
    assert_eq!(old, (1..=60).map(|i| i.to_string() + "\n").collect::<String>());
    lab.settled();
    moves_files_when_told_to(&lab);
    is_two_by_two(&lab);
    watches_until_it_is_told_to_end(&lab);
}

#[test]
#[ignore = "needs root and the lab, and takes minutes: make soak"]
fn soak_two_sets_of_two_become_two_of_three_while_a_writer_goes_on() {
    let lab = Lab::up("sa-2x3", 6, "debian12-gluster");
    become_two_of_three(&lab, (4, 2), [[1, 2, 5], [3, 4, 6]]);
}

#[test]
#[ignore = "needs root and the lab, and takes minutes: make soak"]
fn soak_three_copies_become_two_sets_of_three_by_three_more_nodes() {
    let lab = Lab::up("sa-6by3", 6, "debian12-gluster");
    become_two_of_three(&lab, (3, 3), [[1, 2, 3], [4, 5, 6]]);
}

// From so many members and copies, while a writer goes on.
fn become_two_of_three(lab: &Lab, (members, copies): (usize, usize), sets: [[usize; 3]; 2]) {
    lab.inventory_with(members, &[&format!("replica_count: {copies}")]);
    lab.expect(0, &["up", "--yes"]);
    lab.ssh(1, OLD);
    let sum = |node: usize| {
        lab.ssh(node, &format!("cd {MOUNT}/old && find . -type f -print0 | sort -z | xargs -0 sha256sum"))
    };
    let old = sum(1);
    let writer = Writer::start(lab, 2);
    lab.inventory_with(6, &["replica_count: 3"]);
    lab.expect(0, &["up", "--yes"]);
    writer.stop(5);
    let info = lab.ssh(1, "gluster --mode=script volume info shared_data");
    assert!(info.contains("Number of Bricks: 2 x 3 = 6"), "{info}");
    // Where files go to a new set, that runs by itself: it is followed to its end, or there is nothing to move.
    lab.expect(0, &["rebalance", "start", "--yes"]);
    lab.healed(1, 6);
    // Whatever gluster made of it: the nodes of each set hold the same.
    for set in sets {
        lab.same_bricks(&set);
    }
    assert_eq!(sum(6), old);
    lab.settled();
}

fn moves_files_when_told_to(lab: &Lab) {
    let shown = lab.expect(0, &["rebalance"]);
    assert!(shown.lines().filter(|line| line.starts_with("server") && line.contains("ended")).count() == 4, "{shown}");
    // Renamed files stay where they were until somebody moves them.
    lab.ssh(
        2,
        &format!("cd {MOUNT}/uploads && for i in $(seq 200); do head -c 30000 /dev/zero >was$i; mv was$i is$i; done"),
    );
    let plan = lab.tell(&["rebalance", "start", "--dry-run"]).expect(0);
    assert_eq!(plan.planned().len(), 2, "{:?}", plan.planned());
    // Ctrl-C twice leaves it, and it goes on by itself.
    let told = lab.watch(&["rebalance", "start", "--yes"], |event, pid| {
        let waits = event["event"] == "step_line" && event["task"]["playbook"] == "glusterfs/rebalanced";
        if waits || event["event"] == "interrupted" && event["count"] == 1 {
            signal(pid, Signal::INT);
        }
    });
    assert_eq!(told.code, 6, "{}", told.text());
    assert!(lab.expect(0, &["rebalance"]).contains("moves files"));
    let said = lab.expect(5, &["rebalance", "fix-layout", "--yes"]);
    assert!(said.contains("a rebalance of `shared_data` is under way"), "{said}");
    lab.expect(0, &["rebalance", "stop", "--yes"]);
    let shown = lab.expect(0, &["rebalance"]);
    assert!(shown.contains("or one was stopped"), "{shown}");
    lab.expect(0, &["rebalance", "fix-layout", "--yes"]);
    lab.expect(0, &["rebalance", "start", "--yes"]);
    let shown = lab.expect(0, &["rebalance"]);
    assert!(shown.contains("ended") && !shown.contains("moves files"), "{shown}");
    lab.expect(0, &["rebalance", "stop", "--yes"]);
    let names = lab.ssh(1, &format!("cd {MOUNT}/uploads && ls -d is* | wc -l && cat is* | wc -c"));
    assert_eq!(names, "200\n6000000\n");
}

fn watches_until_it_is_told_to_end(lab: &Lab) {
    let metrics = lab.run(&["status", "--format", "prometheus"]).stdout;
    for line in ["bricklayer_node_health{name=\"server4\"} 0", "bricklayer_volume_to_heal{name=\"shared_data\"} 0"] {
        assert!(metrics.lines().any(|found| found == line), "{line}: {metrics}");
    }
    assert!(metrics.lines().all(|line| line.starts_with("bricklayer_") || line.starts_with("# TYPE ")), "{metrics}");
    let mut volumes = 0;
    let told = lab.watch(&["status", "--watch"], |finding, pid| {
        volumes += u32::from(finding["kind"] == "volume");
        if volumes == 3 && finding["kind"] == "volume" {
            signal(pid, Signal::INT);
        }
    });
    assert_eq!((told.code, volumes), (0, 3), "the last verdict");
}

#[test]
#[ignore = "needs root and the lab, and takes minutes: make soak"]
fn soak_one_becomes_four_one_by_one_and_one_again_while_a_writer_goes_on() {
    let lab = Lab::up("sa-1to4", 4, "debian12-gluster");
    lab.inventory(1);
    lab.expect(0, &["up", "--yes"]);
    lab.ssh(1, OLD);
    let old = lab.same_bricks(&[1]);
    let kept = |new: &str| {
        old.lines().filter(|line| line.contains("./old/")).all(|line| new.lines().any(|found| found == line))
    };
    let shape = || lab.ssh(1, "gluster --mode=script volume info shared_data | sed -n 's/^Number of Bricks: //p'");
    let writer = Writer::start(&lab, 1);
    for node in 2..=4 {
        lab.expect(0, &["add", "--service", "glusterfs", "--ip", &format!("10.77.0.10{node}"), "--yes"]);
        assert_eq!(shape().trim(), format!("1 x {node} = {node}"));
        lab.settled();
    }
    for node in (2..=4).rev() {
        lab.expect(0, &["remove", "--service", "glusterfs", "--host", &format!("server{node}"), "--wipe", "--yes"]);
        lab.expect(0, &["plan", "--exit-code"]);
    }
    assert_eq!(shape().trim(), "1");
    writer.stop(1);
    assert!(kept(&lab.same_bricks(&[1])), "something of before is gone or changed");
    lab.settled();
}

// Two sets of two; each file is in exactly one of them, on both of its nodes, and both have some.
fn is_two_by_two(lab: &Lab) {
    let info = lab.ssh(1, "gluster --mode=script volume info shared_data");
    assert!(info.contains("Number of Bricks: 2 x 2 = 4") && info.contains("Type: Distributed-Replicate"), "{info}");
    lab.ssh(1, &format!("cd {MOUNT}/uploads && for i in $(seq 40); do echo $i >new$i; done"));
    let files = |set: [usize; 2]| {
        let print = lab.same_bricks(&set);
        let names = print.lines().filter(|line| line.starts_with("f ") && line.contains("./uploads/new"));
        names.count()
    };
    let (one, two) = (files([1, 2]), files([3, 4]));
    assert!(one > 0 && two > 0 && one + two == 40, "{one} and {two} files");
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_node_is_added_by_its_address_and_the_inventory_learns_of_it() {
    let lab = Lab::up("ea-add", 3, "debian12-gluster");
    let text = "# mine\n".to_owned() + &lab.inventory(1) + "# the end\n";
    lab.write_inventory(&text);
    let inventory = || std::fs::read_to_string(lab.folder.join("inventory.yml")).unwrap();
    let add = |code, more: &[&str]| lab.expect(code, &[&["add", "--service", "glusterfs"], more].concat());
    let said = add(5, &["--ip", "10.77.0.102", "--yes"]);
    assert!(said.contains("there is no cluster to join") && inventory() == text, "{said}");
    lab.expect(0, &["up", "--yes"]);
    lab.ssh(1, &format!("cd {MOUNT}/uploads && for i in $(seq 30); do echo $i >old$i; done"));

    let said = add(0, &["--ip", "10.77.0.102", "--dry-run"]);
    assert!(said.contains("Would change ") && said.contains("+    - hostname: server2"), "{said}");
    assert_eq!(inventory(), text);
    let said = add(4, &["--ip", "10.77.0.109", "--yes"]);
    assert!(said.contains("new-10-77-0-109") || said.contains("10.77.0.109"), "{said}");
    assert_eq!(inventory(), text);
    add(0, &["--ip", "10.77.0.102", "--ip", "10.77.0.103", "--yes"]);
    let now = inventory();
    assert!(now.starts_with("# mine\n") && now.ends_with("# the end\n") && now.contains("hostname: server3"), "{now}");
    let info = lab.ssh(1, "gluster --mode=script volume info shared_data");
    assert!(info.contains("Number of Bricks: 1 x 3 = 3"), "{info}");
    lab.same_bricks(&[1, 2, 3]);
    let again = add(0, &["--host", "server3", "--yes"]);
    assert!(again.contains("nothing to do") && inventory() == now, "{again}");
    lab.settled();
}
