//! What is in split-brain, of what three real nodes said, and who may be right.

use std::collections::BTreeMap;

use crate::facts::Seen;
use crate::model::Health;
use crate::plan::{Act, By, Plan, Refusal, Request, Resolve, Var};
use crate::services::glusterfs::CONTRACTS;
use crate::services::glusterfs::facts::{Dispute, heal_info, healing, indices, split_brains, undecided};
use crate::services::glusterfs::laws::sim::{Sim, name};
use crate::services::glusterfs::plan::{Nodes, decide};
use crate::services::glusterfs::spec::Replica;

const INDICES: [&str; 3] = [
    include_str!("../../../../tests/fixtures/glusterfs/split-brain-10.3.server1.index"),
    include_str!("../../../../tests/fixtures/glusterfs/split-brain-10.3.server2.index"),
    include_str!("../../../../tests/fixtures/glusterfs/split-brain-10.3.server3.index"),
];

// Three members, with what was captured: server1 wrote while the others were away, and they while it was.
fn captured() -> (Sim, Nodes) {
    let mut sim = Sim::new(3, Replica::Auto);
    sim.run(&Request::default(), usize::MAX).unwrap();
    let mut nodes = sim.look();
    let volume = facts(&mut nodes, 1).volume(&sim.spec.volume).unwrap().clone();
    let listed = undecided(include_str!("../../../../tests/fixtures/glusterfs/split-brain-10.3.xml")).unwrap();
    let mut heal = heal_info(include_str!("../../../../tests/fixtures/glusterfs/split-brain-10.3.heal.xml")).unwrap();
    for (one, brick) in heal.iter_mut().zip(&volume.bricks) {
        one.name.clone_from(&brick.name);
    }
    for (i, text) in INDICES.iter().enumerate() {
        let node = facts(&mut nodes, i + 1);
        node.indices = indices(text);
        node.indices[0].path.clone_from(&volume.bricks[i].path);
        node.undecided = Some(listed.clone());
        node.heal = Some(heal.clone());
    }
    (sim, nodes)
}

fn facts(nodes: &mut Nodes, i: usize) -> &mut crate::services::glusterfs::facts::NodeFacts {
    match nodes.get_mut(&name(i)) {
        Some(Seen::Known(facts)) => facts,
        other => panic!("{other:?}"),
    }
}

fn resolve(by: By, names: Option<&[&str]>) -> Result<Plan, Vec<Refusal>> {
    let (sim, nodes) = captured();
    let names = names.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let act = Some(Act::Resolve(Resolve { by, names }));
    decide(&sim.spec, &nodes, &Request { act, ..Request::default() })
}

// Which node's copy is taken of which name.
fn chosen(plan: &Plan) -> BTreeMap<String, String> {
    let Some(task) = plan.tasks().next() else { return BTreeMap::new() };
    let Some(Var::List(choices)) = task.vars.get("choices") else { panic!("{task:?}") };
    let host =
        |brick: &str| brick.split(':').next().unwrap_or_default().rsplit('.').next().unwrap_or_default().to_owned();
    choices.chunks(2).map(|pair| (pair[1].clone(), host(&pair[0]))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, node)| ((*name).to_owned(), (*node).to_owned())).collect()
}

