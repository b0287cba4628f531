//! What a check-up finds on real nodes, and mends.

use std::time::Duration;

use crate::harness::{Lab, eventually};

const BROKEN: &str = "systemctl disable glusterd 2>/dev/null; pkill -9 glusterfsd
sed -i 's/^.*glusterfs.*$/# &/' /etc/fstab
stamp=$(date -u '+%Y-%m-%d %H:%M:%S.000000 +0000')
echo \"[$stamp] E [MSGID: 113072] [posix.c:1:f] 0-shared_data-posix: write failed: No space left on device\" >>/var/log/glusterfs/bricks/x.log
cp /etc/machine-id /root/machine-id";

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn trouble_is_found_and_what_is_safe_is_mended() {
    let lab = Lab::up("eg-doctor", 3, "debian12-gluster");
    lab.inventory(2);
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
    let said = lab.expect(0, &["doctor"]);
    assert!(said.contains("no trouble that is known") && !said.contains("degraded"), "{said}");

    // More than mending is for `up`.
    lab.inventory(3);
    let said = lab.expect(5, &["doctor", "--fix", "--yes"]);
    assert!(
        said.contains("it would change members or copies") && !lab.holds(3, "systemctl -q is-active glusterd"),
        "{said}"
    );
    lab.expect(0, &["up", "--yes"]);
    lab.settled();

    lab.ssh(2, BROKEN);
    let id = lab.ssh(1, "cat /etc/machine-id");
    lab.ssh(2, &format!("echo {} >/etc/machine-id", id.trim()));
    let said = lab.expect(7, &["doctor"]);
    for (check, seen) in [
        ("glusterd, server2", "it does not start at boot"),
        ("identity, server2", "has the machine-id of server1"),
        ("mounts, server1", "is without 10.77.0.102:/data/glusterfs/shared"),
        ("mounts at boot, server2", "fstab has no line for it"),
        ("logs of the last hour, server2", "No space left on device"),
        ("as the inventory wants it", "glusterfs/bricks-up@server2"),
        ("logs of the last hour, server2", "a full brick says nothing to clients"),
    ] {
        assert!(said.lines().any(|line| line.contains(check) && line.contains(seen)), "{check}: {seen}: {said}");
    }
    lab.expect(0, &["doctor", "--fix", "--yes"]);
    lab.ssh(2, "mv /root/machine-id /etc/machine-id; rm /var/log/glusterfs/bricks/x.log");
    lab.healed(1, 3);
    lab.settled();
    lab.expect(0, &["doctor"]);
}

#[test]
#[ignore = "needs root and the lab, and takes minutes: make soak"]
fn soak_a_port_of_a_brick_that_is_not_let_through_is_named() {
    let lab = Lab::up("sa-ports", 3, "debian12-gluster");
    lab.inventory(3);
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
    lab.ssh(3, "apt-get update -qq && apt-get install -qq -y nftables >/dev/null 2>&1");
    lab.ssh(3, "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; add rule inet t in ip saddr 10.77.0.101 tcp dport 49152-60999 drop'");
    let seen = "is not connected to brick 10.77.0.103:/data/glusterfs/shared, which runs";
    let told = |said: &str, node: &str| {
        said.lines().any(|line| line.contains(&format!("mounts, {node}")) && line.contains(seen))
    };
    eventually(Duration::from_secs(60), "the mount loses the brick", || told(&lab.run(&["doctor"]).stdout, "server1"));
    let said = lab.run(&["doctor"]).stdout;
    assert!(!told(&said, "server2") && !told(&said, "server3"), "{said}");
    lab.ssh(3, "nft flush ruleset");
    lab.healed(1, 3);
    lab.settled();
}
