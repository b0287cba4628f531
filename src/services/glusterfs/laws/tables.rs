//! Decisions that a person would look up: one line of setting, one line of outcome.

use crate::facts::Seen;
use crate::model::{Finding, Health};
use crate::plan::{Act, Duty, Mode, Plan, Rebalance, Refusal, Request, Rolling, surprises};
use crate::services::glusterfs::CONTRACTS;
use crate::services::glusterfs::facts::{Asked, MovingState, NodeFacts, health};
use crate::services::glusterfs::laws::sim::{Sim, name};
use crate::services::glusterfs::plan::decide;
use crate::services::glusterfs::spec::{DedicatedBrick, Replica};

fn plan(sim: &Sim) -> Plan {
    decide(&sim.spec, &sim.look(), &Request::default()).unwrap()
}

fn refused(sim: &Sim, request: &Request) -> Vec<Refusal> {
    decide(&sim.spec, &sim.look(), request).unwrap_err()
}

fn stages(plan: &Plan) -> Vec<&str> {
    plan.stages.iter().map(|stage| stage.name.trim_start_matches("glusterfs/")).collect()
}

fn playbooks(plan: &Plan, stage: &str) -> Vec<String> {
    let stage = plan.stages.iter().find(|s| s.name == format!("glusterfs/{stage}"));
    stage.map_or_else(Vec::new, |stage| {
        stage
            .waves
            .iter()
            .flat_map(|wave| &wave.tasks)
            .map(|task| task.id.to_string().replace("glusterfs/", ""))
            .collect()
    })
}

fn known(seen: &mut Seen<NodeFacts>) -> Option<&mut NodeFacts> {
    match seen {
        Seen::Known(facts) => Some(facts),
        Seen::Unknown(_) => None,
    }
}

fn says(notes: &Plan, words: &str) -> bool {
    notes.notes.iter().any(|note| note.text.contains(words))
}

#[test]
fn a_client_mounts_what_serves_already_and_harms_nobody() {
    let mut sim = Sim::new(3, Replica::Auto);
    let client = sim.client();
    let fresh = plan(&sim);
    assert_eq!(stages(&fresh), ["prepare", "pool", "volume", "mount", "clients"]);
    assert_eq!(playbooks(&fresh, "clients"), ["client@node1", "boot-mount@node1", "mount@node1"]);
    sim.nodes.get_mut(&client).unwrap().up = false;
    sim.run(&Request::default(), usize::MAX).unwrap();
    assert!(plan(&sim).is_empty(), "what cannot be looked at is not planned for");
    sim.nodes.get_mut(&client).unwrap().up = true;
    let late = plan(&sim);
    assert_eq!(stages(&late), ["clients"]);
    let line = late.tasks().find_map(|task| task.vars.get("fstab_line")).unwrap();
    let line = format!("{line:?}");
    assert!(line.contains("10.0.0.1:/gv0 ") && line.contains("backup-volfile-servers=10.0.0.2:10.0.0.3 "), "{line}");
    let found = |sim: &Sim| health(&sim.spec, &sim.look()).into_iter().find(|one| one.kind == "client").unwrap();
    assert_eq!(found(&sim).health, Health::Degraded);
    sim.run(&Request::default(), usize::MAX).unwrap();
    assert!(plan(&sim).is_empty());
    assert_eq!(found(&sim).health, Health::Healthy);
    sim.nodes.get_mut(&client).unwrap().mounted = false;
    assert_eq!(playbooks(&plan(&sim), "clients"), ["mount@node1"]);

    // The firewall of a member admits it.
    let mut look = Sim::new(3, Replica::Auto);
    look.client();
    let mut seen = look.look();
    known(seen.get_mut(&name(1)).unwrap()).unwrap().host.firewalls = vec!["ufw".to_owned()];
    let plan = decide(&look.spec, &seen, &Request::default()).unwrap();
    let firewall = plan.tasks().find(|task| task.id.playbook == "glusterfs/firewall").unwrap();
    assert!(firewall.why.contains("10.0.0.99"), "{}", firewall.why);
}

