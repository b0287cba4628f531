//! What is never done, whoever asks for it, and says so: each of these is a refusal (exit code 5), and nothing is planned.

use crate::plan::{Act, Duty, Mode, Rebalance, Request, Rolling};
use crate::services::glusterfs::facts::BrickDisk;
use crate::services::glusterfs::laws::sim::{Sim, name};
use crate::services::glusterfs::plan::decide;
use crate::services::glusterfs::spec::{DedicatedBrick, Replica};

fn formed(count: usize, replica: Replica) -> Sim {
    let mut sim = Sim::new(count, replica);
    sim.run(&Request::default(), usize::MAX).unwrap();
    sim.restless = false;
    sim
}

fn three() -> Sim {
    formed(3, Replica::Auto)
}

/// Three members, and server4, which the inventory names and nobody has asked yet.
fn and_a_fourth() -> Sim {
    let mut sim = Sim::new(4, Replica::Auto);
    sim.before_the_last(|sim| sim.run(&Request::default(), usize::MAX).map(drop).unwrap());
    sim.restless = false;
    sim
}

fn with(mut sim: Sim, change: impl FnOnce(&mut Sim)) -> Sim {
    change(&mut sim);
    sim
}

fn plain() -> Request {
    Request::default()
}

fn ask(act: Act) -> Request {
    Request { act: Some(act), ..plain() }
}

fn out(i: usize) -> Request {
    ask(Act::Maintenance(name(i), Duty::Out))
}

fn wipe() -> Request {
    Request { wipe: true, ..plain() }
}

fn dead(i: usize) -> Request {
    Request { dead: [name(i)].into(), ..plain() }
}

fn place(old: usize, new: usize) -> Request {
    Request { places: [(name(old), name(new))].into(), ..plain() }
}

fn mode(mode: Mode) -> Request {
    Request { mode, ..plain() }
}

// An old brick of this volume, on server4.
fn old_brick(sim: &mut Sim, of: &'static str) {
    let node = sim.node(4);
    (node.brick_exists, node.content, node.was) = (true, true, Some(of));
}

/// What is asked for, of whom, how, and what is said of it.
type Case = (&'static str, Sim, Request, &'static str);

#[test]
fn nobody_leaves_whose_copy_is_needed() {
    let one_copy = || with(Sim::new(2, Replica::Auto), |sim| sim.form(2, 1));
    let arbiter = || {
        let mut sim = Sim::new(3, Replica::Fixed(3));
        sim.spec.arbiter = 1;
        sim.run(&plain(), usize::MAX).unwrap();
        sim
    };
    let sets = || formed(4, Replica::Fixed(2));
    let leaves = |sim: Sim, i| with(sim, |sim| sim.leave(i));
    refused(vec![
        ("the last copy", leaves(one_copy(), 1), plain(), "these are all copies there are"),
        (
            "the only copy that is there",
            with(leaves(three(), 1), |sim| (sim.node(2).brick_runs, sim.node(3).brick_runs) = (false, false)),
            plain(),
            "stays, and does not run",
        ),
        ("who cannot be asked", with(leaves(three(), 3), |sim| sim.node(3).up = false), plain(), "cannot be looked at"),
        ("who is said to be dead, and answers", leaves(three(), 3), dead(3), "is said to be dead, and answers"),
        (
            "anybody while a member is away",
            with(leaves(three(), 3), |sim| sim.node(2).up = false),
            plain(),
            "nobody leaves while this member",
        ),
        ("half a replica set", leaves(sets(), 4), plain(), "has bricks that stay"),
        (
            "a dead replica set",
            with(leaves(leaves(sets(), 4), 3), |sim| sim.node(4).up = false),
            dead(4),
            "it is not there",
        ),
        ("a copy beside an arbiter", leaves(arbiter(), 1), plain(), "only the arbiter"),
        ("two copies on one host", leaves(three(), 1), place(1, 3), "two copies would be on one host"),
        ("the place of the only copy", leaves(one_copy(), 1), place(1, 2), "its brick is the only copy"),
        ("the only copy out of service", formed(1, Replica::Auto), out(1), "the only copy"),
        ("a second one out of service", with(three(), |sim| sim.node(3).brick_runs = false), out(2), "seen to run"),
        (
            "one after the other beside a dead brick",
            with(three(), |sim| sim.node(3).brick_runs = false),
            ask(Act::Rolling(Rolling::Restart)),
            "seen to run",
        ),
    ]);
}

