//! Two volumes of one pool.

use std::collections::BTreeSet;

use crate::plan::{Act, Plan, Rebalance, Refusal, Request, Then, surprises};
use crate::services::glusterfs::laws::sim::{Sim, SimNode, name};
use crate::services::glusterfs::plan::decide_all;
use crate::services::glusterfs::spec::Replica;

/// Each volume is a model of its own; what is done to nodes and to the pool is done in both.
#[derive(Clone)]
struct Pair([Sim; 2]);

impl Pair {
    fn new(count: usize, replicas: [Replica; 2]) -> Self {
        let mut pair = replicas.map(|replica| Sim::new(count, replica));
        let [one, other] = &mut pair;
        (other.spec.volume, other.spec.others) = ("gv1".to_owned(), vec!["gv0".to_owned()]);
        (other.spec.brick_path, other.spec.mount_point) =
            ("/data/glusterfs/second".to_owned(), "/srv/second".to_owned());
        one.spec.others = vec!["gv1".to_owned()];
        Self(pair)
    }

    fn formed(count: usize) -> Self {
        let mut pair = Self::new(count, [Replica::Auto; 2]);
        pair.run(&Request::default()).unwrap();
        pair
    }

    fn plan(&self, request: &Request) -> Result<Plan, Vec<Refusal>> {
        let looks: Vec<_> = self.0.iter().map(|sim| (&sim.spec, sim.look())).collect();
        decide_all(&looks, request)
    }

    fn each(&mut self, act: impl Fn(&mut Sim)) {
        self.0.iter_mut().for_each(act);
    }

    // As `up` does it. Answers what was done.
    fn run(&mut self, request: &Request) -> Result<Vec<String>, Vec<Refusal>> {
        self.run_to(request, usize::MAX)
    }

    // The same, cut after so many tasks.
    fn run_to(&mut self, request: &Request, limit: usize) -> Result<Vec<String>, Vec<Refusal>> {
        let mut done = Vec::new();
        let mut plan = self.plan(request)?;
        for _ in 0..20 {
            let ids: BTreeSet<_> = plan.tasks().map(|task| &task.id).collect();
            let stages: BTreeSet<_> = plan.stages.iter().map(|stage| &stage.name).collect();
            assert_eq!((ids.len(), stages.len()), (plan.tasks().count(), plan.stages.len()), "{plan:#?}");
            let Some(stage) = plan.stages.first().cloned() else { return Ok(done) };
            for task in stage.waves.iter().flat_map(|wave| &wave.tasks) {
                if done.len() == limit {
                    return Ok(done);
                }
                done.push(task.id.what());
                for sim in
                    self.0.iter_mut().filter(|sim| task.id.part.as_ref().is_none_or(|part| *part == sim.spec.volume))
                {
                    sim.apply(task);
                }
            }
            plan.stages.remove(0);
            if stage.then == Then::LookAgain || plan.stages.is_empty() {
                let rest = self.plan(&request.continued())?;
                assert!(plan.open.is_some() || surprises(&plan, &rest).is_empty(), "{:?}", surprises(&plan, &rest));
                plan = rest;
            }
        }
        panic!("no end: {done:?}");
    }
}

// Wherever it is cut, the same command goes on to the same end, and nothing is left to do then.
fn cut_anywhere(pair: &Pair, request: &Request) {
    let all = pair.clone().run(request).unwrap().len();
    assert!(all > 3);
    for cut in 0..all {
        let mut pair = pair.clone();
        pair.run_to(request, cut).unwrap();
        pair.run(request).unwrap_or_else(|refusals| panic!("cut after {cut}: {refusals:#?}"));
        assert!(pair.plan(request).unwrap().is_empty(), "cut after {cut}");
    }
}

fn place(done: &[String], what: &str) -> usize {
    done.iter().position(|task| task == what).unwrap_or_else(|| panic!("no {what} in {done:#?}"))
}

#[test]
fn what_is_of_the_pool_is_done_once_and_each_volume_is_made() {
    let mut pair = Pair::new(3, [Replica::Auto; 2]);
    let done = pair.run(&Request::default()).unwrap();
    for (what, times) in [("install", 3), ("probe", 1), ("create of gv0", 1), ("create of gv1", 1), ("mount of gv1", 3)]
    {
        assert_eq!(
            done.iter().filter(|task| **task == format!("glusterfs/{what}")).count(),
            times,
            "{what}: {done:#?}"
        );
    }
    assert!(pair.plan(&Request::default()).unwrap().is_empty());
}

#[test]
fn a_second_volume_comes_into_a_pool_that_serves_a_first() {
    let mut pair = Pair::formed(3);
    pair.0[1].volume = None;
    for i in 1..=3 {
        let node = pair.0[1].node(i);
        (node.brick_exists, node.content, node.mounted, node.boot_proof) = (false, false, false, false);
    }
    let done = pair.run(&Request::default()).unwrap();
    assert!(!done.iter().any(|task| task.contains("gv0") || task.contains("probe")), "{done:#?}");
    place(&done, "glusterfs/create of gv1");
}

#[test]
fn both_grow_by_the_same_node() {
    let mut pair = Pair::new(4, [Replica::Auto, Replica::Fixed(2)]);
    let last: Vec<_> =
        pair.0.iter_mut().map(|sim| (sim.spec.members.pop().unwrap(), sim.nodes.remove(&name(4)).unwrap())).collect();
    pair.run(&Request::default()).unwrap();
    for (sim, (member, node)) in pair.0.iter_mut().zip(last) {
        sim.nodes.insert(member.node.clone(), node);
        sim.spec.members.push(member);
    }
    let done = pair.run(&Request::default()).unwrap();
    let adds: Vec<_> = done.iter().filter(|task| task.contains("add-brick") || task.contains("extend")).collect();
    assert_eq!(adds, ["glusterfs/add-brick of gv0", "glusterfs/extend of gv1"], "{done:#?}");
    assert_eq!(done.iter().filter(|task| *task == "glusterfs/probe").count(), 1);
}