#[test]
fn three_fresh_nodes_are_one_create() {
    let plan = plan(&Sim::new(3, Replica::Auto));
    assert_eq!(stages(&plan), ["prepare", "pool", "volume", "mount"]);
    // The others are idle meanwhile.
    assert_eq!(playbooks(&plan, "volume"), ["create@server1", "boot-mount@server2", "boot-mount@server3"]);
    assert_eq!(
        playbooks(&plan, "mount"),
        ["boot-mount@server1", "mount@server1", "mount@server2", "mount@server3", "directories@server1"]
    );
    assert_eq!(
        playbooks(&plan, "prepare")[..3],
        ["install@server1".to_owned(), "service@server1".to_owned(), "brick@server1".to_owned()]
    );
}

#[test]
fn a_growth_that_was_cut_short_is_finished_and_nobody_elses_quorum_is_touched() {
    let mut sim = Sim::new(3, Replica::Auto);
    sim.run(&Request::default(), usize::MAX).unwrap();
    let [auto, count] = [("cluster.quorum-type", "auto"), ("cluster.quorum-count", "1")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    sim.volume.as_mut().unwrap().options.extend([auto.clone()]);
    assert!(plan(&sim).is_empty());
    sim.volume.as_mut().unwrap().options.extend([count]);
    assert_eq!(playbooks(&plan(&sim), "heal"), ["healed@server1", "quorum@server1"]);
    sim.volume.as_mut().unwrap().options.remove("cluster.quorum-type");
    assert_eq!(playbooks(&plan(&sim), "heal"), ["healed@server1", "quorum@server1"], "cut between the two resets");
    sim.spec.options.extend([auto]);
    assert!(playbooks(&plan(&sim), "heal").is_empty(), "the inventory wants it");
    // Who has set one by hand keeps it.
    let mut sim = Sim::new(2, Replica::Auto);
    sim.form(1, 1);
    let fixed = ("cluster.quorum-type".to_owned(), "fixed".to_owned());
    sim.volume.as_mut().unwrap().options.extend([fixed]);
    assert_eq!(playbooks(&plan(&sim), "heal"), ["healed@server1"]);
}

#[test]
fn every_task_keeps_the_terms_of_its_playbook() {
    let mut fresh = Sim::new(4, Replica::Fixed(2));
    fresh.node(2).brick_exists = true;
    fresh.node(2).trace = true;
    fresh.client();
    let mut clones = Sim::new(3, Replica::Auto);
    for i in 2..=3 {
        clones.install(&name(i));
        clones.start(&name(i));
        clones.node(i).uuid = Some(1);
    }
    let mut grown = Sim::new(3, Replica::Auto);
    grown.form(1, 1);
    (grown.node(1).mounted, grown.node(1).deaf) = (true, true);
    let mut extended = Sim::new(4, Replica::Fixed(2));
    extended.form(2, 2);
    let mut asleep = Sim::new(3, Replica::Auto);
    asleep.form(3, 3);
    asleep.node(2).brick_runs = false;
    let mut seen = std::collections::BTreeSet::new();
    let mut behind = Sim::new(2, Replica::Auto);
    behind.form(2, 2);
    behind.node(2).behind = true;
    let mut leaving = Sim::new(3, Replica::Auto);
    leaving.run(&Request::default(), usize::MAX).unwrap();
    leaving.leave(2);
    let mut drained = Sim::new(4, Replica::Fixed(2));
    drained.run(&Request::default(), usize::MAX).unwrap();
    (3..=4).for_each(|i| drained.leave(i));
    let mut replaced = Sim::new(4, Replica::Auto);
    replaced.before_the_last(|sim| sim.run(&Request::default(), usize::MAX).map(drop).unwrap());
    replaced.leave(2);
    let [mut emptied, mut reinstalled] = [grown.clone(), grown.clone()];
    for sim in [&mut emptied, &mut reinstalled] {
        sim.run(&Request::default(), usize::MAX).unwrap();
    }
    let mut healed = emptied.clone();
    healed.restless = false;
    emptied.lose_brick(2);
    reinstalled.reinstall(2, false);
    let place = |old, new| Request { places: [(name(old), name(new))].into(), wipe: true, ..Request::default() };
    let placed = [(replaced, place(2, 4)), (emptied, place(2, 2)), (reinstalled, place(2, 2))];
    let ask = |act| Request { act: Some(act), ..Request::default() };
    let mut sets = Sim::new(4, Replica::Fixed(2));
    sets.run(&Request::default(), usize::MAX).unwrap();
    let mut moves = sets.clone();
    moves.moving = Some(MovingState::Runs);
    let mut lost = healed.clone();
    let stored = (1..=3).map(|i| (name(i), lost.look()[&name(i)].known().unwrap().daemon.uuid.clone().unwrap()));
    let stored = stored.collect();
    (1..=3).for_each(|i| lost.reinstall(i, true));
    let mut out = healed.clone();
    out.run(&ask(Act::Maintenance(name(2), Duty::Out)), usize::MAX).unwrap();
    let [mut lists, mut newest] = [healed.clone(), healed.clone()];
    (1..=3).for_each(|i| (lists.node(i).lists, newest.node(i).lists, newest.node(i).newest) = (true, true, true));
    let acts = [
        (out, ask(Act::Maintenance(name(2), Duty::Back))),
        (healed.clone(), ask(Act::Rolling(Rolling::Upgrade))),
        (lists, ask(Act::Rolling(Rolling::UpgradeAsked))),
        (newest, ask(Act::Rolling(Rolling::UpgradeAsked))),
        (lost, ask(Act::Restore(stored))),
        (healed, ask(Act::HealAll)),
        (sets, ask(Act::Rebalance(Rebalance::Start))),
        (moves, ask(Act::Rebalance(Rebalance::Stop))),
    ];
    let mut disks = Sim::new(2, Replica::Auto);
    disks.spec.brick_device = Some("/dev/vdb".to_owned());
    let plain = [disks, fresh, clones, grown, extended, asleep, behind, leaving, drained];
    let plain = plain.map(|sim| (sim, Request { wipe: true, ..Request::default() }));
    for (sim, request) in plain.into_iter().chain(placed).chain(acts) {
        for task in decide(&sim.spec, &sim.look(), &request).unwrap().tasks() {
            let contract = CONTRACTS.iter().find(|contract| contract.playbook == task.id.playbook).unwrap();
            let mut vars = contract.vars.to_vec();
            vars.sort_unstable();
            assert_eq!(task.vars.keys().map(String::as_str).collect::<Vec<_>>(), vars, "{}", task.id);
            seen.insert(contract.playbook);
        }
    }
    // Those that the settings above do not bring about: a firewall, a glusterd that does not answer, and a volume that is there and not started; a split-brain has a test of its own.
    let rest: Vec<_> = CONTRACTS.iter().map(|contract| contract.playbook).filter(|name| !seen.contains(name)).collect();
    assert_eq!(rest, ["glusterfs/firewall", "glusterfs/answers", "glusterfs/start", "glusterfs/resolve"]);
}

#[test]
fn a_copy_on_a_node_that_is_no_member_counts_and_nothing_is_raised_beside_it() {
    let mut sim = Sim::new(4, Replica::Auto);
    sim.before_the_last(|sim| sim.run(&Request::default(), usize::MAX).map(drop).unwrap());
    sim.leave(2);
    sim.spec.leaving.clear();
    let plan = plan(&sim);
    assert!(!stages(&plan).contains(&"heal"), "{plan:#?}");
    assert!(plan.notes.iter().any(|note| note.text.contains("--old NODE --new server4`")), "{:?}", plan.notes);
}

#[test]
fn two_joiners_of_two_are_one_add_brick() {
    let mut sim = Sim::new(4, Replica::Auto);
    sim.form(2, 2);
    let plan = plan(&sim);
    let first = ["options@server1", "marks@server1", "marks@server2", "add-brick@server1"];
    assert_eq!(playbooks(&plan, "volume")[..4], first);
    assert!(plan.open.is_none());
    assert_eq!(stages(&plan), ["prepare", "pool", "volume", "mount", "heal"]);
}

#[test]
fn one_copy_becomes_two_and_these_are_complete_before_there_are_three() {
    let mut sim = Sim::new(3, Replica::Auto);
    sim.form(1, 1);
    let first = plan(&sim);
    // Some options are taken only by a volume that has copies, and only when all members have heard of them.
    let volume = ["marks@server1", "add-brick@server1", "catch-up@server2", "catch-up@server3", "options@server1"];
    assert_eq!(playbooks(&first, "volume")[..5], volume);
    assert_eq!(playbooks(&first, "heal"), ["healed@server1", "quorum@server1"]);
    assert!(
        first.open.as_deref().is_some_and(|open| open.contains("the copy on server3 comes when")),
        "{:?}",
        first.open
    );
    // Both join the pool at once.
    assert_eq!(playbooks(&first, "pool").iter().filter(|task| task.starts_with("probe")).count(), 1);
    sim.run(&Request::default(), usize::MAX).unwrap();
    let adds = sim.done.iter().filter(|task| task.starts_with("glusterfs/add-brick")).count();
    assert_eq!((adds, sim.volume.as_ref().unwrap().replica), (2, 3));
    assert!(plan(&sim).is_empty());
}

#[test]
fn one_copy_does_without_the_options_of_copies() {
    let mut sim = Sim::new(1, Replica::Auto);
    assert!(says(&plan(&sim), "once there is a second copy, gluster refuses it before: `cluster.self-heal-daemon`"));
    sim.run(&Request::default(), usize::MAX).unwrap();
    assert!(plan(&sim).is_empty());
    let mut sim = Sim::new(3, Replica::Auto);
    sim.form(2, 2);
    let first = ["options@server1", "marks@server1", "marks@server2", "add-brick@server1"];
    assert_eq!(playbooks(&plan(&sim), "volume")[..4], first);
}

#[test]
fn replica_two_of_four_is_two_sets_and_the_third_of_three_waits() {
    let mut sim = Sim::new(4, Replica::Fixed(2));
    sim.run(&Request::default(), usize::MAX).unwrap();
    assert_eq!(sim.volume.as_ref().unwrap().bricks.len(), 4);
    assert_eq!(sim.volume.as_ref().unwrap().replica, 2);
    let mut sim = Sim::new(3, Replica::Fixed(2));
    let shown = plan(&sim);
    assert!(says(&shown, "server3 waits for company"), "{:?}", shown.notes);
    assert!(says(&shown, "split-brain"));
    sim.run(&Request::default(), usize::MAX).unwrap();
    let findings = health(&sim.spec, &sim.look());
    assert_eq!(findings[2].health, Health::Healthy);
    assert!(findings[2].seen.contains(&("brick", "waits".to_owned())), "{:?}", findings[2]);
    sim.spec.replica = Replica::Auto;
    assert_eq!(health(&sim.spec, &sim.look())[2].health, Health::Degraded);
}

#[test]
fn more_copies_than_can_be_had_are_said() {
    let mut sim = Sim::new(3, Replica::Auto);
    sim.form(2, 2);
    sim.spec.replica = Replica::Fixed(4);
    let said =
        "the volume has 2 copies and the inventory wants 4: 1 more node is needed; until then no brick for server3";
    assert!(says(&plan(&sim), said), "{:?}", plan(&sim).notes);
    let mut sim = Sim::new(4, Replica::Fixed(2));
    sim.run(&Request::default(), usize::MAX).unwrap();
    sim.spec.replica = Replica::Fixed(3);
    assert!(plan(&sim).is_empty());
    let said = "2 more nodes are needed, one for each copy of each replica set";
    assert!(says(&plan(&sim), said), "{:?}", plan(&sim).notes);
}

#[test]
fn every_replica_set_gets_its_next_copy_from_another_node_wherever_it_is_cut() {
    for cut in 0..60 {
        let mut sim = Sim::new(8, Replica::Fixed(2));
        let others = sim.spec.members.split_off(4);
        sim.run(&Request::default(), usize::MAX).unwrap();
        let before = sim.volume.as_ref().unwrap().bricks.clone();
        sim.spec.members.extend(others);
        sim.spec.replica = Replica::Fixed(4);
        let first = plan(&sim);
        let raised = first.tasks().filter(|task| task.id.playbook == "glusterfs/add-brick").count();
        assert_eq!((raised, first.open.is_some()), (1, true), "one copy each, and then the next");
        let _cut = sim.run(&Request::default(), cut);
        for _ in 0..3 {
            sim.run(&Request::default(), usize::MAX).unwrap();
        }
        assert!(plan(&sim).is_empty(), "cut after {cut}: {:?}", sim.done);
        let volume = sim.volume.as_ref().unwrap();
        let sets: Vec<_> = volume.bricks.chunks(4).collect();
        assert_eq!((volume.replica, sets.len()), (4, 2));
        assert_eq!([&sets[0][..2], &sets[1][..2]].concat(), before, "each keeps its own");
    }
}

#[test]
fn forced_modes() {
    let mut sim = Sim::new(3, Replica::Auto);
    let bootstrap = |absent: &[usize]| Request {
        mode: Mode::Bootstrap,
        absent: absent.iter().map(|i| name(*i)).collect(),
        ..Request::default()
    };
    let join = Request { mode: Mode::Join, ..Request::default() };
    assert!(refused(&sim, &join)[0].what.contains("there is no cluster to join"));
    sim.node(3).up = false;
    assert!(refused(&sim, &bootstrap(&[]))[0].remedy.contains("--bootstrap --absent server3"));
    sim.run(&bootstrap(&[3]), usize::MAX).unwrap();
    assert_eq!(sim.volume.as_ref().unwrap().replica, 2);
    assert!(refused(&sim, &bootstrap(&[3]))[0].what.contains("second cluster"));
    sim.node(3).up = true;
    sim.run(&Request::default(), usize::MAX).unwrap();
    assert_eq!(sim.volume.as_ref().unwrap().replica, 3);
}

#[test]
fn old_bricks_are_refused_and_nothing_else_is_planned() {
    let mut sim = Sim::new(3, Replica::Auto);
    sim.node(2).brick_exists = true;
    sim.node(2).content = true;
    let refusals = refused(&sim, &Request::default());
    assert_eq!(refusals.len(), 1);
    assert!(refusals[0].what.contains("holds `file`"), "{refusals:?}");
}

#[test]
fn a_brick_on_the_root_file_system_is_warned_of_or_refused() {
    let mut sim = Sim::new(3, Replica::Auto);
    sim.node(2).on_root = true;
    assert!(says(&plan(&sim), "waives gluster's guard"));
    sim.spec.dedicated_brick = DedicatedBrick::Required;
    assert!(refused(&sim, &Request::default())[0].what.contains("root file system"));
}

#[test]
fn a_detached_node_with_old_configuration_is_refused() {
    let mut sim = Sim::new(4, Replica::Auto);
    sim.form(4, 3);
    let gone = sim.nodes[&name(4)].uuid.unwrap();
    for i in 1..=3 {
        sim.node(i).peers.remove(&gone);
    }
    let refusals = refused(&sim, &Request::default());
    assert!(refusals.iter().any(|refusal| refusal.what.contains("detached while it was down")), "{refusals:?}");
}

#[test]
fn above_three_copies_there_is_advice() {
    assert!(says(&plan(&Sim::new(4, Replica::Auto)), "every write goes to 4 nodes"));
}

#[test]
fn a_member_under_another_name_stops_growth_while_it_cannot_be_looked_at() {
    let mut sim = Sim::new(4, Replica::Auto);
    sim.form(3, 3);
    sim.node(3).up = false;
    let mut nodes = sim.look();
    for facts in nodes.values_mut().filter_map(known) {
        let Asked::Answer(peers) = &mut facts.pool else { continue };
        for peer in peers {
            peer.names = vec![format!("storage-{}", peer.uuid)];
        }
    }
    let refusals = decide(&sim.spec, &nodes, &Request::default()).unwrap_err();
    assert!(refusals[0].what.contains("it cannot be looked at, and may be peer `storage-"), "{refusals:?}");
}

#[test]
fn status_looks_for_bricks_where_they_are() {
    let mut sim = Sim::new(2, Replica::Auto);
    sim.run(&Request::default(), usize::MAX).unwrap();
    let mut nodes = sim.look();
    for facts in nodes.values_mut().filter_map(known) {
        let Asked::Answer(volumes) = &mut facts.volumes else { panic!("no volume") };
        volumes[0].bricks.iter_mut().for_each(|brick| brick.path = "/other/place".to_owned());
        facts.running = ["gv0:10.0.0.1-other-place".to_owned()].into();
    }
    let brick = |finding: &Finding| finding.seen.iter().find(|(key, _)| *key == "brick").map(|(_, seen)| seen.clone());
    let findings = health(&sim.spec, &nodes);
    assert!(findings.iter().filter_map(brick).all(|seen| seen == "up"), "{findings:?}");
}

#[test]
fn a_mount_that_misses_a_brick_is_degraded() {
    let mut sim = Sim::new(2, Replica::Auto);
    sim.run(&Request::default(), usize::MAX).unwrap();
    let mut nodes = sim.look();
    nodes.values_mut().find_map(known).unwrap().mount.misses = vec!["10.0.0.2:/data/glusterfs/shared".to_owned()];
    let finding = &health(&sim.spec, &nodes)[0];
    let mount = ("mount", "mounted, without 1 of the bricks".to_owned());
    assert!(finding.health == Health::Degraded && finding.seen.contains(&mount), "{finding:?}");
}

#[test]
fn a_plan_that_would_now_waive_a_guard_is_a_surprise() {
    let mut sim = Sim::new(3, Replica::Auto);
    let shown = plan(&sim);
    assert!(surprises(&shown, &plan(&sim)).is_empty());
    sim.node(2).on_root = true;
    assert_eq!(surprises(&shown, &plan(&sim)), ["`glusterfs/create@server1` with `force`"]);
}

#[test]
fn a_member_that_missed_a_change_reads_it_before_anything_else_is_changed() {
    let mut sim = Sim::new(4, Replica::Auto);
    sim.form(3, 3);
    // Whichever it is: the first that answers is not believed for that.
    for i in [1, 3] {
        sim.node(i).behind = true;
        let plan = plan(&sim);
        assert_eq!(playbooks(&plan, "catch-up"), [format!("catch-up@server{i}")]);
        assert!(plan.open.is_some() && !stages(&plan).contains(&"volume"), "{plan:#?}");
        sim.node(i).behind = false;
    }
    sim.node(3).behind = true;
    let others = Request { only: Some([name(1), name(2)].into()), ..Request::default() };
    let plan = decide(&sim.spec, &sim.look(), &others).unwrap();
    assert!(playbooks(&plan, "catch-up").is_empty(), "{plan:#?}");
    let growing = Request { only: Some([name(4)].into()), ..Request::default() };
    assert!(refused(&sim, &growing)[0].remedy.contains("without `--on`"));

    // Of the same version, nobody knows who is right.
    let mut nodes = sim.look();
    let facts = known(nodes.get_mut(&name(3)).unwrap()).unwrap();
    facts.daemon.stored_volumes.insert("gv0".to_owned(), 2);
    let refusals = decide(&sim.spec, &nodes, &Request::default()).unwrap_err();
    assert!(refusals[0].what.contains("sees other bricks"), "{refusals:?}");
}

#[test]
fn on_limits_what_is_changed() {
    let mut sim = Sim::new(3, Replica::Auto);
    sim.form(1, 1);
    let only = Request { only: Some([name(2)].into()), ..Request::default() };
    let plan = decide(&sim.spec, &sim.look(), &only).unwrap();
    assert!(plan.tasks().all(|task| task.id.node != name(3)), "{plan:#?}");
    sim.node(1).brick_runs = false;
    let plan = decide(&sim.spec, &sim.look(), &only).unwrap();
    assert!(plan.tasks().all(|task| task.id.playbook != "glusterfs/bricks-up"), "{plan:#?}");
    let fresh = Sim::new(3, Replica::Auto);
    assert!(refused(&fresh, &only)[0].what.contains("leaves out nodes"));
}

#[test]
fn a_rebalance_that_was_cut_off_is_begun_by_the_next_run() {
    let mut sim = Sim::new(4, Replica::Fixed(2));
    sim.form(2, 2);
    sim.run(&Request::default(), usize::MAX).unwrap();
    assert!(plan(&sim).is_empty() && sim.done.iter().any(|task| task == "glusterfs/rebalance@server1"));
    sim.volume.as_mut().unwrap().unspread = vec![3, 4];
    assert_eq!(playbooks(&plan(&sim), "volume"), ["rebalance@server1"]);
    sim.node(4).up = false;
    assert!(playbooks(&plan(&sim), "volume").is_empty(), "it wants all bricks");
}

#[test]
fn who_was_away_when_it_left_is_emptied_and_who_belongs_elsewhere_is_not() {
    let mut sim = Sim::new(3, Replica::Auto);
    sim.run(&Request::default(), usize::MAX).unwrap();
    sim.leave(3);
    sim.node(3).up = false;
    sim.run(&Request { dead: [name(3)].into(), ..Request::default() }, usize::MAX).unwrap();
    sim.node(3).up = true;
    let wipe = Request { wipe: true, ..Request::default() };
    let planned = decide(&sim.spec, &sim.look(), &wipe).unwrap();
    assert_eq!(playbooks(&planned, "wipe"), ["wipe@server3"]);
    sim.node(3).peers.insert(77);
    assert!(refused(&sim, &wipe)[0].what.contains("peers that this cluster does not know"));
    sim.node(3).peers.remove(&77);
    sim.run(&wipe, usize::MAX).unwrap();
    assert!(!sim.node(3).content && sim.node(3).uuid.is_none());
}

#[test]
fn of_several_sets_only_whole_ones_leave_and_their_files_are_moved() {
    let mut sim = Sim::new(4, Replica::Fixed(2));
    sim.run(&Request::default(), usize::MAX).unwrap();
    sim.leave(4);
    assert!(refused(&sim, &Request::default())[0].what.contains("its replica set has bricks that stay"));
    sim.leave(3);
    assert_eq!(playbooks(&plan(&sim), "shrink"), ["drain@server1"]);
    let mut dead = sim.clone();
    dead.node(3).up = false;
    let request = Request { dead: [name(3)].into(), ..Request::default() };
    assert!(refused(&dead, &request).iter().any(|one| one.what.contains("files are moved off those that leave")));
    sim.run(&Request::default(), usize::MAX).unwrap();
    assert!(plan(&sim).is_empty() && sim.volume.unwrap().bricks.len() == 2);
}

#[test]
fn who_is_too_old_for_the_pool_is_not_probed() {
    let mut sim = Sim::new(3, Replica::Auto);
    sim.form(2, 2);
    sim.install(&name(3));
    sim.start(&name(3));
    let mut seen = sim.look();
    known(seen.get_mut(&name(3)).unwrap()).unwrap().daemon.op_version = Some(90_000);
    let refusals = decide(&sim.spec, &seen, &Request::default()).unwrap_err();
    assert!(
        refusals.iter().any(|one| one.node == Some(name(3)) && one.what.contains("op-version is 90000")),
        "{refusals:?}"
    );
}

#[test]
fn a_probe_that_was_cut_short_is_completed() {
    // Only the new one has stored the other: it is taken in again.
    let mut sim = Sim::new(3, Replica::Auto);
    sim.form(2, 0);
    sim.install(&name(3));
    sim.start(&name(3));
    let first = sim.node(1).uuid.unwrap();
    sim.node(3).peers.insert(first);
    assert_eq!(playbooks(&plan(&sim), "pool")[3..4], ["probe@server1"]);
    sim.run(&Request::default(), usize::MAX).unwrap();
    assert!(plan(&sim).is_empty());
    // Only one of the others has: they tell each other.
    let mut sim = Sim::new(3, Replica::Auto);
    sim.form(3, 0);
    let third = sim.node(3).uuid.unwrap();
    sim.node(1).peers.remove(&third);
    let waits = plan(&sim);
    assert_eq!(stages(&waits)[..1], ["settle"], "{waits:?}");
    assert!(waits.open.is_some());
}

#[test]
fn a_daemon_that_does_not_answer_is_waited_for_before_anything_else() {
    let mut sim = Sim::new(3, Replica::Auto);
    sim.form(1, 1);
    let mut seen = sim.look();
    known(seen.get_mut(&name(1)).unwrap()).unwrap().pool = Asked::Failed("no answer".to_owned());
    let waits = decide(&sim.spec, &seen, &Request::default()).unwrap();
    assert_eq!(playbooks(&waits, "answers"), ["answers@server1"]);
    assert!(stages(&waits) == ["answers"] && waits.open.is_some());
}
