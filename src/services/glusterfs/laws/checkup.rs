//! What a check-up finds.

use crate::facts::Seen;
use crate::model::{Finding, Health};
use crate::plan::Request;
use crate::services::glusterfs::facts::{Checkup, Disk, NodeFacts};
use crate::services::glusterfs::laws::sim::{Sim, name};
use crate::services::glusterfs::plan::{Nodes, checkup};
use crate::services::glusterfs::spec::Replica;

const WELL: &str = "fs xfs\nisize 512\nmachine 0123\nhostkey AAAA\nlimit success\nntp yes\n";

fn well() -> (Sim, Nodes) {
    let mut sim = Sim::new(3, Replica::Auto);
    sim.run(&Request::default(), usize::MAX).unwrap();
    sim.run(&Request::default(), usize::MAX).unwrap();
    let mut nodes = sim.look();
    for i in 1..=3 {
        let text = WELL.replace("0123", &format!("{i}")).replace("AAAA", &format!("{i}"));
        facts(&mut nodes, i).checkup = Checkup::read(&text);
    }
    (sim, nodes)
}

fn facts(nodes: &mut Nodes, i: usize) -> &mut NodeFacts {
    match nodes.get_mut(&name(i)) {
        Some(Seen::Known(facts)) => facts,
        other => panic!("{other:?}"),
    }
}

// Those that are not well: which, what was seen, what to do.
fn ill((sim, nodes): &(Sim, Nodes)) -> Vec<(String, String, String)> {
    let ill = |one: &Finding| one.health != Health::Healthy;
    let found = checkup(&sim.spec, nodes).into_iter().filter(ill);
    found.map(|one| (one.name.clone(), one.seen[0].1.clone(), one.remedy.clone().unwrap())).collect()
}

#[test]
fn a_cluster_that_is_well_passes_every_check() {
    let at = well();
    assert_eq!(ill(&at), []);
    assert_eq!(checkup(&at.0.spec, &at.1).iter().filter(|one| one.kind == "check").count(), 14);
}

#[test]
fn each_trouble_is_found_with_its_node_and_a_way_out() {
    type Harm = fn(&mut NodeFacts);
    let cases: [(Harm, &str, &str); 14] = [
        (
            |facts| facts.mount.misses = vec!["3:/data/glusterfs/shared".to_owned()],
            "mounts, server2",
            "not connected to brick 3:/data/glusterfs/shared, which runs",
        ),
        (|facts| facts.mount.deaf = true, "mounts, server2", "lost touch with every glusterd"),
        (|facts| facts.daemon.enabled = false, "glusterd, server2", "does not start at boot"),
        (|facts| facts.daemon.masked = true, "glusterd, server2", "out of service"),
        (|facts| facts.checkup = Checkup::read("unreached 10.0.0.3\n"), "peers, server2", "port 24007 of 10.0.0.3"),
        (|facts| facts.checkup = Checkup::read("machine 1\n"), "identity, server2", "the machine-id of server1"),
        (|facts| facts.checkup = Checkup::read("hostkey 1\n"), "identity, server2", "the SSH host key of server1"),
        (|facts| facts.host.clock_ms = Some(facts.host.clock_ms.unwrap() + 60_000), "clocks, server2", "60 s off"),
        (|facts| facts.daemon.version = Some("10.4".to_owned()), "versions, server2", "10.4, and server1 has 10.3"),
        (|facts| facts.host.firewalls = vec!["ufw".to_owned()], "firewall, server2", "does not admit"),
        (
            |facts| facts.disk = Some(Disk { bytes: 90, inodes: Some(1), free: 1 << 30 }),
            "disks, server2",
            "90% of the brick's file system",
        ),
        (|facts| facts.checkup = Checkup::read("fs ext2/ext3\n"), "bricks, server2", "on ext2/ext3"),
        (|facts| facts.mount.fstab.clear(), "mounts at boot, server2", "fstab has no line"),
        (
            |facts| facts.checkup = Checkup::read("error 3 0-posix: No space left on device\n"),
            "logs of the last hour, server2",
            "3 times: 0-posix: No space left",
        ),
    ];
    for (harm, check, seen) in cases {
        let mut at = well();
        harm(facts(&mut at.1, 2));
        let found = ill(&at);
        let hit = |(name, what, remedy): &(String, String, String)| {
            name == check && what.contains(seen) && !remedy.is_empty()
        };
        assert!(found.iter().any(hit), "{check}: {found:?}");
    }
    let mut at = well();
    at.1.insert(name(3), Seen::Unknown("power is off".to_owned()));
    assert!(ill(&at).iter().any(|(name, what, _)| name == "reached over SSH, server3" && what == "power is off"));
}
