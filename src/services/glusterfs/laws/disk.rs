//! Bricks on a disk that the inventory names.

use crate::plan::{Plan, Request};
use crate::services::glusterfs::facts::BrickDisk;
use crate::services::glusterfs::laws::sim::{Sim, name};
use crate::services::glusterfs::plan::decide;
use crate::services::glusterfs::spec::{DedicatedBrick, Replica};

fn wanted(count: usize) -> Sim {
    let mut sim = Sim::new(count, Replica::Auto);
    sim.spec.brick_device = Some("/dev/vdb".to_owned());
    sim
}

fn plan(sim: &Sim) -> Plan {
    decide(&sim.spec, &sim.look(), &Request::default()).unwrap()
}

fn refused(sim: &Sim, request: &Request) -> String {
    let refusals = decide(&sim.spec, &sim.look(), request).unwrap_err();
    refusals.into_iter().map(|refusal| refusal.what).collect::<Vec<_>>().join("; ")
}

fn tasks(plan: &Plan, node: usize) -> Vec<&str> {
    let own = plan.tasks().filter(|task| task.id.node == name(node));
    own.map(|task| task.id.playbook.trim_start_matches("glusterfs/")).collect()
}

#[test]
fn a_blank_disk_is_made_and_mounted_before_the_brick_and_the_root_disk_is_spared() {
    let mut sim = wanted(3);
    for i in 1..=3 {
        sim.install(&name(i));
        sim.start(&name(i));
        sim.node(i).on_root = true;
    }
    sim.spec.dedicated_brick = DedicatedBrick::Required;
    let first = plan(&sim);
    assert_eq!(tasks(&first, 2)[..2], ["brick-disk", "brick"]);
    assert!(first.notes.iter().any(|note| note.text.contains("is blank: it is made XFS")), "{:?}", first.notes);
    assert!(!first.notes.iter().any(|note| note.text.contains("waives")), "{:?}", first.notes);
    sim.run(&Request::default(), usize::MAX).unwrap();
    assert!(plan(&sim).is_empty());
}

#[test]
fn wherever_it_is_cut_a_disk_is_made_once() {
    for cut in 0..40 {
        let mut sim = wanted(3);
        let _cut = sim.run(&Request::default(), cut);
        sim.run(&Request::default(), usize::MAX).unwrap();
        assert!(plan(&sim).is_empty(), "cut after {cut}");
        let made = sim.done.iter().filter(|task| task.starts_with("glusterfs/brick-disk")).count();
        assert_eq!(made, 3, "cut after {cut}");
    }
}

#[test]
fn a_disk_that_is_not_blank_is_refused_whatever_it_holds() {
    let text = |text: &str| Some(text.to_owned());
    let list = |text: &str| vec![text.to_owned()];
    let cases = [
        (BrickDisk { fault: text("is not there"), ..BrickDisk::default() }, "`/dev/vdb`, for the brick, is not there"),
        (BrickDisk { holds: list("ext4"), ..BrickDisk::default() }, "is not blank: it holds ext4"),
        (BrickDisk { above: text("/dev/sdc1"), ..BrickDisk::default() }, "is mounted from /dev/sdc1"),
        (BrickDisk { fstab: text("LABEL=x"), ..BrickDisk::default() }, "its /etc/fstab mounts LABEL=x"),
        (BrickDisk { hides: list("precious"), ..BrickDisk::default() }, "would be mounted, holds `precious`"),
        (BrickDisk { ours: true, hides: list("precious"), ..BrickDisk::default() }, "holds `precious`"),
    ];
    for (disk, what) in cases {
        let mut sim = wanted(3);
        sim.node(2).disk = disk;
        let said = refused(&sim, &Request::default());
        assert!(said.contains(what), "{said}");
        assert!(sim.run(&Request::default(), usize::MAX).is_err() && sim.done.is_empty());
    }
}

#[test]
fn a_disk_that_is_not_mounted_is_mounted_before_anything_is_said_of_its_brick() {
    let mut sim = wanted(3);
    sim.run(&Request::default(), usize::MAX).unwrap();
    let node = sim.node(2);
    (node.disk.here, node.brick_runs) = (false, false);
    let first = plan(&sim);
    assert_eq!(first.tasks().map(|task| task.id.to_string()).collect::<Vec<_>>(), ["glusterfs/brick-disk@server2"]);
    assert!(first.open.is_some());
    sim.run(&Request::default(), usize::MAX).unwrap();
    assert!(plan(&sim).is_empty() && sim.node(2).brick_runs);
}

#[test]
fn a_lost_disk_is_replaced_by_a_blank_one_only_when_somebody_says_so() {
    let mut sim = wanted(3);
    sim.run(&Request::default(), usize::MAX).unwrap();
    let node = sim.node(2);
    (node.brick_exists, node.content, node.brick_runs, node.on_root) = (false, false, false, true);
    node.disk = BrickDisk { fstab: node.disk.fstab.clone(), ..BrickDisk::default() };
    assert!(refused(&sim, &Request::default()).contains("nothing is left where its brick"));
    let place = Request { places: [(name(2), name(2))].into(), ..Request::default() };
    let mut full = sim.clone();
    full.node(2).disk.holds = vec!["ext4".to_owned()];
    assert!(refused(&full, &place).contains("is not blank"));
    sim.run(&place, usize::MAX).unwrap();
    assert!(sim.node(2).disk.here && sim.node(2).content && plan(&sim).is_empty());
}

#[test]
fn a_brick_that_is_elsewhere_stays_there() {
    let mut sim = Sim::new(3, Replica::Auto);
    sim.run(&Request::default(), usize::MAX).unwrap();
    sim.spec.brick_device = Some("/dev/vdb".to_owned());
    let mut nodes = sim.look();
    for seen in nodes.values_mut() {
        if let crate::facts::Seen::Known(facts) = seen {
            facts.brick.content = vec!["file".to_owned()];
            (facts.brick.exists, facts.brick.has_glusterfs) = (true, true);
        }
    }
    let plan = decide(&sim.spec, &nodes, &Request::default()).unwrap();
    assert!(plan.is_empty(), "{plan:?}");
    assert!(plan.notes.iter().any(|note| note.text.contains("stays where it is")), "{:?}", plan.notes);
}
