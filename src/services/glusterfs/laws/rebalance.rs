//! When files may be moved between replica sets, and what is said of it.

use crate::facts::Seen;
use crate::model::Health;
use crate::plan::{Act, Plan, Rebalance, Refusal, Request, Var};
use crate::services::glusterfs::facts::{Asked, MovingState, moving, rebalancing};
use crate::services::glusterfs::laws::sim::{Sim, name};
use crate::services::glusterfs::plan::decide;
use crate::services::glusterfs::spec::Replica;

// Two sets of two.
fn spread() -> Sim {
    let mut sim = Sim::new(4, Replica::Fixed(2));
    sim.run(&Request::default(), usize::MAX).unwrap();
    sim
}

fn asked(sim: &Sim, what: Rebalance) -> Result<Plan, Vec<Refusal>> {
    decide(&sim.spec, &sim.look(), &Request { act: Some(Act::Rebalance(what)), ..Request::default() })
}

fn tasks(plan: &Plan) -> Vec<String> {
    plan.tasks().map(|task| task.id.to_string()).collect()
}

fn refused(plan: Result<Plan, Vec<Refusal>>) -> String {
    plan.unwrap_err().into_iter().map(|refusal| refusal.what).collect::<Vec<_>>().join("; ")
}

#[test]
fn it_is_started_and_followed_or_ended() {
    let mut sim = spread();
    let plan = asked(&sim, Rebalance::Start).unwrap();
    assert_eq!(tasks(&plan), ["glusterfs/rebalance@server1", "glusterfs/rebalanced@server1"]);
    let layout = asked(&sim, Rebalance::FixLayout).unwrap();
    assert_eq!(layout.tasks().next().unwrap().vars.get("fix_layout"), Some(&Var::Flag(true)));
    assert!(asked(&sim, Rebalance::Stop).unwrap().is_empty(), "none runs");

    sim.moving = Some(MovingState::Runs);
    assert_eq!(tasks(&asked(&sim, Rebalance::Start).unwrap()), ["glusterfs/rebalanced@server1"], "only followed");
    assert!(refused(asked(&sim, Rebalance::FixLayout)).contains("a rebalance of `gv0` is under way"));
    assert_eq!(tasks(&asked(&sim, Rebalance::Stop).unwrap()), ["glusterfs/rebalance-stop@server1"]);
    sim.moving = Some(MovingState::FixesLayout);
    assert!(refused(asked(&sim, Rebalance::Start)).contains("a fix-layout of `gv0` is under way"));
    assert_eq!(tasks(&asked(&sim, Rebalance::Stop).unwrap()), ["glusterfs/rebalance-stop@server1"]);
}

#[test]
fn it_is_refused_where_a_brick_is_away_or_there_is_nothing_to_spread() {
    let mut single = Sim::new(3, Replica::Auto);
    single.run(&Request::default(), usize::MAX).unwrap();
    assert!(refused(asked(&single, Rebalance::Start)).contains("one replica set"));

    let mut sim = spread();
    sim.node(3).brick_runs = false;
    let third = sim.look()[&name(1)].known().unwrap().volume("gv0").unwrap().bricks[2].name.clone();
    let away = format!("brick {third} was not seen to run");
    assert_eq!(refused(asked(&sim, Rebalance::Start)), away);
    sim.node(3).up = false;
    assert_eq!(refused(asked(&sim, Rebalance::Start)), away);

    let sim = spread();
    let mut nodes = sim.look();
    for seen in nodes.values_mut() {
        let Seen::Known(facts) = seen else { panic!("{seen:?}") };
        facts.moving = Asked::Failed("10.0.0.4 does not answer on port 24007".to_owned());
    }
    let request = Request { act: Some(Act::Rebalance(Rebalance::Start)), ..Request::default() };
    assert!(refused(decide(&sim.spec, &nodes, &request)).contains("10.0.0.4 does not answer"));
    assert_eq!(rebalancing(&sim.spec, &nodes)[0].health, Health::Degraded);
}

#[test]
fn how_far_it_is_stands_by_the_names_of_the_inventory() {
    let mut sim = spread();
    let found = rebalancing(&sim.spec, &sim.look());
    assert!(found.len() == 1 && found[0].seen[0].1.starts_with("none since"), "{found:?}");
    sim.moving = Some(MovingState::Runs);
    let found = rebalancing(&sim.spec, &sim.look());
    let names: Vec<_> = found.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, (1..=4).map(|i| name(i).as_str().to_owned()).collect::<Vec<_>>());
    assert_eq!(found[0].seen[1], ("moved", "12".to_owned()));
    assert!(found.iter().all(|one| one.health == Health::Healthy));
    sim.moving = Some(MovingState::Failed);
    assert!(rebalancing(&sim.spec, &sim.look()).iter().all(|one| one.health == Health::Degraded));
}

#[test]
fn what_gluster_says_is_read_node_by_node() {
    let said = moving(include_str!("../../../../tests/fixtures/glusterfs/rebalance-10.3.xml")).unwrap();
    let state: Vec<_> = said.iter().map(|one| one.state).collect();
    assert_eq!(state, [MovingState::Ended; 4]);
    assert!(
        said.iter().map(|one| one.files).sum::<u64>() > 0 && said.iter().all(|one| one.host.len() == 36),
        "{said:?}"
    );
    let runs = moving(include_str!("../../../../tests/fixtures/glusterfs/rebalance-runs-10.3.xml")).unwrap();
    let state: Vec<_> = runs.iter().map(|one| (one.state, one.files, one.bytes, one.looked_at, one.seconds)).collect();
    let (runs, ended) = (MovingState::Runs, MovingState::Ended);
    assert_eq!(
        state,
        [(runs, 22, 440_000, 200, 4), (ended, 0, 0, 0, 1), (ended, 0, 0, 0, 1), (runs, 18, 360_000, 200, 4)]
    );
    let no = |why: &str| {
        format!("<?xml version=\"1.0\"?><cliOutput><opRet>-1</opRet><opErrstr>{why}</opErrstr></cliOutput>")
    };
    for none in [
        "Rebalance not started for volume gv0.",
        "Volume gv0 is not a distribute volume or contains only 1 brick.\nNot performing rebalance",
    ] {
        assert_eq!(moving(&no(none)), Ok(Vec::new()));
    }
    assert!(moving(&no("Volume gv0 does not exist")).is_err());
    assert!(moving("Error : Request timed out").is_err());
}
