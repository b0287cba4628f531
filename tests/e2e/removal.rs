//! Nodes leave a cluster that is in use.

use crate::checks::{BRICK, MOUNT};
use crate::harness::Lab;
use crate::writer::Writer;

fn remove(lab: &Lab, code: i32, more: &[&str]) -> String {
    lab.expect(code, &[&["remove", "--service", "glusterfs"], more].concat())
}

fn add(lab: &Lab, code: i32, more: &[&str]) -> String {
    lab.expect(code, &[&["add", "--service", "glusterfs"], more].concat())
}

fn bricks(lab: &Lab, node: usize) -> String {
    let info = lab.ssh(node, "gluster --mode=script volume info shared_data");
    info.lines().find_map(|line| line.strip_prefix("Number of Bricks: ")).unwrap().to_owned()
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_node_leaves_while_a_writer_goes_on_and_comes_back_empty() {
    let lab = Lab::up("ea-leave", 3, "debian12-gluster");
    lab.inventory(3);
    lab.expect(0, &["up", "--yes"]);
    lab.ssh(1, &format!("cd {MOUNT}/uploads && for i in $(seq 40); do head -c 20000 /dev/urandom >old$i; done"));
    let old = lab.ssh(2, &format!("cd {MOUNT}/uploads && sha256sum old* | sha256sum"));
    let inventory = || std::fs::read_to_string(lab.folder.join("inventory.yml")).unwrap();
    let text = inventory();

    // The one that made the cluster, while somebody works in its mount: nothing is begun.
    lab.ssh(1, &format!("systemd-run -q --unit=busy --working-directory={MOUNT} sleep 600"));
    let said = remove(&lab, 0, &["--ip", "10.77.0.101", "--dry-run"]);
    assert!(said.contains("replica 3 becomes 2") && said.contains("two copies are left"), "{said}");
    assert_eq!(inventory(), text);
    let said = remove(&lab, 1, &["--ip", "10.77.0.101", "--wipe", "--yes"]);
    assert!(
        said.contains("target is busy") && said.contains("server1: step `unmount` of glusterfs/leave failed"),
        "{said}"
    );
    assert_eq!(bricks(&lab, 2), "1 x 3 = 3");
    lab.ssh(1, "systemctl stop busy");
    let writer = Writer::start(&lab, 2);
    remove(&lab, 0, &["--ip", "10.77.0.101", "--wipe", "--yes"]);
    assert_eq!(bricks(&lab, 2), "1 x 2 = 2");
    lab.ssh(1, &format!("! findmnt -M {MOUNT} && ! grep gluster /etc/fstab && [ ! -e {BRICK} ]"));
    lab.ssh(1, "[ ! -e /var/lib/glusterd/glusterd.info ] && ! systemctl -q is-active glusterd");
    assert!(!lab.ssh(2, "cat /etc/fstab").contains("10.77.0.101"), "others no longer ask it for the volume");
    writer.stop(3);
    for node in [1, 2] {
        let log = lab.ssh(node, "cat /var/log/cluster_node_remove.log");
        let step = if node == 1 { "glusterfs/wipe/wipe: changed" } else { "glusterfs/remove-brick/remove: changed" };
        assert!(log.contains(step), "{log}");
    }
    assert!(inventory().contains("glusterfs: false"), "{}", inventory());
    let again = remove(&lab, 0, &["--ip", "10.77.0.101", "--wipe", "--yes"]);
    assert!(again.contains("nothing to do"), "{again}");
    lab.settled();

    add(&lab, 0, &["--host", "server1", "--yes"]);
    assert_eq!(bricks(&lab, 2), "1 x 3 = 3");
    assert_eq!(lab.ssh(1, &format!("cd {MOUNT}/uploads && sha256sum old* | sha256sum")), old);
    lab.same_bricks(&[1, 2, 3]);
    lab.settled();

    // One that keeps its copy is let in again only without it.
    remove(&lab, 0, &["--host", "server3", "--yes"]);
    lab.ssh(1, &format!("echo later >{MOUNT}/uploads/later; rm {MOUNT}/uploads/old1"));
    let said = add(&lab, 5, &["--host", "server3", "--yes"]);
    assert!(said.contains("was, and is no longer, a brick of volume `shared_data`"), "{said}");
    assert!(said.contains("`bricklayer add --service glusterfs --host server3 --wipe` deletes it"), "{said}");
    lab.untouched(3, "a dry run", || {
        let said = add(&lab, 0, &["--host", "server3", "--wipe", "--dry-run"]);
        assert!(said.contains("its old copy in `/data/glusterfs/shared` is deleted"), "{said}");
    });
    add(&lab, 0, &["--host", "server3", "--wipe", "--yes"]);
    assert_eq!(bricks(&lab, 2), "1 x 3 = 3");
    lab.ssh(3, &format!("cd {MOUNT}/uploads && [ ! -e old1 ] && cat later"));
    lab.same_bricks(&[1, 2, 3]);
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab, and takes minutes: make soak"]
fn soak_a_dead_node_leaves_when_somebody_says_so_and_is_not_let_in_again_as_it_is() {
    let lab = Lab::up("sa-dead", 3, "debian12-gluster");
    lab.inventory(2);
    lab.expect(0, &["up", "--yes"]);
    lab.inventory(3);
    lab.expect(0, &["up", "--yes"]);
    lab.ssh(1, &format!("echo kept >{MOUNT}/uploads/file"));
    let said = remove(&lab, 5, &["--host", "server1", "--host", "server2", "--host", "server3", "--yes"]);
    assert!(said.contains("the last copy of the data is never removed"), "{said}");
    let said = remove(&lab, 5, &["--host", "server3", "--confirm-dead", "server3", "--yes"]);
    assert!(said.contains("it is said to be dead, and answers"), "{said}");
    lab.power_off(&[3]);
    lab.ssh(1, &format!("echo while it is away >{MOUNT}/uploads/more"));
    let said = remove(&lab, 5, &["--host", "server3", "--yes"]);
    assert!(said.contains("--confirm-dead server3"), "{said}");
    remove(&lab, 0, &["--host", "server3", "--confirm-dead", "server3", "--yes"]);
    assert_eq!(bricks(&lab, 2), "1 x 2 = 2");
    lab.settled();

    // Who comes back believes to be a member, and is to be emptied before it may join.
    lab.power_on(&[3]);
    let said = add(&lab, 5, &["--host", "server3", "--yes"]);
    assert!(said.contains("it was detached while it was down"), "{said}");
    remove(&lab, 0, &["--host", "server3", "--wipe", "--yes"]);
    add(&lab, 0, &["--host", "server3", "--yes"]);
    assert_eq!(bricks(&lab, 2), "1 x 3 = 3");
    lab.same_bricks(&[1, 2, 3]);
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_replica_set_leaves_when_its_files_are_moved() {
    let lab = Lab::up("ea-drain", 4, "debian12-gluster");
    lab.inventory_with(4, &["replica_count: 2"]);
    lab.expect(0, &["up", "--yes"]);
    lab.ssh(1, &format!("cd {MOUNT}/uploads && for i in $(seq 60); do echo $i >old$i; done"));
    let before = lab.ssh(4, &format!("cd {MOUNT}/uploads && sha256sum old*"));
    let said = remove(&lab, 5, &["--host", "server4", "--yes"]);
    assert!(said.contains("its replica set has bricks that stay: 10.77.0.103:"), "{said}");
    // What cannot be moved keeps everything in the volume; the next run begins anew.
    let stuck = lab.ssh(3, &format!("find {BRICK}/uploads -name 'old*' -size +0 | head -n 1")).trim().to_owned();
    for node in [3, 4] {
        lab.ssh(node, &format!("chattr +i {stuck}"));
    }
    let said = remove(&lab, 1, &["--host", "server3", "--host", "server4", "--yes"]);
    assert!(said.contains("not everything could be moved"), "{said}");
    assert_eq!(bricks(&lab, 1), "2 x 2 = 4");
    for node in [3, 4] {
        lab.ssh(node, &format!("chattr -i {stuck}"));
    }
    let writer = Writer::start(&lab, 2);
    remove(&lab, 0, &["--host", "server3", "--host", "server4", "--yes"]);
    writer.stop_after_commit(1);
    assert_eq!(bricks(&lab, 1), "1 x 2 = 2");
    assert_eq!(lab.ssh(1, &format!("cd {MOUNT}/uploads && sha256sum old*")), before);
    let left = lab.ssh(3, &format!("find {BRICK} -path {BRICK}/.glusterfs -prune -o -type f -size +0 -print"));
    assert_eq!(left, "", "what was not moved");
    lab.settled();
}
