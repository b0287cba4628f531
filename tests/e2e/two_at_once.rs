//! Two runs at once: the lock on the nodes keeps them apart, and never longer than the one who holds it lives.

use std::time::Duration;

use rustix::process::{Pid, Signal};
use serde_json::Value;

use crate::harness::{Follow, Lab, eventually};
use crate::trouble::{GLUSTER, begins, signal, text};

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
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn of_two_runs_at_once_one_works_and_the_other_names_it() {
    let lab = Lab::up("eb-two", 3, GLUSTER);
    let (follow, _, run) = holder(&lab);
    refused(&lab, &run);
    turned(&lab);
    refused(&lab, &run);
    assert_eq!(follow.finish(), 0);
    lab.settled();

    lab.reset(&[1, 2, 3]);
    let first = lab.follow(&["up", "--yes"]);
    lab.inventory(3);
    let second = lab.follow(&["up", "--yes"]);
    let mut codes = [first.finish(), second.finish()];
    codes.sort_unstable();
    assert_eq!(codes, [0, 5], "begun together");
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_holder_that_was_killed_lets_go_at_once() {
    let lab = Lab::up("eb-dead", 3, GLUSTER);
    let (follow, pid, _) = holder(&lab);
    signal(pid, Signal::KILL);
    assert_eq!(follow.finish(), -1);
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_holder_that_sleeps_lets_go_and_does_not_go_on_when_it_wakes() {
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
#[ignore = "needs root and the lab: make e2e"]
fn nodes_that_no_longer_hear_the_holder_let_go() {
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
