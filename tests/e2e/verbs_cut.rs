//! Nodes come, go and take each other's place; in the middle of it our own process is killed, or a node loses its power.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::checks::MOUNT;
use crate::harness::Lab;
use crate::trouble::{GLUSTER, Told, all_of, begins, is_wanted, signal};

/// What is asked for, of four nodes.
struct Verb {
    args: &'static [&'static str],
    /// So many are members before.
    members: usize,
    /// In the inventory's section.
    lines: &'static [&'static str],
    /// This member has lost its brick before.
    lost: Option<usize>,
    /// Those that hold all data afterwards.
    after: &'static [usize],
    /// Nodes that lose their power, one in each case.
    victims: &'static [usize],
    /// Of its playbooks, those that no bring-up and no growth has.
    playbooks: &'static [&'static str],
}

const ADD: Verb = Verb {
    args: &["add", "--service", "glusterfs", "--ip", "10.77.0.104", "--yes"],
    members: 3,
    lines: &[],
    lost: None,
    after: &[1, 2, 3, 4],
    victims: &[1, 4],
    playbooks: &["probe", "add-brick"],
};

const REMOVE: Verb = Verb {
    args: &["remove", "--service", "glusterfs", "--host", "server1", "--wipe", "--yes"],
    members: 3,
    lines: &[],
    lost: None,
    after: &[2, 3],
    victims: &[2],
    playbooks: &["leave", "remove-brick", "detach", "wipe", "boot-mount"],
};

const DRAIN: Verb = Verb {
    args: &["remove", "--service", "glusterfs", "--host", "server3", "--host", "server4", "--yes"],
    members: 4,
    lines: &["replica_count: 2"],
    lost: None,
    after: &[1, 2],
    victims: &[1],
    playbooks: &["leave", "drain", "detach"],
};

const REPLACE: Verb = Verb {
    args: &["replace", "--service", "glusterfs", "--old", "server1", "--new", "10.77.0.104", "--wipe", "--yes"],
    members: 3,
    lines: &[],
    lost: None,
    after: &[2, 3, 4],
    victims: &[2, 4],
    playbooks: &["probe", "vacant", "replace-brick", "catch-up", "healed", "leave", "detach", "wipe"],
};

const REFILL: Verb = Verb {
    args: &["replace", "--service", "glusterfs", "--old", "server3", "--new", "server3", "--yes"],
    members: 3,
    lines: &[],
    lost: Some(3),
    after: &[1, 2, 3],
    victims: &[1],
    playbooks: &["reset-brick", "healed"],
};

const VERBS: [&Verb; 5] = [&ADD, &REMOVE, &DRAIN, &REPLACE, &REFILL];

impl Verb {
    /// A cluster with data to do it to; answers the data's sum.
    fn begin(&self, lab: &Lab) -> String {
        lab.reset(&[1, 2, 3, 4]);
        lab.inventory_with(self.members, self.lines);
        lab.expect(0, &["up", "--yes"]);
        lab.ssh(2, &format!("cd {MOUNT}/uploads && for i in $(seq 40); do head -c 20000 /dev/urandom >old$i; done"));
        if let Some(node) = self.lost {
            lab.ssh(
                node,
                "systemctl stop glusterd && { pkill glusterfsd || :; } && rm -rf /data/glusterfs/shared && systemctl start glusterd",
            );
        }
        sums(lab, 2)
    }

    /// Asked for again, it is finished, and nothing is lost. Right after a boot, a heal is waited for, or refused beside.
    fn finish(&self, lab: &Lab, before: &str) {
        let start = Instant::now();
        loop {
            let ran = lab.run(self.args);
            if ran.code == 0 {
                break;
            }
            let waits = start.elapsed() < Duration::from_secs(300) && [1, 5].contains(&ran.code);
            assert!(waits, "{:?} ends with {} after {:?}\n{}", self.args, ran.code, start.elapsed(), ran.stderr);
            eprintln!(
                "  again, after {}: {}",
                ran.code,
                ran.stderr.lines().find(|l| l.contains("[ERROR]")).unwrap_or("")
            );
            lab.ssh_any(self.after[0], "gluster --mode=script volume heal shared_data");
            std::thread::sleep(Duration::from_secs(3));
        }
        lab.settled();
        assert_eq!(sums(lab, self.after[0]), before, "what was there");
        lab.ssh(self.after[1], &format!("echo kept >{MOUNT}/uploads/file"));
        lab.healed(self.after[0], self.after.len());
        lab.same_bricks(self.after);
    }

