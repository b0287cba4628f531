//! Power failures of a cluster that is finished: it comes back without any command.

use std::time::Duration;

use crate::checks::MOUNT;
use crate::harness::{Lab, eventually};

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_node_that_was_off_comes_back_mounted_and_heals() {
    let lab = cluster("ea-off");
    let files = format!("mkdir {MOUNT}/work && cd {MOUNT}/work && for i in $(seq 40); do echo old $i >f$i; done");
    lab.ssh(1, &files);
    lab.power_off(&[1]);
    // Made, changed, renamed, removed, linked and given away while it is off.
    let changes = "echo new >new; for i in $(seq 10); do echo more >>f$i; done; mv f11 f11.moved; rm f12; \
                   ln -s f13 link; ln f14 hard; chmod 600 f15; chown 33:33 f16; mkdir sub; echo x >sub/y; : >f17";
    lab.ssh(2, &format!("cd {MOUNT}/work && {changes}"));
    lab.power_on(&[1]);
    lab.comes_back(&[1, 2, 3]);
    assert_eq!(lab.ssh(1, &format!("cat {MOUNT}/work/f1 {MOUNT}/work/sub/y")), "old 1\nmore\nx\n");
    lab.same_bricks(&[1, 2, 3]);
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn all_nodes_off_come_back_at_once_and_one_before_the_others() {
    let lab = cluster("ea-cold");
    cold_start(&lab, &[&[1, 2, 3]]);
    // The order in which a plain fstab line fails for good: glusterd of two answers before the bricks are connected.
    cold_start(&lab, &[&[1], &[2, 3]]);
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab, and takes minutes: make soak"]
fn soak_all_nodes_off_come_back_in_every_order() {
    let lab = cluster("ea-orders");
    for [one, two, three] in [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
        cold_start(&lab, &[&[one], &[two], &[three]]);
        cold_start(&lab, &[&[one], &[two, three]]);
        cold_start(&lab, &[&[one, two], &[three]]);
    }
    cold_start(&lab, &[&[1, 2, 3]]);
    lab.settled();
}

// Powers all nodes off while files are being written, and on again in groups, each only when the ones before have
// got as far as they can alone.
fn cold_start(lab: &Lab, groups: &[&[usize]]) {
    lab.ssh(2, &format!("cd {MOUNT}/uploads && for i in 1 2 3 4 5; do echo {groups:?} $i >>log$i; done; sync log*"));
    lab.power_off(&[1, 2, 3]);
    let mut up: Vec<usize> = Vec::new();
    for group in groups {
        lab.power_on(group);
        up.extend(*group);
        match up.as_slice() {
            [one] => eventually(Duration::from_secs(60), "a lone node tries again and again", || {
                let tries = lab.ssh(*one, "systemctl show -p NRestarts --value gluster-mount-shared_data");
                tries.trim().parse::<u32>().unwrap() >= 2
            }),
            // Two of three are enough to serve.
            [one, two] => {
                for node in [*one, *two] {
                    eventually(Duration::from_secs(60), &format!("server{node} of two serves"), || lab.serves(node));
                }
            }
            _ => {}
        }
    }
    lab.comes_back(&[1, 2, 3]);
    for node in 1..=3 {
        let last = lab.ssh(node, &format!("tail -n 1 {MOUNT}/uploads/log5"));
        assert_eq!(last, format!("{groups:?} 5\n"), "server{node}");
    }
    lab.same_bricks(&[1, 2, 3]);
}

fn cluster(name: &str) -> Lab {
    let lab = Lab::up(name, 3, "debian12-gluster");
    lab.expect(0, &["up", "--yes"]);
    lab
}
