//! Nodes that do not let us in, or are not the ones we think. Each gets its message, and nothing is changed anywhere.

use std::process::{Command, Stdio};

use crate::harness::{Lab, script as lab_script};
use crate::trouble::{GLUSTER, has};

/// A key of the right form that no host has.
const OTHER: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB";

/// What this inventory makes `up` say, with this exit code.
#[track_caller]
fn said(lab: &Lab, code: i32, inventory: &str) -> String {
    lab.write_inventory(inventory);
    lab.expect(code, &["up", "--yes"])
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn who_does_not_let_us_in_is_told_apart_with_what_to_do_and_no_node_is_changed() {
    let lab = Lab::up("eb-guest", 3, GLUSTER);
    let before = lab.manifests(3);
    let good = lab.inventory(3);
    let known = std::fs::read_to_string(Lab::must(&["known-hosts", &lab.name]).trim()).unwrap();
    let hosts = lab.folder.join("known_hosts");
    let own = |text: &str| {
        std::fs::write(&hosts, text).unwrap();
        let line = good.lines().find(|line| line.contains("known_hosts:")).unwrap();
        good.replace(line, &format!("  known_hosts: {}", hosts.display()))
    };

    changed_and_unknown(&lab, &own, &known, &hosts.display().to_string());

    let text = said(&lab, 4, &good.replace("user: root", "user: nobody-we-know"));
    has(
        &text,
        &["nobody-we-know@10.77.0.102:22 refused us: tried `", "check `ssh: user`", "no node could be looked at"],
    );

    let key = lab.folder.join("key");
    Lab::must(&["exec", &lab.name, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key.to_str().unwrap()]);
    let line = good.lines().find(|line| line.contains("identity_file:")).unwrap();
    let text = said(&lab, 4, &good.replace(line, &format!("  identity_file: {}", key.display())));
    has(&text, &["root@10.77.0.103:22 refused us: tried `", "/key`", "the server allows publickey", "`ssh-add`"]);

    // One of three: the others are seen, and all is refused.
    let own_user = "server2\n      ssh: {user: pw}\n";
    let text = said(&lab, 5, &good.replace("server2\n", own_user));
    has(
        &text,
        &[
            "server2: cannot be looked at: pw may not become root without a password",
            "sudo: a password is required",
            "echo 'pw ALL=(ALL) NOPASSWD: ALL' >>/etc/sudoers.d/bricklayer",
            "seen server[1,3]",
        ],
    );
    let text = said(&lab, 5, &good.replace("server2\n", "server2\n      ssh: {port: 2222}\n"));
    has(
        &text,
        &["server2: cannot be looked at: 10.77.0.102:2222 does not answer: connection refused; is sshd running"],
    );

    // The addresses of two nodes swapped: their host keys tell.
    let swapped = good.replace("10.77.0.101", "X").replace("10.77.0.102", "10.77.0.101").replace('X', "10.77.0.102");
    let text = said(&lab, 5, &swapped);
    has(&text, &["server1: cannot be looked at: the host key of server1 has changed", "server2: cannot be looked at"]);

    behind_another_address(&lab, &good);
    assert!(lab.manifests(3) == before, "a node was changed");
}

fn changed_and_unknown(lab: &Lab, own: &impl Fn(&str) -> String, known: &str, file: &str) {
    let ours = known.lines().find(|line| line.starts_with("10.77.0.102,") && line.contains("ssh-ed25519")).unwrap();
    let (head, _) = ours.rsplit_once(' ').unwrap();
    let without = |node: &str| known.lines().filter(|line| !line.contains(node)).collect::<Vec<_>>().join("\n") + "\n";
    let text = said(lab, 5, &own(&known.replace(ours, &format!("{head} {OTHER}"))));
    has(
        &text,
        &[
            "server2: cannot be looked at: the host key of 10.77.0.102 has changed: SHA256:",
            &format!("`ssh-keygen -f {file} -R 10.77.0.102`"),
            "if server2 was reinstalled",
        ],
    );
    // Nobody at a terminal can vouch for it. What is said to be typed makes it known.
    let text = said(lab, 5, &own(&without("server3")));
    let scan = format!("ssh-keyscan 10.77.0.103 >> {file}");
    has(&text, &["server3: cannot be looked at: the host key of 10.77.0.103 is not known: SHA256:", &scan]);
    has(&text, &["--accept-new-host-keys"]);
    Lab::must(&["exec", &lab.name, "sh", "-c", &format!("{scan} 2>/dev/null")]);
    lab.expect(10, &["plan", "--exit-code"]);
    own(&without("server3"));
    lab.expect(10, &["plan", "--exit-code", "--accept-new-host-keys"]);
    lab.expect(10, &["plan", "--exit-code"]);
}

/// An address that leads to server1 without being its own, as behind a router.
fn behind_another_address(lab: &Lab, good: &str) {
    let key = good.lines().find_map(|line| line.trim().strip_prefix("identity_file: ")).unwrap();
    let tunnel = "-fN -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
                  -o ExitOnForwardFailure=yes -o LogLevel=ERROR -L 10.77.0.254:2022:127.0.0.1:22 root@10.77.0.101";
    let mut args = vec!["exec", lab.name.as_str(), "ssh", "-i", key];
    args.extend(tunnel.split_whitespace());
    // `lab down` ends it: it lives in the lab's network.
    let mut ssh = Command::new(lab_script());
    assert!(
        ssh.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    );
    let moved = good.replace("server1\n      ip_address: 10.77.0.101", "server1\n      ip_address: 10.77.0.254");
    let text =
        said(lab, 5, &moved.replace("10.77.0.254\n", "10.77.0.254\n      ssh: {port: 2022, host_key_checking: off}\n"));
    has(
        &text,
        &[
            "server1: refused: the address 10.77.0.254 of the inventory is not on this node, which has 10.77.0.101",
            "correct `ip_address` in the inventory",
        ],
    );
}
