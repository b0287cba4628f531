//! The laws of `architecture`: convergence, crash anywhere, one bootstrap, growth that harms nobody.

use proptest::prelude::*;

use crate::plan::{Mode, Request};
use crate::services::glusterfs::laws::sim::{Sim, name};
use crate::services::glusterfs::plan::decide;
use crate::services::glusterfs::spec::Replica;

/// Any fleet that `up` should be able to bring up: some nodes formed, some fresh in any state.
fn fleets() -> impl Strategy<Value = Sim> {
    let replica = prop_oneof![Just(Replica::Auto), (1u32..=3).prop_map(Replica::Fixed)];
    let node = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (1usize..=6, replica, 0usize..=6, 0usize..=6, proptest::collection::vec(node, 6), any::<bool>()).prop_map(
        |(count, replica, pool, bricks, states, restless)| {
            let replica = match replica {
                Replica::Fixed(r) if r as usize > count => Replica::Fixed(u32::try_from(count).unwrap()),
                other => other,
            };
            let mut sim = Sim::new(count, replica);
            let bricks = bricks.min(count);
            // A pool of one without a volume is no pool.
            let pool = pool.min(count).max(bricks);
            let pool = if pool == 1 && bricks == 0 { 0 } else { pool };
            sim.form(pool, bricks);
            sim.restless = restless;
            for (i, (installed, active, exists, trace, on_root)) in (1..=count).zip(states) {
                if i > pool {
                    if installed {
                        sim.install(&name(i));
                        if active {
                            sim.start(&name(i));
                        }
                    }
                    sim.node(i).brick_exists = exists || trace;
                    sim.node(i).trace = trace;
                } else if active {
                    // A member whose daemon is down, its brick with it.
                    sim.node(i).active = false;
                    sim.node(i).brick_runs = false;
                } else if exists && sim.volume.is_some() {
                    sim.node(i).brick_runs = false;
                }
                let several = sim.volume.as_ref().is_some_and(|volume| volume.bricks.len() > 1);
                sim.node(i).behind = several && i == pool && installed && !active;
                sim.node(i).on_root = on_root;
            }
            if restless {
                sim.client();
            }
            sim
        },
    )
}

fn auto() -> Request {
    Request::default()
}

