//! Nodes with a firewall of their own.

use crate::bring_up::is_whole;
use crate::harness::Lab;

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn ufw_gets_lasting_rules_for_the_peers() {
    let lab = Lab::up("ea-ufw", 3, "debian12-gluster");
    for node in 1..=3 {
        lab.ssh(node, "apt-get update -q && apt-get install -q -y --no-install-recommends ufw");
        lab.ssh(node, "ufw default deny incoming && ufw allow 22/tcp && ufw --force enable");
    }
    behind(&lab, "ufw status | grep -q 'Status: active'", "ufw status numbered");
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn firewalld_gets_lasting_rules_for_the_peers() {
    let lab = Lab::up("ea-fwd", 3, "debian12-gluster");
    for node in 1..=3 {
        lab.ssh(node, "apt-get update -q && apt-get install -q -y --no-install-recommends firewalld netbase");
        lab.ssh(node, "systemctl enable --now firewalld && firewall-cmd --state && firewall-cmd --query-service=ssh");
    }
    behind(&lab, "firewall-cmd --state", "firewall-cmd --list-all");
}

// The firewall is never stopped, lets the peers in, now and after a boot, and nobody else.
fn behind(lab: &Lab, active: &str, rules: &str) {
    let told = lab.tell(&["up", "--yes"]).expect(0);
    assert!((1..=3).all(|node| told.ended("changed").contains(&format!("glusterfs/firewall@server{node}"))));
    is_whole(lab, "10.77.0.10");
    lab.settled();
    let before: Vec<_> = (1..=3).map(|node| sorted(&lab.ssh(node, rules))).collect();
    lab.power_off(&[1, 2, 3]);
    lab.power_on(&[1, 2, 3]);
    lab.comes_back(&[1, 2, 3]);
    for node in 1..=3 {
        assert!(lab.holds(node, active), "server{node}");
        assert_eq!(sorted(&lab.ssh(node, rules)), before[node - 1], "server{node}");
    }
    // From an address that is no peer's.
    let stranger = "exec 3<>/dev/tcp/10.77.0.101/24007";
    let out = Lab::command(&["exec", &lab.name, "timeout", "2", "bash", "-c", stranger]);
    assert!(!out.status.success(), "glusterd is open to all");
    lab.settled();
}

// firewalld lists its rules in any order.
fn sorted(rules: &str) -> Vec<String> {
    let mut lines: Vec<_> = rules.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}