#[test]
fn nothing_joins_that_belongs_elsewhere_and_nothing_old_is_filled_or_deleted() {
    let foreign = |sim: &mut Sim| {
        let node = sim.node(4);
        (node.installed, node.active, node.uuid) = (true, true, Some(77));
        node.peers.insert(78);
    };
    let reinstalled = |sim: &mut Sim| {
        sim.reinstall(3, true);
        sim.node(3).was = Some("id");
    };
    let old = |id| with(and_a_fourth(), |sim| old_brick(sim, id));
    let no_brick = |sim: &mut Sim| (sim.node(4).brick_exists, sim.node(4).content) = (true, true);
    refused(vec![
        ("a node of another cluster", with(and_a_fourth(), foreign), plain(), "another cluster"),
        ("a node of another cluster, wiped", with(and_a_fourth(), foreign), wipe(), "another cluster"),
        ("an old brick", old("id"), plain(), "was, and is no longer, a brick"),
        ("a brick that nobody knows, wiped", old("other"), wipe(), "which nobody here knows"),
        ("files that are no brick, wiped", with(and_a_fourth(), no_brick), wipe(), "which no volume knows"),
        ("the brick of a reinstalled member, wiped", with(three(), reinstalled), wipe(), "its brick is needed"),
        (
            "an old brick while another is away, wiped",
            with(old("id"), |sim| sim.node(2).brick_runs = false),
            wipe(),
            "might be needed",
        ),
        ("a lost disk, filled unasked", with(three(), |sim| sim.lose_brick(2)), plain(), "nothing is left where"),
        ("a reinstalled member, unasked", with(three(), |sim| sim.reinstall(2, false)), plain(), "it was reinstalled"),
        (
            "a growth while a member is away",
            with(and_a_fourth(), |sim| sim.node(2).up = false),
            plain(),
            "does not grow",
        ),
    ]);
}

#[test]
fn no_second_cluster_no_disk_with_data_and_nothing_over_what_is_there() {
    let fresh = || Sim::new(3, Replica::Auto);
    let full = |sim: &mut Sim| {
        sim.spec.brick_device = Some("/dev/vdb".to_owned());
        sim.node(2).disk = BrickDisk { holds: vec!["ext4".to_owned()], ..BrickDisk::default() };
    };
    let root = |sim: &mut Sim| {
        sim.spec.dedicated_brick = DedicatedBrick::Required;
        sim.node(1).on_root = true;
    };
    let half = with(formed(4, Replica::Fixed(2)), |sim| sim.node(4).brick_runs = false);
    let other = "00000000-0000-0000-0000-000000000099".to_owned();
    refused(vec![
        (
            "a bootstrap while a node is away",
            with(fresh(), |sim| sim.node(3).up = false),
            mode(Mode::Bootstrap),
            "it could hold one",
        ),
        ("a second cluster", three(), mode(Mode::Bootstrap), "second cluster"),
        ("a join to nothing", fresh(), mode(Mode::Join), "no cluster to join"),
        ("a disk that is not blank", with(fresh(), full), plain(), "is not blank"),
        ("a brick on the root disk, where that is forbidden", with(fresh(), root), plain(), "root file system"),
        ("a rebalance while a brick is away", half, ask(Act::Rebalance(Rebalance::Start)), "seen to run"),
        (
            "what was stored, over what is there",
            three(),
            ask(Act::Restore([(name(1), other)].into())),
            "a restore would overwrite",
        ),
    ]);
}

#[track_caller]
fn refused(cases: Vec<Case>) {
    for (what, sim, request, says) in cases {
        match decide(&sim.spec, &sim.look(), &request) {
            Ok(plan) => panic!("{what}: planned {plan:#?}"),
            Err(refusals) => {
                let said: Vec<_> = refusals.iter().map(|refusal| refusal.what.as_str()).collect();
                assert!(said.iter().any(|said| said.contains(says)), "{what}: {said:?}");
                assert!(refusals.iter().all(|refusal| !refusal.remedy.is_empty()), "{what}: {refusals:?}");
            }
        }
    }
}

#[test]
fn what_is_left_of_a_former_member_is_deleted_and_it_joins() {
    let mut sim = and_a_fourth();
    old_brick(&mut sim, "id");
    let shown = decide(&sim.spec, &sim.look(), &wipe()).unwrap();
    assert_eq!(shown.tasks().map(|task| task.id.to_string()).collect::<Vec<_>>(), ["glusterfs/wipe@server4"]);
    assert!(shown.notes.iter().any(|note| note.text.contains("is deleted: `file`")), "{:?}", shown.notes);
    sim.run(&wipe(), usize::MAX).unwrap();
    assert_eq!(sim.volume.as_ref().unwrap().replica, 4);
    assert!(decide(&sim.spec, &sim.look(), &wipe()).unwrap().is_empty(), "and nothing of who is one now");

    // One that was away when it was taken out believes to be a member.
    let mut sim = three();
    sim.leave(3);
    sim.node(3).up = false;
    sim.run(&dead(3), usize::MAX).unwrap();
    sim.node(3).up = true;
    let member = sim.spec.leaving.pop().unwrap().member;
    sim.spec.members.push(member);
    sim.run(&wipe(), usize::MAX).unwrap();
    assert_eq!(sim.volume.as_ref().unwrap().replica, 3);
}