// The run is asked for again until it says there is nothing to do, as a person would.
fn converge(sim: &mut Sim) {
    for _ in 0..4 {
        if sim.run(&auto(), usize::MAX).unwrap() && decide(&sim.spec, &sim.look(), &auto()).unwrap().is_empty() {
            return;
        }
    }
    panic!("does not converge: {:#?}", sim.done);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_leaves_nothing_to_do(mut sim in fleets()) {
        sim.run(&auto(), usize::MAX).unwrap();
        let plan = decide(&sim.spec, &sim.look(), &auto()).unwrap();
        prop_assert!(plan.is_empty(), "{plan:#?}\n{:?}", sim.done);
    }

    #[test]
    fn a_run_that_was_cut_anywhere_is_finished_by_the_next(mut sim in fleets(), cuts in proptest::collection::vec(0usize..30, 1..4)) {
        for cut in cuts {
            sim.run(&auto(), cut).unwrap();
        }
        converge(&mut sim);
    }

    #[test]
    fn there_is_one_create_at_most_and_never_beside_a_volume(mut sim in fleets(), cut in 0usize..30) {
        let had_volume = sim.volume.is_some();
        sim.run(&auto(), cut).unwrap();
        converge(&mut sim);
        let creates = sim.done.iter().filter(|task| task.starts_with("glusterfs/create")).count();
        prop_assert!(creates <= usize::from(!had_volume), "{:?}", sim.done);
    }

    #[test]
    fn an_unknown_node_stops_bootstrap_and_growth_never_touches_it(mut sim in fleets(), off in 1usize..=6) {
        let off = off.min(sim.spec.members.len());
        let had_volume = sim.volume.is_some();
        sim.node(off).up = false;
        // The simulator asserts that nothing grows while a member is down, and that nothing runs on a dead node.
        let ran = sim.run(&auto(), usize::MAX);
        if !had_volume {
            prop_assert!(ran.is_err(), "a bootstrap with a node unknown: {:?}", sim.done);
            prop_assert!(sim.done.iter().all(|task| !task.starts_with("glusterfs/create")));
        }
    }

    #[test]
    fn members_keep_their_bricks(mut sim in fleets()) {
        let before = sim.volume.clone().map(|volume| volume.bricks).unwrap_or_default();
        sim.run(&auto(), usize::MAX).unwrap();
        let after = sim.volume.map(|volume| volume.bricks).unwrap_or_default();
        prop_assert!(after.starts_with(&before), "{before:?} became {after:?}");
    }

    #[test]
    fn two_clusters_are_an_error(count in 2usize..=5) {
        let mut sim = Sim::new(count, Replica::Auto);
        sim.form(1, 1);
        let last = name(count);
        sim.install(&last);
        sim.start(&last);
        // A pool of its own, with a member nobody else knows.
        sim.node(count).peers.insert(99);
        prop_assert!(decide(&sim.spec, &sim.look(), &auto()).is_err());
        let bootstrap = Request { mode: Mode::Bootstrap, absent: [last].into(), ..auto() };
        prop_assert!(decide(&sim.spec, &sim.look(), &bootstrap).is_err());
    }

    #[test]
    fn clones_are_told_apart_before_any_probe(count in 2usize..=5, clones in 2usize..=5, formed in any::<bool>()) {
        let mut sim = Sim::new(count, Replica::Auto);
        if formed {
            sim.form(1, 1);
        }
        for i in (1..=count).rev().take(clones) {
            if !(formed && i == 1) {
                sim.install(&name(i));
                sim.start(&name(i));
                sim.node(i).uuid = Some(1);
            }
        }
        sim.next_uuid = 50;
        // The simulator refuses to probe a clone.
        converge(&mut sim);
    }

    #[test]
    fn who_leaves_is_gone_and_the_others_keep_their_copies(
        count in 2usize..=5, who in 1usize..=5, off in any::<bool>(), wipe in any::<bool>(), cuts in proptest::collection::vec(0usize..12, 0..3)
    ) {
        let who = who.min(count);
        let mut sim = Sim::new(count, Replica::Auto);
        converge(&mut sim);
        let uuid = sim.node(who).uuid.unwrap();
        sim.leave(who);
        sim.node(who).up = !off;
        let alone = decide(&sim.spec, &sim.look(), &auto());
        prop_assert_eq!(alone.is_err(), off, "a dead one leaves only when somebody says that it is");
        let dead = if off { [name(who)].into() } else { std::collections::BTreeSet::default() };
        let request = Request { dead, wipe, ..auto() };
        for cut in cuts {
            sim.run(&request, cut).unwrap();
        }
        sim.run(&request, usize::MAX).unwrap();
        let plan = decide(&sim.spec, &sim.look(), &request).unwrap();
        prop_assert!(plan.is_empty(), "{plan:#?}\n{:?}", sim.done);
        let volume = sim.volume.clone().unwrap();
        prop_assert!(!volume.bricks.contains(&uuid) && volume.bricks.len() == count - 1);
        prop_assert_eq!(sim.node(who).content, off || !wipe);
        // The inventory alone says the same.
        sim.spec.leaving.clear();
        sim.nodes.remove(&name(who));
        prop_assert!(decide(&sim.spec, &sim.look(), &auto()).unwrap().is_empty());
    }

    #[test]
    fn who_takes_a_place_has_it_whatever_cuts_the_run(
        count in 2usize..=5, who in 1usize..=5, off in any::<bool>(), wipe in any::<bool>(), pairs in any::<bool>(), cuts in proptest::collection::vec(0usize..16, 0..4)
    ) {
        let count = if pairs { 4 } else { count };
        let who = who.min(count);
        let mut sim = Sim::new(count + 1, if pairs { Replica::Fixed(2) } else { Replica::Auto });
        let spare = name(count + 1);
        sim.before_the_last(converge);
        let bricks = sim.volume.clone().unwrap().bricks;
        let old = sim.node(who).uuid.unwrap();
        sim.leave(who);
        sim.node(who).up = !off;
        let dead = if off { [name(who)].into() } else { std::collections::BTreeSet::default() };
        let request = Request { mode: Mode::Join, dead, wipe, places: [(name(who), spare.clone())].into(), ..auto() };
        for cut in cuts {
            sim.run(&request, cut).unwrap();
        }
        sim.run(&request, usize::MAX).unwrap();
        let plan = decide(&sim.spec, &sim.look(), &request).unwrap();
        prop_assert!(plan.is_empty(), "{plan:#?}\n{:?}", sim.done);
        let new = sim.nodes[&spare].uuid.unwrap();
        let expected: Vec<u32> = bricks.iter().map(|brick| if *brick == old { new } else { *brick }).collect();
        prop_assert_eq!(sim.volume.clone().unwrap().bricks, expected);
        prop_assert_eq!(sim.node(who).content, off || !wipe);
        sim.spec.leaving.clear();
        sim.nodes.remove(&name(who));
        prop_assert!(decide(&sim.spec, &sim.look(), &auto()).unwrap().is_empty());
    }

    #[test]
    fn who_lost_a_disk_or_was_reinstalled_takes_its_own_place_and_only_when_asked(
        count in 2usize..=5, who in 1usize..=5, reinstalled in any::<bool>(), keeps_disk in any::<bool>(), pairs in any::<bool>(), cuts in proptest::collection::vec(0usize..16, 0..4)
    ) {
        let count = if pairs { 4 } else { count };
        let who = who.min(count);
        let mut sim = Sim::new(count, if pairs { Replica::Fixed(2) } else { Replica::Auto });
        converge(&mut sim);
        let bricks = sim.volume.clone().unwrap().bricks;
        if reinstalled {
            sim.reinstall(who, keeps_disk);
        } else {
            sim.lose_brick(who);
        }
        prop_assert!(decide(&sim.spec, &sim.look(), &auto()).is_err());
        let request = Request { mode: Mode::Join, places: [(name(who), name(who))].into(), ..auto() };
        for cut in cuts {
            sim.run(&request, cut).unwrap();
        }
        sim.run(&request, usize::MAX).unwrap();
        prop_assert!(decide(&sim.spec, &sim.look(), &auto()).unwrap().is_empty(), "{:?}", sim.done);
        prop_assert_eq!(sim.volume.clone().unwrap().bricks, bricks);
        prop_assert!(sim.node(who).content);
    }
}
