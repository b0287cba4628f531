//! One node takes the place of another, or its own again.

use crate::checks::{BRICK, MOUNT};
use crate::harness::Lab;
use crate::writer::Writer;

fn replace(lab: &Lab, code: i32, more: &[&str]) -> String {
    lab.expect(code, &[&["replace", "--service", "glusterfs"], more].concat())
}

fn bricks(lab: &Lab, node: usize) -> Vec<String> {
    let info = lab.ssh(node, "gluster --mode=script volume info shared_data");
    let names = info.lines().filter(|line| line.starts_with("Brick") && line.contains(":/"));
    names.map(|line| line.split(['.', ':']).nth(4).unwrap().to_owned()).collect()
}

fn files(lab: &Lab) -> String {
    lab.ssh(2, &format!("cd {MOUNT}/uploads && for i in $(seq 40); do head -c 20000 /dev/urandom >old$i; done"));
    sums(lab, 2)
}

fn sums(lab: &Lab, node: usize) -> String {
    lab.ssh(node, &format!("cd {MOUNT}/uploads && sha256sum old* | sha256sum"))
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_place_is_taken_while_a_writer_goes_on_and_one_that_lost_all_takes_its_own_again() {
    let lab = Lab::up("ea-places", 4, "debian12-gluster");
    lab.inventory(3);
    lab.expect(0, &["up", "--yes"]);
    let old = files(&lab);
    let said = replace(&lab, 5, &["--old", "server1", "--new", "server3", "--yes"]);
    assert!(said.contains("two copies would be on one host"), "{said}");
    let said = replace(&lab, 5, &["--old", "server1", "--new", "10.77.0.104", "--confirm-dead", "server1", "--yes"]);
    assert!(said.contains("it is said to be dead, and answers"), "{said}");

    // The one that made the cluster. The inventory does not know who comes.
    let writer = Writer::start(&lab, 2);
    let said = replace(&lab, 0, &["--old", "server1", "--new", "10.77.0.104", "--dry-run"]);
    assert!(said.contains("server1 leaves the pool once server4 has its copy"), "{said}");
    replace(&lab, 0, &["--old", "server1", "--new", "10.77.0.104", "--wipe", "--yes"]);
    writer.stop(4);
    assert_eq!(bricks(&lab, 2), ["104", "102", "103"]);
    assert_eq!(sums(&lab, 4), old);
    lab.ssh(1, &format!("[ ! -e /var/lib/glusterd/glusterd.info ] && [ ! -e {BRICK} ] && ! findmnt -M {MOUNT}"));
    let again = replace(&lab, 0, &["--old", "server1", "--new", "server4", "--wipe", "--yes"]);
    assert!(again.contains("nothing to do"), "{again}");
    lab.same_bricks(&[2, 3, 4]);
    lab.settled();

    // Its disk is a new one.
    lab.ssh(
        3,
        &format!(
            "systemctl stop glusterd && {{ pkill glusterfsd || :; }} && rm -rf {BRICK} && systemctl start glusterd"
        ),
    );
    let said = lab.expect(5, &["up", "--yes"]);
    assert!(said.contains("--old server3 --new server3` fills an empty one"), "{said}");
    lab.ssh(2, &format!("echo while it is away >{MOUNT}/uploads/more"));
    replace(&lab, 0, &["--old", "server3", "--new", "server3", "--yes"]);
    lab.same_bricks(&[2, 3, 4]);
    lab.settled();

    // Nothing is left of it but its address.
    Lab::must(&["reset", &lab.name, "3"]);
    let said = lab.expect(5, &["up", "--yes"]);
    assert!(said.contains("it was reinstalled"), "{said}");
    replace(&lab, 0, &["--old", "server3", "--new", "server3", "--yes"]);
    assert_eq!(bricks(&lab, 2), ["104", "102", "103"]);
    assert_eq!(sums(&lab, 3), old);
    lab.same_bricks(&[2, 3, 4]);
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab, and takes minutes: make soak"]
fn soak_the_place_of_a_dead_node_is_taken_in_its_own_replica_set() {
    let lab = Lab::up("sa-places", 5, "debian12-gluster");
    lab.inventory_with(4, &["replica_count: 2"]);
    lab.expect(0, &["up", "--yes"]);
    let old = files(&lab);
    lab.power_off(&[3]);
    let said = replace(&lab, 5, &["--old", "server3", "--new", "10.77.0.105", "--yes"]);
    assert!(said.contains("--confirm-dead server3"), "{said}");
    lab.ssh(1, &format!("cd {MOUNT}/uploads && for i in $(seq 40); do echo while it is away >away$i; done"));
    let writer = Writer::start(&lab, 2);
    replace(&lab, 0, &["--old", "server3", "--new", "10.77.0.105", "--confirm-dead", "server3", "--yes"]);
    writer.stop(5);
    assert_eq!(bricks(&lab, 2), ["101", "102", "105", "104"]);
    assert_eq!(sums(&lab, 5), old);
    lab.same_bricks(&[4, 5]);
    lab.settled();

    // Who comes back believes to be a member, and is emptied.
    lab.power_on(&[3]);
    lab.expect(0, &["remove", "--service", "glusterfs", "--host", "server3", "--wipe", "--yes"]);
    // Reinstalled, in a set of which half is left.
    Lab::must(&["reset", &lab.name, "4"]);
    replace(&lab, 0, &["--old", "server4", "--new", "server4", "--yes"]);
    assert_eq!(sums(&lab, 4), old);
    lab.same_bricks(&[4, 5]);
    lab.settled();
}
