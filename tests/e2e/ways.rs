//! Nodes that are reached as `~/.ssh/config` says.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::harness::Lab;
use crate::trouble::GLUSTER;

/// The program with a home of its own, in which this is `~/.ssh/config`.
fn at_home(lab: &Lab, config: &str, args: &[&str]) -> Command {
    let home = lab.folder.join("home");
    fs::create_dir_all(home.join(".ssh")).unwrap();
    fs::write(home.join(".ssh/config"), config).unwrap();
    let mut command = lab.program(args);
    command.env("HOME", home).env_remove("SSH_AUTH_SOCK");
    command
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_node_behind_another_is_reached_with_nothing_but_ssh_config() {
    let lab = Lab::up("eb-ways", 2, GLUSTER);
    let text = lab.inventory(2);
    let (ssh, rest) = text.split_once("storage:").unwrap();
    lab.write_inventory(&format!("storage:{rest}"));
    let value = |key: &str| ssh.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap().trim().to_owned();
    let config = format!(
        "Host bastion\n  HostName 10.77.0.101\nHost server2\n  ProxyJump bastion\nHost *\n  User root\n  \
         IdentityFile {}\n  UserKnownHostsFile {}\n",
        value("identity_file:"),
        value("known_hosts:"),
    );
    let out = at_home(&lab, &config, &["up", "--yes"]).output().unwrap();
    assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    let logins = lab.ssh(2, "journalctl -q -u ssh -o cat | grep 'Accepted publickey'");
    assert!(logins.contains("from 10.77.0.101 "), "{logins}");

    // OpenSSH looks for its file in the home that passwd(5) names, so it is told which one it is.
    let file = lab.folder.join("home/.ssh/config");
    let args = ["-F", file.to_str().unwrap(), "ssh", "server2", "--", "echo ${SSH_CLIENT%% *}; exit 9"];
    let out = at_home(&lab, &config, &args).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), "10.77.0.101\n", "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(out.status.code(), Some(9));

    let key = lab.folder.join("key");
    fs::copy(value("identity_file:"), &key).unwrap();
    let locked = Command::new("ssh-keygen").args(["-q", "-p", "-P", "", "-N", "open sesame", "-f"]).arg(&key).output();
    assert!(locked.unwrap().status.success());
    let (asked, program) = (lab.folder.join("asked"), lab.folder.join("askpass"));
    fs::write(&program, format!("#!/bin/sh\necho \"$1\" >>{}\necho 'open sesame'\n", asked.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let config = config.replace(&value("identity_file:"), &key.to_string_lossy());
    let out = at_home(&lab, &config, &["plan", "--exit-code"]).env("SSH_ASKPASS", &program).output().unwrap();
    assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert_eq!(fs::read_to_string(&asked).unwrap(), format!("Passphrase of {}\n", key.display()), "asked once");

    let out = at_home(&lab, "Host server2\n  Usr root\n  ProxyJump server1:many\n", &["plan"]).output().unwrap();
    assert_eq!(out.status.code(), Some(4));
    let said = [&out.stderr[..], &out.stdout[..]].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains(".ssh/config:2: `usr` is not known here"), "{said}");
    assert!(said.contains("ssh_config says of `server2` what makes no sense: `ProxyJump server1:many`"), "{said}");
}
