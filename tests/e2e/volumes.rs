//! More than one volume in one pool.

use serde_json::Value;

use crate::checks::MOUNT;
use crate::harness::Lab;

const SECOND: &str = "/srv/photos";

// The lab's inventory, with a second volume.
fn two_volumes(lab: &Lab, nodes: usize) {
    let text = lab.inventory(nodes);
    let one = "  glusterfs:\n    brick_path: /data/glusterfs/shared\n    mount_point: /mnt/gluster\n";
    assert!(text.contains(one), "{text}");
    let two = "  glusterfs:\n    - {volume_name: shared_data, brick_path: /data/glusterfs/shared, mount_point: /mnt/gluster}\n    \
               - {volume_name: photos, replica_count: 2, brick_path: /data/glusterfs/photos, mount_point: /srv/photos, options: {}}\n";
    lab.write_inventory(&text.replace(one, two));
}

fn bricks(lab: &Lab, node: usize, volume: &str) -> String {
    let info = lab.ssh(node, &format!("gluster --mode=script volume info {volume}"));
    info.lines().find_map(|line| line.strip_prefix("Number of Bricks: ")).unwrap().to_owned()
}

fn sums(lab: &Lab, node: usize, at: &str) -> String {
    lab.ssh(node, &format!("cd {at} && sha256sum $(ls | grep ^file) | sha256sum"))
}

fn fill(lab: &Lab, node: usize, at: &str) -> String {
    lab.ssh(node, &format!("cd {at} && for i in $(seq 30); do head -c 9000 /dev/urandom >file$i; done"));
    sums(lab, node, at)
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_second_volume_comes_and_both_follow_the_nodes_that_come_and_go() {
    let lab = Lab::up("ea-vols", 4, "debian12-gluster");
    lab.inventory(2);
    lab.expect(0, &["up", "--yes"]);
    let old = fill(&lab, 1, &format!("{MOUNT}/uploads"));

    // Into the pool that serves the first.
    two_volumes(&lab, 2);
    let said = lab.expect(10, &["plan", "--exit-code"]);
    assert!(said.contains("create the volume") && !said.contains("/mnt/gluster"), "{said}");
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
    let photos = fill(&lab, 2, SECOND);
    let said = lab.expect(0, &["status"]);
    assert!(said.contains("shared_data") && said.contains("photos"), "{said}");

    // Three of the first, and of the second, in sets of two, the third waits for company.
    two_volumes(&lab, 3);
    lab.expect(0, &["up", "--yes"]);
    assert_eq!(
        (bricks(&lab, 1, "shared_data"), bricks(&lab, 1, "photos")),
        ("1 x 3 = 3".to_owned(), "1 x 2 = 2".to_owned())
    );
    lab.settled();
    lab.expect(0, &["add", "--service", "glusterfs", "--ip", "10.77.0.104", "--yes"]);
    assert_eq!(
        (bricks(&lab, 1, "shared_data"), bricks(&lab, 1, "photos")),
        ("1 x 4 = 4".to_owned(), "2 x 2 = 4".to_owned())
    );
    assert_eq!((sums(&lab, 4, &format!("{MOUNT}/uploads")), sums(&lab, 4, SECOND)), (old.clone(), photos.clone()));
    lab.settled();

    // A set of the second leaves by its files, a copy of the first at once; whoever has a brick of either stays in the pool.
    let said = lab.expect(2, &["rebalance", "--volume", "photos"]);
    assert!(said.contains("what is shown is of all"), "{said}");
    let said = lab.expect(5, &["rebalance", "start", "--yes"]);
    assert!(said.contains("say of which: `--volume shared_data` or `--volume photos`"), "{said}");
    lab.expect(0, &["rebalance", "start", "--volume", "photos", "--yes"]);
    let leave = ["remove", "--service", "glusterfs", "--host", "server3", "--host", "server4", "--wipe", "--yes"];
    // One that the inventory does not name.
    let gluster = |what: &str| lab.ssh(1, &format!("gluster --mode=script volume {what}"));
    gluster("create other 10.77.0.104:/data/glusterfs/other force");
    let said = lab.expect(5, &leave);
    assert!(
        said.contains("server4: refused: it has a brick of volume `other`, of which the inventory says nothing"),
        "{said}"
    );
    gluster("delete other");
    lab.expect(0, &leave);
    assert_eq!(
        (bricks(&lab, 1, "shared_data"), bricks(&lab, 1, "photos")),
        ("1 x 2 = 2".to_owned(), "1 x 2 = 2".to_owned())
    );
    assert_eq!((sums(&lab, 1, &format!("{MOUNT}/uploads")), sums(&lab, 2, SECOND)), (old.clone(), photos.clone()));
    lab.ssh(3, &format!("! findmnt -M {SECOND} && ! grep gluster /etc/fstab && [ -z \"$(ls /data/glusterfs)\" ]"));
    let again = lab.expect(0, &leave);
    assert!(again.contains("nothing to do"), "{again}");
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab, and takes minutes: make soak"]
fn soak_a_place_is_taken_in_both_volumes_and_a_run_that_is_cut_between_them_is_gone_on_with() {
    let lab = Lab::up("sa-vols", 4, "debian12-gluster");
    two_volumes(&lab, 3);
    let mut run = lab.follow(&["up", "--yes"]);
    // All of the second is still to be done.
    run.until(|event| event["event"] == "step_started" && event["task"]["part"] == "photos").expect("a second volume");
    run.child.kill().unwrap();
    run.finish();
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
    let (old, photos) = (fill(&lab, 1, &format!("{MOUNT}/uploads")), fill(&lab, 2, SECOND));

    let replace = ["replace", "--service", "glusterfs", "--old", "server1", "--new", "10.77.0.104", "--wipe", "--yes"];
    let mut run = lab.follow(&replace);
    let second =
        |event: &Value| event["task"]["playbook"] == "glusterfs/replace-brick" && event["task"]["part"] == "photos";
    run.until(|event| event["event"] == "step_started" && second(event)).expect("a place in the second volume");
    run.child.kill().unwrap();
    run.finish();
    lab.expect(0, &replace);
    assert_eq!((sums(&lab, 4, &format!("{MOUNT}/uploads")), sums(&lab, 4, SECOND)), (old, photos));
    lab.ssh(1, "[ ! -e /var/lib/glusterd/glusterd.info ] && [ -z \"$(ls /data/glusterfs)\" ]");
    lab.settled();
    let said = lab.run(&["doctor"]).stdout;
    assert!(said.contains("nothing is left to do") && said.contains("photos"), "{said}");
    lab.expect(0, &["heal"]);
    lab.power_off(&[2, 3, 4]);
    lab.power_on(&[2, 3, 4]);
    lab.settled();
}