#[test]
fn every_kind_is_seen_with_what_tells_the_copies_apart() {
    let (sim, nodes) = captured();
    let volume = nodes.values().find_map(|seen| seen.known()?.volume(&sim.spec.volume)).unwrap();
    let splits = split_brains(volume, &nodes);
    let found: Vec<_> = splits.iter().map(|one| (one.name.as_str(), one.disputes.iter().copied().collect())).collect();
    let one = |name, dispute| (name, vec![dispute]);
    let expected: Vec<(&str, Vec<Dispute>)> = vec![
        one("/uploads", Dispute::Entries),
        one("/uploads/big", Dispute::Data),
        one("/uploads/gfid", Dispute::File),
        one("/uploads/late", Dispute::Data),
        one("/uploads/meta", Dispute::Metadata),
        one("/uploads/o ff/é\"x", Dispute::Data),
        one("/uploads/same", Dispute::Data),
        one("/uploads/typ", Dispute::Type),
    ];
    assert_eq!(found, expected);
    assert!(splits.iter().all(|one| one.copies.len() == 3));

    let findings = healing(&sim.spec, &nodes);
    assert!(findings.iter().all(|finding| finding.health == Health::Degraded), "{findings:#?}");
    assert_eq!(findings[0].seen[3], ("split-brain", "8".to_owned()));
    assert_eq!(findings[0].seen[4], ("MiB", "1".to_owned()), "rounded up");
    let big = findings.iter().find(|finding| finding.name == "/uploads/big").unwrap();
    assert_eq!(big.seen[1].1, "server1: 4 bytes, 2026-11-25 18:39:17");
    let meta = findings.iter().find(|finding| finding.name == "/uploads/meta").unwrap();
    assert_eq!(meta.seen[2].1, "server2: 6 bytes, 2026-11-25 18:39:10, 600 root:root");
}

#[test]
fn of_all_those_are_decided_that_the_rule_decides_and_the_rest_is_said() {
    let plan = resolve(By::Size, None).unwrap();
    let by_size = [("/uploads/big", "3"), ("/uploads/gfid", "1"), ("/uploads/late", "3"), ("/uploads/o ff/é\"x", "3")];
    assert_eq!(chosen(&plan), pairs(&by_size));
    let said = |text: &str| plan.notes.iter().any(|note| note.text.contains(text));
    assert!(said("`/uploads/same`: no copy is bigger than the others: say whose copy is right: `--source NODE`"));
    assert!(said("`/uploads/meta`: owner or mode are not a matter of size or time"));
    assert!(said("`/uploads/typ`: a file in one copy and a folder in another"));
    // The other that is like the winner is not given up.
    let big = "`/uploads/big`: its copy is taken: server3: 13 bytes, 2026-11-25 18:39:11; given up: server1: 4 bytes, \
               2026-11-25 18:39:17";
    assert!(plan.notes.iter().any(|note| note.text == big), "{:#?}", plan.notes);

    let plan = resolve(By::Time, None).unwrap();
    let by_time = ["big", "gfid", "late", "o ff/é\"x", "same"].map(|name| (format!("/uploads/{name}"), "1".to_owned()));
    assert_eq!(chosen(&plan), BTreeMap::from(by_time));

    let plan = resolve(By::Source(name(2)), None).unwrap();
    let mut names: Vec<_> = chosen(&plan).into_iter().collect();
    assert!(names.iter().all(|(_, node)| node == "2"));
    names.retain(|(name, _)| name == "/uploads" || name == "/uploads/meta" || name == "/uploads/typ");
    assert_eq!(names.len(), 2, "a folder takes owner and mode; what gluster cannot look up is left: {names:?}");
    let Some(Var::List(choices)) = plan.tasks().next().unwrap().vars.get("choices") else { panic!("{plan:?}") };
    assert_eq!(choices.last().unwrap(), "/uploads", "after what lies in it");
    let contract = CONTRACTS.iter().find(|contract| contract.playbook == "glusterfs/resolve").unwrap();
    let given: Vec<_> = plan.tasks().next().unwrap().vars.keys().map(String::as_str).collect();
    let mut wanted = contract.vars.to_vec();
    wanted.sort_unstable();
    assert_eq!(given, wanted);
}

