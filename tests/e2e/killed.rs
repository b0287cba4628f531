//! Our own process is killed while `up` works: what ran on the nodes runs on, and nobody follows it.

use rustix::process::Signal;

use crate::harness::Lab;
use crate::trouble::{GLUSTER, Steps, all_of, begins, signal};

/// Ends `up`, without a word, when this step begins on this node.
pub fn kill_at(lab: &Lab, at: (&str, &str, &str)) {
    kill(lab, &["up", "--yes"], at);
}

/// The same of any command.
pub fn kill(lab: &Lab, args: &[&str], (playbook, step, node): (&str, &str, &str)) {
    let told = lab.disturbed(args, |event| begins(event, playbook, step, node), |pid| signal(pid, Signal::KILL));
    assert_eq!(told.code, -1, "{}", told.text());
}

/// The lock falls by itself, and the same command goes on where the other stopped.
fn goes_on(lab: &Lab) {
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
}

/// A volume of one node with data, and an inventory that wants three.
fn one_with_data(lab: &Lab) {
    lab.inventory(1);
    lab.expect(0, &["up", "--yes"]);
    lab.ssh(1, "cd /mnt/gluster && for i in $(seq 40); do head -c 300000 /dev/urandom >uploads/$i; done");
    lab.inventory(3);
}

fn points(steps: &Steps) -> impl Iterator<Item = (&str, &str, &str)> {
    steps.iter().map(|(playbook, step, nodes)| (playbook.as_str(), step.as_str(), nodes[0].as_str()))
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn killed_while_glusterd_starts_and_while_the_volume_is_created_the_next_up_goes_on() {
    let lab = Lab::up("eb-kill", 3, GLUSTER);
    kill_at(&lab, ("glusterfs/service", "glusterd", "server2"));
    kill_at(&lab, ("glusterfs/create", "create", "server1"));
    kill_at(&lab, ("glusterfs/boot-mount", "fstab", "server3"));
    goes_on(&lab);
    lab.ssh(2, "echo kept >/mnt/gluster/uploads/file");
    lab.healed(1, 3);
    lab.same_bricks(&[1, 2, 3]);
}

#[test]
#[ignore = "needs root and the lab, for a quarter of an hour: make soak"]
fn soak_killed_at_every_step_of_a_bring_up_the_next_up_goes_on() {
    let lab = Lab::up("eb-kb", 3, GLUSTER);
    let steps = lab.steps(&["up", "--yes"]);
    all_of(points(&steps), |point| {
        lab.reset(&[1, 2, 3]);
        kill_at(&lab, *point);
        goes_on(&lab);
    });
}

#[test]
#[ignore = "needs root and the lab, for a quarter of an hour: make soak"]
fn soak_killed_at_every_step_of_a_growth_the_next_up_goes_on_and_nothing_is_lost() {
    let lab = Lab::up("eb-kg", 3, GLUSTER);
    one_with_data(&lab);
    let steps = lab.steps(&["up", "--yes"]);
    all_of(points(&steps), |point| {
        lab.reset(&[1, 2, 3]);
        one_with_data(&lab);
        let before = lab.same_bricks(&[1]);
        kill_at(&lab, *point);
        goes_on(&lab);
        assert_eq!(lab.same_bricks(&[1]), before);
        lab.same_bricks(&[1, 2, 3]);
    });
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn an_installation_goes_on_without_us_and_the_next_up_follows_it() {
    let lab = Lab::up("eb-ki", 3, "debian12");
    // Slow enough to be caught in the middle.
    lab.ssh(1, "printf '#!/bin/sh\nsleep 8\n' >/etc/slow && chmod +x /etc/slow && echo 'DPkg::Pre-Invoke {\"/etc/slow\";};' >/etc/apt/apt.conf.d/99slow");
    let prints = |event: &serde_json::Value| {
        event["event"] == "step_line"
            && event["task"]["playbook"] == "glusterfs/install"
            && event["task"]["node"] == "server1"
    };
    let told = lab.disturbed(&["up", "--yes"], prints, |pid| signal(pid, Signal::KILL));
    assert_eq!(told.code, -1, "{}", told.text());
    assert!(lab.holds(1, "sleep 2; systemctl is-active -q bricklayer-glusterfs-install-packages"), "it goes on");
    goes_on(&lab);
    for node in 1..=3 {
        let begun = lab.ssh(node, "grep -c 'install glusterfs-server' /var/log/apt/history.log");
        assert_eq!(begun.trim(), "1", "server{node} installed once");
    }
}