#[test]
fn nobody_is_detached_before_all_volumes_have_let_go() {
    let mut pair = Pair::formed(4);
    pair.each(|sim| sim.leave(2));
    // The run of before was cut between the two.
    let mut cut = Pair::formed(4);
    cut.each(|sim| sim.leave(2));
    let first = cut.plan(&Request::default()).unwrap();
    let shrink = first.tasks().find(|task| task.id.what() == "glusterfs/remove-brick of gv0").unwrap().clone();
    cut.0[0].apply(&shrink);
    for (mut pair, whole) in [(pair, true), (cut, false)] {
        let done = pair.run(&Request { wipe: true, ..Request::default() }).unwrap();
        let detach = place(&done, "glusterfs/detach");
        assert!(place(&done, "glusterfs/remove-brick of gv1") < detach, "{done:#?}");
        assert_eq!(done.iter().any(|task| task == "glusterfs/remove-brick of gv0"), whole);
        assert!(detach < place(&done, "glusterfs/wipe of gv0") && detach < place(&done, "glusterfs/wipe of gv1"));
        assert_eq!(done.iter().filter(|task| *task == "glusterfs/detach").count(), 1);
    }
}

// The second of three gives its place to a fourth.
fn moving() -> (Pair, Request) {
    let mut pair = Pair::formed(3);
    let fourth = Sim::new(4, Replica::Auto).spec.members.pop().unwrap();
    for sim in &mut pair.0 {
        sim.leave(2);
        sim.spec.members.push(fourth.clone());
        sim.nodes.insert(name(4), SimNode { up: true, ..SimNode::default() });
    }
    (pair, Request { places: [(name(2), name(4))].into(), ..Request::default() })
}

#[test]
fn a_place_is_taken_in_all_volumes_before_the_old_one_goes() {
    let (mut pair, request) = moving();
    let done = pair.run(&request).unwrap();
    let detach = place(&done, "glusterfs/detach");
    for volume in ["gv0", "gv1"] {
        assert!(place(&done, &format!("glusterfs/replace-brick of {volume}")) < detach, "{done:#?}");
    }
}

#[test]
fn what_is_refused_of_one_stops_all() {
    let mut pair = Pair::new(3, [Replica::Auto; 2]);
    let node = pair.0[1].node(2);
    (node.brick_exists, node.content) = (true, true);
    let refusals = pair.plan(&Request::default()).unwrap_err();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert!(refusals[0].what.contains("/data/glusterfs/second"), "{refusals:?}");
    // Of the pool it is said once.
    let mut pair = Pair::formed(3);
    pair.each(|sim| {
        sim.leave(2);
        sim.node(3).up = false;
    });
    let said = pair.plan(&Request::default()).unwrap_err();
    let of_pool = said.iter().filter(|refusal| refusal.what.starts_with("nobody leaves while this member"));
    assert_eq!(of_pool.count(), 1, "{said:#?}");
}

#[test]
fn what_is_asked_of_a_volume_names_it() {
    let pair = Pair::formed(3);
    let ask = |part: Option<&str>| Request {
        act: Some(Act::Rebalance(Rebalance::Stop)),
        part: part.map(str::to_owned),
        ..Request::default()
    };
    let said = pair.plan(&ask(None)).unwrap_err();
    assert_eq!(said[0].remedy, "say of which: `--volume gv0` or `--volume gv1`");
    let said = pair.plan(&ask(Some("gv2"))).unwrap_err();
    assert_eq!(said[0].what, "the inventory has no volume `gv2`");
    assert!(pair.plan(&ask(Some("gv1"))).is_ok());
}

#[test]
fn a_run_that_was_cut_anywhere_is_gone_on_with() {
    let plain = Request::default();
    cut_anywhere(&Pair::new(3, [Replica::Auto, Replica::Fixed(3)]), &plain);
    let wipe = Request { wipe: true, ..Request::default() };
    let mut leaving = Pair::formed(4);
    leaving.each(|sim| sim.leave(2));
    cut_anywhere(&leaving, &wipe);
    let (pair, request) = moving();
    cut_anywhere(&pair, &request);
}

#[test]
fn who_comes_back_is_let_in_when_all_its_old_copies_are_deleted() {
    let mut pair = Pair::formed(3);
    pair.each(|sim| sim.leave(3));
    pair.run(&Request::default()).unwrap();
    pair.each(|sim| {
        let member = sim.spec.leaving.pop().unwrap().member;
        sim.spec.members.push(member);
        sim.node(3).was = Some("id");
    });
    let refusals = pair.plan(&Request::default()).unwrap_err();
    for path in ["/data/glusterfs/shared", "/data/glusterfs/second"] {
        assert!(refusals.iter().any(|refusal| refusal.what.contains(path)), "{path}: {refusals:#?}");
    }
    let wipe = Request { wipe: true, ..Request::default() };
    cut_anywhere(&pair, &wipe);
    let done = pair.run(&wipe).unwrap();
    let probe = place(&done, "glusterfs/probe");
    assert!(
        place(&done, "glusterfs/wipe of gv0") < probe && place(&done, "glusterfs/wipe of gv1") < probe,
        "{done:#?}"
    );
}
