//! Two copies and an arbiter.

use crate::plan::{Act, Duty, Plan, Refusal, Request, Var};
use crate::services::glusterfs::laws::sim::{Sim, name};
use crate::services::glusterfs::plan::decide;
use crate::services::glusterfs::spec::Replica;

fn wanted(count: usize) -> Sim {
    let mut sim = Sim::new(count, Replica::Fixed(3));
    sim.spec.arbiter = 1;
    sim
}

fn asked(sim: &Sim, request: &Request) -> Result<Plan, Vec<Refusal>> {
    decide(&sim.spec, &sim.look(), request)
}

fn refused(plan: Result<Plan, Vec<Refusal>>) -> String {
    plan.unwrap_err().into_iter().map(|refusal| refusal.what).collect::<Vec<_>>().join("; ")
}

#[test]
fn three_nodes_are_one_create_and_the_last_holds_names() {
    let mut sim = wanted(3);
    let plan = asked(&sim, &Request::default()).unwrap();
    assert!(
        plan.notes.iter().any(|note| note.text == "server3 holds names, and no data (arbiter)"),
        "{:?}",
        plan.notes
    );
    sim.run(&Request::default(), usize::MAX).unwrap();
    assert!(sim.volume.as_ref().unwrap().arbiter && asked(&sim, &Request::default()).unwrap().is_empty());
    let bricks = sim.look()[&name(1)].known().unwrap().volume("gv0").unwrap().bricks.clone();
    assert_eq!(bricks.iter().map(|brick| brick.arbiter).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn one_copy_becomes_two_and_then_gets_its_arbiter_wherever_it_is_cut() {
    for cut in 0..40 {
        let mut sim = wanted(3);
        sim.form(1, 1);
        let _cut = sim.run(&Request::default(), cut);
        sim.run(&Request::default(), usize::MAX).unwrap();
        let volume = sim.volume.as_ref().unwrap();
        assert!(volume.arbiter && volume.replica == 3 && volume.bricks.len() == 3, "cut after {cut}: {volume:?}");
        assert!(asked(&sim, &Request::default()).unwrap().is_empty(), "cut after {cut}");
    }
}

#[test]
fn full_copies_are_left_as_they_are_and_no_arbiter_becomes_one_by_itself() {
    let mut sim = Sim::new(4, Replica::Auto);
    sim.before_the_last(|sim| sim.run(&Request::default(), usize::MAX).map(drop).unwrap());
    (sim.spec.arbiter, sim.spec.replica) = (1, Replica::Fixed(3));
    let plan = asked(&sim, &Request::default()).unwrap();
    assert!(plan.notes.iter().any(|note| note.text.contains("three full copies")), "{:?}", plan.notes);
    let mut sim = wanted(6);
    sim.spec.members.truncate(3);
    sim.run(&Request::default(), usize::MAX).unwrap();
    sim.spec.arbiter = 0;
    assert!(asked(&sim, &Request::default()).unwrap().is_empty());
    let mut more = wanted(6);
    more.run(&Request::default(), usize::MAX).unwrap();
    let flags: Vec<_> =
        more.look()[&name(1)].known().unwrap().volume("gv0").unwrap().bricks.iter().map(|b| b.arbiter).collect();
    assert_eq!(flags, [false, false, true, false, false, true]);
}

#[test]
fn only_the_arbiter_can_leave_and_it_is_no_copy() {
    let mut sim = wanted(3);
    sim.run(&Request::default(), usize::MAX).unwrap();
    let mut data = sim.clone();
    data.leave(2);
    assert!(refused(asked(&data, &Request::default())).contains("only the arbiter"));
    let mut arbiter = sim.clone();
    arbiter.leave(3);
    let plan = asked(&arbiter, &Request::default()).unwrap();
    let task = plan.tasks().find(|task| task.id.playbook == "glusterfs/remove-brick").unwrap();
    assert_eq!(task.vars.get("replica"), Some(&Var::Number(2)));
    // With one copy down, the other and the arbiter serve: then nobody else goes.
    let out = |i| Request { act: Some(Act::Maintenance(name(i), Duty::Out)), ..Request::default() };
    assert!(asked(&sim, &out(1)).is_ok());
    sim.node(1).brick_runs = false;
    assert!(refused(asked(&sim, &out(2))).contains("was not seen to run"));
}
