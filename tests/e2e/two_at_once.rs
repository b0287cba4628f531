//! Two runs at once, and Ctrl-C: the lock on the nodes keeps runs apart, and never longer than its holder lives.

use std::time::Duration;

use rustix::process::{Pid, Signal};
use serde_json::Value;

use crate::harness::{Follow, Lab, eventually};
use crate::trouble::{GLUSTER, Told, begins, signal, text};

/// A run that has begun to change something, and so holds the locks.
fn holder(lab: &Lab) -> (Follow, Pid, String) {
    let mut follow = lab.follow(&["up", "--yes"]);
    let started = follow.until(|event| event["event"] == "run_started").unwrap();
    follow.until(|event| begins(event, "glusterfs/service", "glusterd", "server1")).unwrap();
    let pid = Pid::from_child(&follow.child);
    (follow, pid, text(&started["run"]))
}

/// The inventory's nodes the other way round.
fn turned(lab: &Lab) {
    let text = lab.inventory(3);
    let (head, nodes) = text.split_once("    - hostname").unwrap();
    let mut nodes: Vec<_> = nodes.split("    - hostname").map(|node| format!("    - hostname{node}")).collect();
    nodes.reverse();
    lab.write_inventory(&(head.to_owned() + &nodes.concat()));
}

fn refused(lab: &Lab, holder: &str) {
    let said = lab.expect(5, &["up", "--yes"]);
    assert!(said.contains("another run works on this cluster"), "{said}");
    assert!(said.contains(&format!("(run {holder}) since ")), "who holds it: {said}");
    assert!(said.contains("remedy: wait until it has ended"), "{said}");
}

/// Ctrl-C when this step begins, and again when it was heard where it is pressed twice.
fn interrupted(lab: &Lab, (playbook, step, node): (&str, &str, &str), twice: bool) -> Told {
    lab.watch(&["up", "--yes"], |event, pid| {
        if begins(event, playbook, step, node) || twice && event["event"] == "interrupted" && event["count"] == 1 {
            signal(pid, Signal::INT);
        }
    })
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn runs_are_kept_apart_and_ctrl_c_ends_them_in_two_ways() {
    let lab = Lab::up("eb-two", 3, GLUSTER);
    let (follow, pid, run) = holder(&lab);
    refused(&lab, &run);
    turned(&lab);
    refused(&lab, &run);
    signal(pid, Signal::INT);
    assert_eq!(follow.finish(), 6);

    let told = interrupted(&lab, ("glusterfs/probe", "probe", "server1"), false);
    assert_eq!(told.code, 6, "{}", told.text());
    let at = told.events.iter().position(|event| event["event"] == "interrupted").unwrap();
    assert!(told.events[at..].iter().all(|event| event["event"] != "step_started"), "no new work: {}", told.text());
    let probed = told.events[at..].iter().find(|event| event["event"] == "step_ended").unwrap();
    assert_eq!(probed["end"]["end"], "changed", "what ran was followed to its end: {}", told.text());
    assert!(told.of("task_skipped").all(|event| event["why"] == "interrupted"), "{}", told.text());

    let told = interrupted(&lab, ("glusterfs/create", "start", "server1"), true);
    assert_eq!(told.code, 6, "{}", told.text());
    let left = &told.failures()[0];
    assert!(text(&left["what"]).contains("no longer followed, and may still run there"), "{}", told.text());
    assert!(text(&left["remedy"]).contains("server1"), "{}", told.text());

    let mut first = lab.follow(&["up", "--yes"]);
    // It has read the inventory, which is now written anew.
    first.until(|event| event["event"] == "run_started").unwrap();
    lab.inventory(3);
    let second = lab.follow(&["up", "--yes"]);
    let mut codes = [first.finish(), second.finish()];
    codes.sort_unstable();
    assert_eq!(codes, [0, 5], "begun together, the nodes named in another order");
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab, for a minute: make soak"]
fn soak_a_holder_that_sleeps_lets_go_and_does_not_go_on_when_it_wakes() {
    let lab = Lab::up("eb-sleep", 3, GLUSTER);
    let (mut follow, pid, _) = holder(&lab);
    signal(pid, Signal::STOP);
    let other = || lab.run(&["up", "--yes"]).code;
    eventually(Duration::from_secs(45), "the lock falls without a heartbeat", || match other() {
        0 => true,
        5 => false,
        code => panic!("exit code {code}"),
    });
    signal(pid, Signal::CONT);
    let refusals: Vec<Value> =
        std::iter::from_fn(|| follow.next()).filter(|event| event["event"] == "refused").collect();
    assert!(refusals.iter().any(|event| event.to_string().contains("the lock there is lost")), "{refusals:?}");
    assert_eq!(follow.finish(), 4);
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab, for a minute: make soak"]
fn soak_nodes_that_no_longer_hear_the_holder_let_go() {
    let lab = Lab::up("eb-cut", 3, GLUSTER);
    let (follow, _, _) = holder(&lab);
    for node in 1..=3 {
        lab.cut(node);
    }
    eventually(Duration::from_secs(45), "the lock falls without a heartbeat", || {
        (1..=3).all(|node| lab.inside(node, "flock -n /run/lock/bricklayer.lock true"))
    });
    for node in 1..=3 {
        lab.mend(node);
    }
    assert!(matches!(follow.finish(), 1 | 4));
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
}
