//! When what a backup has may go back.

use std::collections::BTreeMap;

use crate::model::NodeName;
use crate::plan::{Act, Plan, Refusal, Request};
use crate::services::glusterfs::laws::sim::{Sim, name};
use crate::services::glusterfs::plan::decide;
use crate::services::glusterfs::spec::Replica;

type Stored = BTreeMap<NodeName, String>;

// Three members, and what a backup of them would say.
fn backed_up() -> (Sim, Stored) {
    let mut sim = Sim::new(3, Replica::Auto);
    sim.run(&Request::default(), usize::MAX).unwrap();
    let looked = sim.look();
    let uuid = |i| looked[&name(i)].known().unwrap().daemon.uuid.clone().unwrap();
    let stored = (1..=3).map(|i| (name(i), uuid(i))).collect();
    (sim, stored)
}

fn asked(sim: &Sim, stored: &Stored) -> Result<Plan, Vec<Refusal>> {
    decide(&sim.spec, &sim.look(), &Request { act: Some(Act::Restore(stored.clone())), ..Request::default() })
}

fn tasks(plan: &Plan) -> Vec<String> {
    plan.tasks().map(|task| task.id.to_string()).collect()
}

fn refused(plan: Result<Plan, Vec<Refusal>>) -> String {
    plan.unwrap_err().into_iter().map(|refusal| refusal.what).collect::<Vec<_>>().join("; ")
}

#[test]
fn nodes_that_have_lost_everything_but_their_bricks_get_it_back_and_the_rest_is_for_up() {
    let (mut sim, stored) = backed_up();
    assert!(asked(&sim, &stored).unwrap().is_empty(), "nothing is lost");
    (1..=3).for_each(|i| sim.reinstall(i, true));
    let restores: Vec<_> = (1..=3).map(|i| format!("glusterfs/restore@server{i}")).collect();
    let plan = asked(&sim, &stored).unwrap();
    assert_eq!(tasks(&plan)[..3], (1..=3).map(|i| format!("glusterfs/install@server{i}")).collect::<Vec<_>>());
    assert_eq!(tasks(&plan)[3..], restores);
    for cut in 0..6 {
        let mut sim = sim.clone();
        let request = Request { act: Some(Act::Restore(stored.clone())), ..Request::default() };
        sim.run(&request, cut).ok();
        sim.run(&request, usize::MAX).unwrap();
        assert!(asked(&sim, &stored).unwrap().is_empty());
        sim.run(&Request::default(), usize::MAX).unwrap();
        assert!(decide(&sim.spec, &sim.look(), &Request::default()).unwrap().is_empty(), "cut after {cut}");
    }
}

#[test]
fn what_is_there_is_never_overwritten_and_who_may_know_more_is_waited_for() {
    let (mut sim, mut stored) = backed_up();
    stored.insert(name(2), "11111111-2222-3333-4444-555555555555".to_owned());
    assert!(refused(asked(&sim, &stored)).contains("peers or volumes of its own"));
    sim.reinstall(2, true);
    assert!(refused(asked(&sim, &stored)).contains("do not know the UUID"), "it was taken out meanwhile");

    let (mut sim, stored) = backed_up();
    sim.reinstall(2, true);
    assert_eq!(tasks(&asked(&sim, &stored).unwrap()).last().unwrap(), "glusterfs/restore@server2");
    sim.reinstall(1, true);
    sim.node(3).up = false;
    assert!(refused(asked(&sim, &stored)).contains("may know more than the backup"));
    let mut others = stored.clone();
    others.insert(NodeName::new("server9"), "x".to_owned());
    sim.node(3).up = true;
    assert!(asked(&sim, &others).unwrap().notes.iter().any(|note| note.text.contains("server9")));
}