    /// Its steps, each with the first node that has it.
    fn points(&self, lab: &Lab) -> Vec<(String, String, String)> {
        let before = self.begin(lab);
        let steps = lab.steps(self.args);
        self.finish(lab, &before);
        let own = |playbook: &str| self.playbooks.contains(&playbook.trim_start_matches("glusterfs/"));
        let wanted = steps.into_iter().filter(|(playbook, step, _)| own(playbook) && is_wanted(playbook, step));
        wanted.map(|(playbook, step, mut nodes)| (playbook, step, nodes.swap_remove(0))).collect()
    }

    fn disturbed(&self, lab: &Lab, at: &(String, String, String), act: impl FnOnce(rustix::process::Pid)) -> Told {
        lab.disturbed(self.args, |event| begins(event, &at.0, &at.1, &at.2), act)
    }

    fn killed(&self, lab: &Lab, at: &(String, String, String)) {
        let before = self.begin(lab);
        let told = self.disturbed(lab, at, |pid| signal(pid, Signal::KILL));
        assert_eq!(told.code, -1, "{}", told.text());
        self.finish(lab, &before);
    }

    fn cut(&self, lab: &Lab, at: &(String, String, String), victim: usize) {
        let before = self.begin(lab);
        let told = self.disturbed(lab, at, |_| lab.kill(victim));
        eprintln!("  exit code {} after {:.0?}: {}", told.code, told.took, told.gist());
        assert!(matches!(told.code, 0 | 1 | 4 | 5), "{}", told.text());
        lab.boot(victim);
        self.finish(lab, &before);
    }
}

impl Verb {
    /// Its network is cut there, and mended when the run has ended.
    fn torn(&self, lab: &Lab, at: &(String, String, String), victim: usize) {
        let before = self.begin(lab);
        let told = self.disturbed(lab, at, |_| lab.cut(victim));
        eprintln!("  exit code {} after {:.0?}: {}", told.code, told.took, told.gist());
        assert!(matches!(told.code, 0 | 1 | 4 | 5), "{}", told.text());
        lab.mend(victim);
        self.finish(lab, &before);
    }
}

fn sums(lab: &Lab, node: usize) -> String {
    lab.ssh(node, &format!("cd {MOUNT}/uploads && sha256sum old* | sha256sum"))
}

fn at(playbook: &str, step: &str, node: &str) -> (String, String, String) {
    (playbook.to_owned(), step.to_owned(), node.to_owned())
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn killed_while_a_brick_leaves_and_while_a_place_is_taken_the_same_command_goes_on() {
    let lab = Lab::up("ej-verbs", 4, GLUSTER);
    REMOVE.killed(&lab, &at("glusterfs/remove-brick", "remove", "server2"));
    REPLACE.killed(&lab, &at("glusterfs/replace-brick", "replace", "server2"));
}

#[test]
#[ignore = "needs root and the lab, for half an hour: make soak"]
fn soak_killed_at_every_step_by_which_nodes_come_and_go_the_same_command_goes_on() {
    let lab = Lab::up("ej-kv", 4, GLUSTER);
    for verb in VERBS {
        all_of(verb.points(&lab), |point| verb.killed(&lab, point));
    }
}

#[test]
#[ignore = "needs root and the lab, for an hour: make soak"]
fn soak_a_power_cut_at_every_step_by_which_nodes_come_and_go_is_mended_by_the_same_command() {
    let lab = Lab::up("ej-pv", 4, GLUSTER);
    for verb in VERBS {
        let points = verb.points(&lab);
        all_of(points.iter().flat_map(|point| verb.victims.iter().map(move |victim| (point, *victim))), |case| {
            verb.cut(&lab, case.0, case.1);
        });
    }
}

#[test]
#[ignore = "needs root and the lab, for a quarter of an hour: make soak"]
fn soak_a_network_that_is_cut_while_nodes_come_and_go_is_mended_by_the_same_command() {
    let lab = Lab::up("ej-nv", 4, GLUSTER);
    let changes = ["add-brick", "remove-brick", "drain", "replace-brick", "reset-brick"];
    for verb in VERBS {
        let points = verb.points(&lab);
        let changes = |point: &&(String, String, String)| changes.contains(&point.0.trim_start_matches("glusterfs/"));
        let last = points.iter().rfind(changes).expect("a step that changes the volume");
        all_of(verb.victims, |victim| verb.torn(&lab, last, **victim));
    }
}