#[test]
fn what_is_named_is_decided_or_all_of_it_is_refused() {
    let plan = resolve(By::Time, Some(&["uploads/same"])).unwrap();
    assert_eq!(chosen(&plan), pairs(&[("/uploads/same", "1")]));
    let mounted = format!("{}/uploads/big", captured().0.spec.mount_point);
    let gfid = "53b52f68-edba-450a-9931-c0210404bde4";
    let plan = resolve(By::Source(name(2)), Some(&[&mounted, gfid])).unwrap();
    assert_eq!(chosen(&plan), pairs(&[("/uploads/big", "2"), ("/uploads/same", "2")]));

    let refusals = resolve(By::Size, Some(&["/uploads/big", "/uploads/same", "/nothing", "/uploads/typ"])).unwrap_err();
    let what: Vec<_> = refusals.iter().map(|refusal| refusal.what.as_str()).collect();
    assert_eq!(what.len(), 3, "{what:?}");
    assert!(what[0] == "`/nothing` is not in split-brain" && what[1].starts_with("`/uploads/same`: no copy is bigger"));
}

#[test]
fn nothing_is_decided_while_a_copy_is_away_or_after_it_was() {
    let (sim, mut nodes) = captured();
    let act = |act| Request { act: Some(act), ..Request::default() };
    let everything = Act::Resolve(Resolve { by: By::Size, names: None });
    assert_eq!(decide(&sim.spec, &nodes, &act(everything.clone()).continued()), Ok(Plan::default()));
    for i in 1..=3 {
        facts(&mut nodes, i).heal.as_mut().unwrap()[1].connected = false;
    }
    for one in [everything, Act::HealAll] {
        let refusals = decide(&sim.spec, &nodes, &act(one)).unwrap_err();
        assert!(refusals.len() == 1 && refusals[0].what.ends_with("is not connected"), "{refusals:?}");
    }
}

#[test]
fn nothing_is_decided_while_a_copy_was_not_seen_and_unknown_is_not_none() {
    let everything = Act::Resolve(Resolve { by: By::Size, names: None });
    let request = Request { act: Some(everything), ..Request::default() };
    let (sim, mut nodes) = captured();
    facts(&mut nodes, 3).indices.clear();
    let refusals = decide(&sim.spec, &nodes, &request).unwrap_err();
    assert!(refusals.len() == 1 && refusals[0].what.ends_with("were not seen"), "{refusals:?}");
    let findings = healing(&sim.spec, &nodes);
    assert_eq!((&*findings[0].seen[3].1, &*findings[2].seen[3].1), ("8", "unknown"));

    let (sim, mut nodes) = captured();
    for i in 1..=3 {
        facts(&mut nodes, i).undecided = None;
    }
    let refusals = decide(&sim.spec, &nodes, &request).unwrap_err();
    assert!(refusals.len() == 1 && refusals[0].what.ends_with("gave no answer"), "{refusals:?}");
    assert!(healing(&sim.spec, &nodes).iter().all(|finding| finding.seen[3].1 == "unknown"));
}

#[test]
fn more_than_was_looked_at_is_said() {
    let (sim, mut nodes) = captured();
    facts(&mut nodes, 1).indices[0].more = true;
    let act = Some(Act::Resolve(Resolve { by: By::Size, names: None }));
    let plan = decide(&sim.spec, &nodes, &Request { act, ..Request::default() }).unwrap();
    assert!(plan.notes.iter().any(|note| note.text.contains("more to heal than the 2,000")), "{:#?}", plan.notes);
    assert!(healing(&sim.spec, &nodes)[0].remedy.as_deref().unwrap().contains("first 2,000"));
}

#[test]
fn an_empty_copy_is_a_file_as_the_others_are() {
    let text = INDICES[0].replace("regular file|4|", "regular empty file|0|");
    assert!(text != INDICES[0]);
    let (sim, mut nodes) = captured();
    let index = &mut facts(&mut nodes, 1).indices[0];
    index.copies.clone_from(&indices(&text)[0].copies);
    let volume = nodes.values().find_map(|seen| seen.known()?.volume(&sim.spec.volume)).unwrap();
    let splits = split_brains(volume, &nodes);
    let big = splits.iter().find(|one| one.name == "/uploads/big").unwrap();
    assert_eq!(big.disputes, [Dispute::Data].into());
}
