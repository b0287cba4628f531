//! When a node may go out of service, and how all of them take turns.

use crate::plan::{Act, Duty, Plan, Refusal, Request, Rolling};
use crate::services::glusterfs::laws::sim::{Sim, name};
use crate::services::glusterfs::plan::decide;
use crate::services::glusterfs::spec::Replica;

fn cluster(count: usize, replica: Replica) -> Sim {
    let mut sim = Sim::new(count, replica);
    sim.run(&Request::default(), usize::MAX).unwrap();
    sim
}

fn ask(act: Act) -> Request {
    Request { act: Some(act), ..Request::default() }
}

fn duty(i: usize, duty: Duty) -> Request {
    ask(Act::Maintenance(name(i), duty))
}

fn asked(sim: &Sim, request: &Request) -> Result<Plan, Vec<Refusal>> {
    decide(&sim.spec, &sim.look(), request)
}

fn tasks(plan: &Plan) -> Vec<&str> {
    plan.tasks().map(|task| task.id.playbook.trim_start_matches("glusterfs/")).collect()
}

fn refused(plan: Result<Plan, Vec<Refusal>>) -> String {
    plan.unwrap_err().into_iter().map(|refusal| refusal.what).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_node_goes_out_and_comes_back_and_nothing_else_starts_it() {
    let mut sim = cluster(3, Replica::Auto);
    assert!(asked(&sim, &duty(2, Duty::Back)).unwrap().is_empty(), "it serves");
    sim.run(&duty(2, Duty::Out), usize::MAX).unwrap();
    assert!(sim.node(2).masked && asked(&sim, &duty(2, Duty::Out)).unwrap().is_empty());
    assert!(refused(asked(&sim, &Request::default())).contains("out of service"));
    assert!(refused(asked(&sim, &duty(3, Duty::Out))).contains("was not seen to run"), "never two of three");
    sim.run(&duty(2, Duty::Back), usize::MAX).unwrap();
    assert!(asked(&sim, &Request::default()).unwrap().is_empty());
}

#[test]
fn nobody_goes_whose_brick_is_needed() {
    let sim = cluster(1, Replica::Auto);
    assert!(refused(asked(&sim, &duty(1, Duty::Out))).contains("the only copy"));
    let mut sim = cluster(3, Replica::Auto);
    assert!(refused(asked(&sim, &duty(9, Duty::Out))).contains("is no member"));
    sim.node(3).up = false;
    assert!(refused(asked(&sim, &duty(3, Duty::Out))).contains("cannot be looked at"));
    assert!(refused(asked(&sim, &duty(2, Duty::Out))).contains("was not seen to run"));
    let mut sim = cluster(2, Replica::Auto);
    let shown = asked(&sim, &duty(1, Duty::Out)).unwrap();
    assert!(shown.notes.iter().any(|note| note.text.contains("on one copy meanwhile")), "{:?}", shown.notes);
    let options = &mut sim.volume.as_mut().unwrap().options;
    options.insert("cluster.server-quorum-type".to_owned(), "server".to_owned());
    assert!(refused(asked(&sim, &duty(1, Duty::Out))).contains("server quorum"));
    let options = &mut sim.volume.as_mut().unwrap().options;
    options.clear();
    options.insert("cluster.quorum-type".to_owned(), "auto".to_owned());
    assert!(refused(asked(&sim, &duty(1, Duty::Out))).contains("half with the first"));
    assert_eq!(
        tasks(&asked(&sim, &duty(2, Duty::Out)).unwrap()),
        ["maintenance-on"],
        "the second of two is not needed"
    );
}

#[test]
fn all_take_turns_and_a_node_that_cannot_be_seen_stops_them() {
    let mut sim = cluster(3, Replica::Auto);
    let restart = ask(Act::Rolling(Rolling::Restart));
    let plan = asked(&sim, &restart).unwrap();
    assert_eq!(plan.stages.len(), 3);
    assert!(plan.stages.iter().all(|stage| stage.waves.iter().all(|wave| wave.tasks.len() == 1)), "one at a time");
    sim.run(&restart, usize::MAX).unwrap();
    let turns: Vec<_> = sim.done.iter().filter(|task| task.contains("maintenance")).cloned().collect();
    let expected = (1..=3).flat_map(|i| ["on", "off"].map(|what| format!("glusterfs/maintenance-{what}@server{i}")));
    assert_eq!(turns, expected.collect::<Vec<_>>());
    sim.node(3).up = false;
    assert!(refused(asked(&sim, &restart)).contains("cannot be looked at"));
}

#[test]
fn an_upgrade_asks_first_takes_turns_and_ends_with_the_pool() {
    let upgrade = ask(Act::Rolling(Rolling::Upgrade));
    for cut in 0..14 {
        let mut sim = cluster(3, Replica::Auto);
        sim.done.clear();
        // Cut short anywhere, and run again: where it was cut, that node is taken back first of all.
        let _cut = sim.run(&upgrade, cut);
        sim.run(&upgrade, usize::MAX).unwrap();
        assert_eq!(sim.op_version, 110_000, "cut after {cut}: {:?}", sim.done);
        assert!(sim.nodes.values().all(|node| node.newest && node.active && !node.masked));
        let upgrades = sim.done.iter().filter(|task| task.contains("/upgrade@")).count();
        assert_eq!(upgrades, 3, "cut after {cut}: {:?}", sim.done);
        let rest = ask(Act::Rolling(Rolling::UpgradeAsked));
        assert!(asked(&sim, &rest).unwrap().is_empty() && asked(&sim, &Request::default()).unwrap().is_empty());
    }
    let mut sim = cluster(3, Replica::Auto);
    sim.run(&upgrade, usize::MAX).unwrap();
    assert!(
        sim.done.iter().rposition(|task| task.contains("lists"))
            < sim.done.iter().position(|task| task.contains("/upgrade@"))
    );
}
