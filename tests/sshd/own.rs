//! `bricklayer ssh`: OpenSSH's client takes the keys that we would take, and no others.

use std::process::{Output, Stdio};

use crate::bed::{APART, Sshd, keygen};

/// A command on the node, which the inventory knows as `server1` at `APART`, with these lines in its `known_hosts`.
fn shell(sshd: &Sshd, checking: &str, known: &str) -> Output {
    std::fs::write(sshd.path("known_hosts"), known).unwrap();
    let inventory = format!(
        "ssh: {{user: root, port: {}, identity_file: key, known_hosts: known_hosts, host_key_checking: {checking}}}\n\
         nodes:\n  controllers:\n    - {{hostname: server1, ip_address: {APART}}}\n",
        sshd.port
    );
    std::fs::write(sshd.path("inventory.yml"), inventory).unwrap();
    let mut bricklayer = sshd.beside(env!("CARGO_BIN_EXE_bricklayer"));
    bricklayer.arg("-i").arg(sshd.path("inventory.yml")).args(["ssh", "server1", "--", "echo in; exit 9"]);
    bricklayer.env_remove("SSH_AUTH_SOCK").env_remove("SSH_ASKPASS").stdin(Stdio::null()).output().unwrap()
}

#[track_caller]
fn lets_in(sshd: &Sshd, checking: &str, known: &str) {
    let out = shell(sshd, checking, known);
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert_eq!((out.status.code(), said.as_str()), (Some(9), "in\n"), "{}", String::from_utf8_lossy(&out.stderr));
}

#[track_caller]
fn refused(sshd: &Sshd, checking: &str, known: &str) {
    let out = shell(sshd, checking, known);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!((out.status.code(), out.stdout.as_slice()), (Some(255), &b""[..]), "{said}");
    assert!(said.contains("Host key verification failed"), "{said}");
    assert_eq!(std::fs::read_to_string(sshd.path("known_hosts")).unwrap(), known, "nothing is written");
}

#[test]
fn ssh_takes_the_keys_that_we_take() {
    let sshd = Sshd::apart();
    let (port, key) = (sshd.port, sshd.host_key("ed25519"));
    for kind in ["ed25519", "ecdsa"] {
        keygen(&sshd.path(kind), &["-t", kind]);
    }
    let other = |kind: &str| std::fs::read_to_string(sshd.path(&format!("{kind}.pub"))).unwrap();
    let at = |name: &str, key: &str| format!("[{name}]:{port} {}\n", key.trim_end());
    lets_in(&sshd, "strict", &at(APART, &key));
    lets_in(&sshd, "strict", &at("server1", &key));
    refused(&sshd, "strict", "");
    // A key that is known at another port is another server's.
    refused(&sshd, "strict", &format!("server1 {key}\n"));
    for name in [APART, "server1"] {
        refused(&sshd, "accept-new", &at(name, &other("ed25519")));
        // A key of another type is no new one either.
        refused(&sshd, "accept-new", &at(name, &other("ecdsa")));
    }
    lets_in(&sshd, "accept-new", "");
    let written = std::fs::read_to_string(sshd.path("known_hosts")).unwrap();
    assert_eq!(written.lines().count(), 1, "{written}");
    lets_in(&sshd, "strict", &written);

    lets_in(&sshd, "off", "");
    assert_eq!(std::fs::read_to_string(sshd.path("known_hosts")).unwrap(), "", "taken and forgotten");
    lets_in(&sshd, "off", &at("server1", &other("ed25519")));
}

#[test]
fn a_contradiction_is_said_before_anything_is_asked() {
    let sshd = Sshd::apart();
    keygen(&sshd.path("other"), &["-t", "ed25519"]);
    let other = std::fs::read_to_string(sshd.path("other.pub")).unwrap();
    let known = format!("[{APART}]:{0} {1}\n[server1]:{0} {other}", sshd.port, sshd.host_key("ed25519"));
    let out = shell(&sshd, "strict", &known);
    let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    assert!(out.status.code() == Some(4) && said.contains("known_hosts:1 and "), "{said}");
}
