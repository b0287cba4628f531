//! One of three nodes loses its power while `up` works on them.

use std::time::Duration;

use crate::checks::MOUNT;
use crate::harness::Lab;
use crate::trouble::{GLUSTER, Told, all_of, begins, is_wanted};

/// However it hits: glusterd itself gives a silent peer two minutes, and a step four.
const BOUND: Duration = Duration::from_secs(330);

/// The victim loses its power when this step begins, on itself where it has the step at all.
#[derive(Debug)]
struct Cut<'a> {
    playbook: &'a str,
    step: &'a str,
    on: String,
    victim: usize,
}

fn cuts<'a>(steps: &'a [(String, String, Vec<String>)], victims: &[usize]) -> Vec<Cut<'a>> {
    let cut = |victim: usize, (playbook, step, nodes): &'a (String, String, Vec<String>)| {
        let own = format!("server{victim}");
        let on = if nodes.contains(&own) { own } else { nodes[0].clone() };
        Cut { playbook, step, on, victim }
    };
    steps
        .iter()
        .filter(|step| is_wanted(&step.0, &step.1))
        .flat_map(|step| victims.iter().map(move |victim| cut(*victim, step)))
        .collect()
}

fn run(lab: &Lab, cut: &Cut<'_>) -> Told {
    let when = |event: &serde_json::Value| begins(event, cut.playbook, cut.step, &cut.on);
    lab.disturbed(&["up", "--yes"], when, |_| lab.kill(cut.victim))
}

fn reported(told: &Told, victim: usize) {
    eprintln!("  exit code {} after {:.0?}: {}", told.code, told.took, told.gist());
    assert!(matches!(told.code, 1 | 4), "{}", told.text());
    assert!(told.took < BOUND, "{}", told.text());
    let failures = told.failures();
    assert!(failures.iter().all(|failure| failure["remedy"] != ""), "{}", told.text());
    let node = format!("server{victim}");
    assert!(told.of("node_unknown").any(|event| event["node"] == node.as_str()), "{}", told.text());
}

fn fresh(lab: &Lab, cut: &Cut<'_>) {
    let told = run(lab, cut);
    reported(&told, cut.victim);
    lab.boot(cut.victim);
    whole(lab);
}

/// The same command makes of it what was wanted. What a mount wrote while a node was dead may wait ten minutes for its heal, which is
/// gluster's own time (`cluster.heal-timeout`): here somebody asks for it.
fn whole(lab: &Lab) {
    lab.expect(0, &["up", "--yes"]);
    lab.ssh_any(2, "gluster --mode=script volume heal shared_data");
    lab.settled();
    lab.ssh(2, "echo kept >/mnt/gluster/uploads/file");
    lab.healed(1, 3);
    lab.same_bricks(&[1, 2, 3]);
}

/// A volume of one node, with data.
fn one_with_data(lab: &Lab) {
    lab.inventory(1);
    lab.expect(0, &["up", "--yes"]);
    lab.ssh(1, "cd /mnt/gluster && for i in $(seq 40); do head -c 300000 /dev/urandom >uploads/$i; done");
    lab.inventory(3);
}

fn grown(lab: &Lab, cut: &Cut<'_>) {
    let before = lab.same_bricks(&[1]);
    let told = run(lab, cut);
    reported(&told, cut.victim);
    lab.boot(cut.victim);
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
    assert_eq!(lab.same_bricks(&[1]), before, "what was there");
    lab.same_bricks(&[1, 2, 3]);
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_power_cut_of_a_node_and_then_of_the_coordinator_is_reported_and_mended_by_the_next_up() {
    let lab = Lab::up("eb-power", 3, GLUSTER);
    for (playbook, step, victim) in [("glusterfs/service", "glusterd", 3), ("glusterfs/create", "start", 1)] {
        let on = format!("server{victim}");
        let told = run(&lab, &Cut { playbook, step, on, victim });
        reported(&told, victim);
        lab.boot(victim);
    }
    whole(&lab);
}

#[test]
#[ignore = "needs root and the lab, for most of an hour: make soak"]
fn soak_a_power_cut_at_every_step_of_a_bring_up_is_reported_and_mended_by_the_next_up() {
    let lab = Lab::up("eb-pcb", 3, GLUSTER);
    let steps = lab.steps(&["up", "--yes"]);
    all_of(cuts(&steps, &[1, 3]), |cut| {
        lab.reset(&[1, 2, 3]);
        fresh(&lab, cut);
    });
}

#[test]
#[ignore = "needs root and the lab, for most of an hour: make soak"]
fn soak_a_power_cut_at_every_step_of_a_growth_is_reported_and_mended_by_the_next_up() {
    let lab = Lab::up("eb-pcg", 3, GLUSTER);
    one_with_data(&lab);
    let steps = lab.steps(&["up", "--yes"]);
    all_of(cuts(&steps, &[1, 3]), |cut| {
        lab.reset(&[1, 2, 3]);
        one_with_data(&lab);
        grown(&lab, cut);
    });
}

#[test]
#[ignore = "needs root and the lab, for two minutes: make soak"]
fn soak_while_the_only_complete_copy_is_away_nothing_is_written_past_it() {
    let lab = Lab::up("eb-past", 3, GLUSTER);
    one_with_data(&lab);
    let before = lab.same_bricks(&[1]);
    let cut = Cut { playbook: "glusterfs/healed", step: "heal", on: "server1".to_owned(), victim: 1 };
    reported(&run(&lab, &cut), 1);
    for node in [2, 3] {
        let write = format!("timeout 60 sh -c 'cd {MOUNT}/uploads && echo late >late'");
        assert!(!lab.holds(node, &write), "server{node} wrote past the only complete copy");
    }
    lab.boot(1);
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
    assert_eq!(lab.same_bricks(&[1, 2, 3]), before, "what was there");
}
