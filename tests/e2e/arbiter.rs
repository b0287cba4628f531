//! Two copies and an arbiter, which holds names and no data.

use std::time::Duration;

use crate::checks::{BRICK, MOUNT};
use crate::harness::{Lab, eventually};
use crate::writer::Writer;

// Of 40 files of 20 kB, what a node's brick holds: how many, and how many of them are empty.
fn held(lab: &Lab, node: usize) -> String {
    lab.ssh(node, &format!("cd {BRICK}/uploads && ls f* | wc -l && find . -name 'f*' -size 0 | wc -l"))
        .replace('\n', " ")
}

fn is_two_and_an_arbiter(lab: &Lab) {
    let info = lab.ssh(1, "gluster --mode=script volume info shared_data");
    assert!(info.contains("Number of Bricks: 1 x (2 + 1) = 3"), "{info}");
    assert!(lab.run(&["status"]).stdout.contains("2 + 1 arbiter"));
}

fn files(lab: &Lab) -> String {
    lab.ssh(
        1,
        &format!("cd {MOUNT}/uploads && for i in $(seq 40); do head -c 20000 /dev/urandom >f$i; done; sync -f ."),
    );
    sums(lab, 1)
}

fn sums(lab: &Lab, node: usize) -> String {
    lab.ssh(node, &format!("cd {MOUNT}/uploads && cat $(seq -f f%.0f 40) | sha256sum"))
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn an_arbiter_comes_with_the_third_node_serves_beside_one_copy_and_has_its_place_taken() {
    let lab = Lab::up("eh-arbit", 4, "debian12-gluster");
    lab.inventory(2);
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
    let old = files(&lab);
    lab.inventory_with(3, &["arbiter: 1"]);
    let writer = Writer::start(&lab, 2);
    let told = lab.tell(&["up", "--yes"]).expect(0);
    assert!(told.notes().iter().any(|note| note.contains("server3 holds names, and no data")), "{:?}", told.notes());
    is_two_and_an_arbiter(&lab);
    lab.healed(1, 3);
    assert_eq!((held(&lab, 1), held(&lab, 3)), ("40 0 ".to_owned(), "40 40 ".to_owned()));

    // Either of the copies may be away, and the arbiter too, one at a time.
    for node in ["server1", "server3"] {
        lab.expect(0, &["maintenance", "on", node, "--yes"]);
        lab.ssh(2, &format!("echo {node} >{MOUNT}/uploads/away"));
        lab.expect(0, &["maintenance", "off", node, "--yes"]);
    }
    writer.stop(1);

    // Its place is taken, and then it leaves.
    let replace = ["replace", "--service", "glusterfs", "--old", "server3", "--new", "10.77.0.104", "--wipe", "--yes"];
    lab.expect(0, &replace);
    is_two_and_an_arbiter(&lab);
    assert_eq!(held(&lab, 4), "40 40 ");
    assert_eq!(sums(&lab, 4), old);
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn three_fresh_nodes_are_made_two_copies_and_an_arbiter() {
    let lab = Lab::up("eh-three", 3, "debian12-gluster");
    lab.inventory_with(3, &["arbiter: 1"]);
    lab.expect(0, &["up", "--yes"]);
    is_two_and_an_arbiter(&lab);
    lab.settled();
    let old = files(&lab);
    lab.power_off(&[1]);
    assert_eq!(sums(&lab, 2), old);
    lab.power_on(&[1]);
    lab.healed(2, 3);
    lab.settled();
    a_name_that_the_arbiter_lacks_comes_back(&lab);

    // Where the inventory does not want it any more, it can leave, and nobody else.
    let remove = |node| ["remove", "--service", "glusterfs", "--yes", "--host", node];
    let said = lab.expect(3, &remove("server3"));
    assert!(said.contains("`arbiter: 1` needs 3 controllers"), "{said}");
    lab.inventory(3);
    let said = lab.expect(5, &remove("server2"));
    assert!(said.contains("only the arbiter of a single set can leave"), "{said}");
    lab.inventory(3);
    lab.expect(0, &remove("server3"));
    let info = lab.ssh(1, "gluster --mode=script volume info shared_data");
    assert!(info.contains("Number of Bricks: 1 x 2 = 2"), "{info}");
    assert_eq!(sums(&lab, 2), old);
    lab.settled();
}

// As a client leaves it that creates it when the self-heal daemon has listed the folder and the client has not heard of the new brick:
// no copy notes it, so that no heal knows of it.
fn a_name_that_the_arbiter_lacks_comes_back(lab: &Lab) {
    const LIB: &str = include_str!("../../playbooks/glusterfs/lib.sh");
    lab.ssh(1, &format!("echo late >{MOUNT}/late"));
    lab.ssh(3, "cd /data/glusterfs/shared && find .glusterfs -samefile late -delete && rm late");
    lab.ssh(2, &format!("echo more >>{MOUNT}/late"));
    let again = "clients shared_data && look_again shared_data 0 \"$clients\" 10.77.0.103:/data/glusterfs/shared";
    lab.ssh(1, &format!("{LIB}\n{again}"));
    assert!(lab.holds(3, "[ -e /data/glusterfs/shared/late ]"));
    lab.healed(1, 3);
}

#[test]
#[ignore = "needs root and the lab, and takes minutes: make soak"]
fn soak_the_places_of_a_dead_copy_and_of_a_dead_arbiter_are_taken() {
    let lab = Lab::up("sh-arbit", 4, "debian12-gluster");
    lab.inventory_with(3, &["arbiter: 1"]);
    lab.expect(0, &["up", "--yes"]);
    let old = files(&lab);
    lab.power_off(&[1]);
    // Until it is given up, every write waits for it.
    lab.ssh(2, &format!("echo while it is away >{MOUNT}/uploads/away"));
    let writer = Writer::start(&lab, 2);
    let place = |old: &str, new: &str, others: [usize; 2]| {
        eventually(Duration::from_secs(120), "the others see that it is gone", || {
            others.iter().all(|node| lab.holds(*node, "gluster --mode=script pool list | grep -q Disconnected"))
        });
        let said = ["replace", "--service", "glusterfs", "--old", old, "--new", new, "--confirm-dead", old, "--yes"];
        lab.expect(0, &said);
    };
    place("server1", "10.77.0.104", [2, 3]);
    writer.stop(4);
    lab.healed(2, 3);
    assert_eq!((held(&lab, 4), held(&lab, 3)), ("40 0 ".to_owned(), "40 40 ".to_owned()));
    assert_eq!(sums(&lab, 4), old);
    lab.same_bricks(&[2, 4]);
    lab.settled();

    // The former member comes back, is emptied, and takes the place of the arbiter.
    lab.power_on(&[1]);
    lab.expect(0, &["remove", "--service", "glusterfs", "--host", "server1", "--wipe", "--yes"]);
    lab.power_off(&[3]);
    place("server3", "server1", [2, 4]);
    assert_eq!(held(&lab, 1), "40 40 ");
    is_two_and_an_arbiter(&lab);
    assert_eq!(sums(&lab, 2), old);
    lab.settled();
}
