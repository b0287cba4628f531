//! What the scenarios look at and do on nodes, beside what the program itself says.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Lab, eventually};

/// The volume's brick and mount point in the lab's inventory.
pub const BRICK: &str = "/data/glusterfs/shared";
pub const MOUNT: &str = "/mnt/gluster";

// Everything that a copy must have in common with the others: type, mode, owner, size, link target, content. Not the
// time, which gluster keeps in an attribute of its own (fact 2.18), nor what belongs to the brick alone.
const PRINT: &str = r"set -eu
cd /data/glusterfs/shared
own='( -name .glusterfs -o -name .glusterfs-anonymous-inode-* ) -prune'
set -f
find . $own -o -type d -printf '%y %m %U %G - %p\n' -o -printf '%y %m %U %G %s %p %l\n' | LC_ALL=C sort -k 6
find . $own -o -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum";

/// The events of a run, and how it ended.
pub struct Told {
    pub code: i32,
    pub events: Vec<Value>,
}

impl Told {
    /// It must have ended with this code; says what stood in the way.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        let bad = |event: &&Value| {
            let kind = &event["event"];
            kind == "refused" || kind == "node_unknown" || kind == "bug" || event["end"]["end"] == "failed"
        };
        let told: Vec<_> = self.events.iter().filter(bad).map(ToString::to_string).collect();
        assert_eq!(self.code, code, "planned {:?}\n{}", self.planned(), told.join("\n"));
        self
    }

    /// Tasks that this run planned, in any of its plans, as `PLAYBOOK@NODE`.
    pub fn planned(&self) -> BTreeSet<String> {
        let plans = self.events.iter().filter(|event| event["event"] == "planned");
        let stages = plans.flat_map(|event| list(&event["plan"]["stages"]));
        let tasks = stages.flat_map(|stage| list(&stage["waves"])).flat_map(|wave| list(&wave["tasks"]));
        tasks.map(|task| name(&task["id"])).collect()
    }

    /// Tasks that had a step with this end.
    pub fn ended(&self, end: &str) -> BTreeSet<String> {
        let ends = self.events.iter().filter(|event| event["event"] == "step_ended" && event["end"]["end"] == end);
        ends.map(|event| name(&event["task"])).collect()
    }

    /// Notes of its plans.
    pub fn notes(&self) -> Vec<String> {
        let plans = self.events.iter().filter(|event| event["event"] == "planned");
        plans.flat_map(|event| list(&event["plan"]["notes"])).map(|note| text(&note["text"])).collect()
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn name(id: &Value) -> String {
    format!("{}@{}", text(&id["playbook"]), text(&id["node"]))
}

/// Tasks that change nothing by their nature: they wait for something, or try a port.
pub fn waits(task: &str) -> bool {
    ["glusterfs/reach@", "glusterfs/settled@", "glusterfs/healed@"].iter().any(|wait| task.starts_with(wait))
}

impl Lab {
    /// The inventory of the first `nodes` nodes, with these lines in its `glusterfs` section.
    pub fn inventory_with(&self, nodes: usize, lines: &[&str]) {
        let more = lines.iter().flat_map(|line| ["    ", line, "\n"]).collect::<String>();
        let text = self.inventory(nodes);
        assert!(text.contains("  glusterfs:\n"), "{text}");
        self.write_inventory(&text.replace("  glusterfs:\n", &format!("  glusterfs:\n{more}")));
    }

    /// Runs the program and keeps its events.
    #[track_caller]
    pub fn tell(&self, args: &[&str]) -> Told {
        let mut run = self.follow(args);
        let events = std::iter::from_fn(|| run.next()).collect();
        Told { code: run.finish(), events }
    }

    /// Powers nodes off, at once and without a word.
    pub fn power_off(&self, nodes: &[usize]) {
        self.power("kill", nodes);
    }

    /// Powers nodes on, side by side; they are up when this returns.
    pub fn power_on(&self, nodes: &[usize]) {
        self.power("boot", nodes);
    }

    fn power(&self, command: &str, nodes: &[usize]) {
        let numbers: Vec<_> = nodes.iter().map(ToString::to_string).collect();
        let mut args = vec![command, self.name.as_str()];
        args.extend(numbers.iter().map(String::as_str));
        Self::must(&args);
    }

    /// Does this command line succeed there?
    pub fn holds(&self, node: usize, command: &str) -> bool {
        self.ssh_any(node, command).status.success()
    }

    /// The volume is mounted there, and not only in the mount table.
    pub fn serves(&self, node: usize) -> bool {
        self.holds(node, &format!("findmnt -n -M {MOUNT} -t fuse.glusterfs && timeout 5 stat {MOUNT}/."))
    }

    /// Waits until nodes are back by themselves: mounted, all peers there, every brick connected and nothing to heal.
    #[track_caller]
    pub fn comes_back(&self, nodes: &[usize]) {
        for &node in nodes {
            eventually(Duration::from_secs(60), &format!("server{node} serves its mount"), || self.serves(node));
        }
        self.healed(nodes[0], nodes.len());
    }

    /// Waits until nothing is left to heal, with this many bricks connected.
    #[track_caller]
    pub fn healed(&self, node: usize, bricks: usize) {
        let limit = Duration::from_secs(120);
        let start = Instant::now();
        loop {
            let out = self.ssh_any(node, "timeout 30 gluster --mode=script volume heal shared_data info");
            let info = String::from_utf8_lossy(&out.stdout).into_owned();
            let lines = |line: &str| info.lines().filter(|found| *found == line).count();
            if lines("Status: Connected") == bricks && lines("Number of entries: 0") == bricks {
                return;
            }
            assert!(start.elapsed() < limit, "not healed within {limit:?}:\n{info}\n{}", self.evidence(bricks));
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    // Who is blamed for what, and what clients and daemons saw last.
    fn evidence(&self, nodes: usize) -> String {
        let look = "getfattr -d -m afr -e hex /data/glusterfs/shared/* 2>/dev/null
            for log in mnt-gluster glustershd; do echo; grep -E 'onnected|eal' /var/log/glusterfs/$log.log | tail -n 40; done";
        let said = (1..=nodes).map(|node| format!("--- server{node}\n{}", self.ssh(node, look)));
        said.collect::<Vec<_>>().join("\n")
    }

    /// The bricks of these nodes hold the same; answers what.
    #[track_caller]
    pub fn same_bricks(&self, nodes: &[usize]) -> String {
        let first = self.ssh(nodes[0], PRINT);
        assert!(first.lines().count() > 1, "server{}: nothing on {BRICK}\n{first}", nodes[0]);
        for &node in &nodes[1..] {
            let other = self.ssh(node, PRINT);
            assert!(first == other, "server{} and server{node} differ\n{}", nodes[0], difference(&first, &other));
        }
        first
    }

    /// Everything that these nodes have written since they were made.
    pub fn manifests(&self, nodes: usize) -> Vec<String> {
        (1..=nodes).map(|node| Self::must(&["manifest", &self.name, &node.to_string()])).collect()
    }

    /// Runs what must change nothing, and compares all that is on the nodes' disks.
    #[track_caller]
    pub fn untouched(&self, nodes: usize, by: &str, act: impl Fn()) {
        let before = self.manifests(nodes);
        act();
        for (at, (before, after)) in before.iter().zip(self.manifests(nodes)).enumerate() {
            assert!(*before == after, "{by} changed server{}\n{}", at + 1, difference(before, &after));
        }
    }
}

fn difference(one: &str, other: &str) -> String {
    let (one, other): (BTreeSet<_>, BTreeSet<_>) = (one.lines().collect(), other.lines().collect());
    let gone = one.difference(&other).map(|line| ["- ", line].concat());
    let new = other.difference(&one).map(|line| ["+ ", line].concat());
    gone.chain(new).take(40).collect::<Vec<_>>().join("\n")
}
