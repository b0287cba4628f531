use std::fs;
use std::path::PathBuf;

use super::*;
use crate::inventory::{Draft, Places};
use crate::model::NodeName;
use crate::yaml::Source;

fn inventory(ssh: &str) -> Inventory {
    let text = format!(
        "nodes:\n  controllers:\n    - {{hostname: server1, ip_address: 10.0.0.1, ssh: {{{ssh}}}}}\n    \
         - {{hostname: server2, ip_address: 10.0.0.2}}\n    - {{hostname: v6, ip_address: 'fd00::1'}}\n"
    );
    let places = Places { beside: PathBuf::from("/inventory"), home: Some(PathBuf::from("/home/me")) };
    let draft = Draft::of(&PathBuf::from("i.yml"), Source::new("i.yml", &text), &places);
    draft.finish().unwrap_or_else(|problems| panic!("{problems}"))
}

fn told(ssh: &str, target: impl FnOnce(&mut Target), alias: Option<&str>, accept_new: bool) -> String {
    let inventory = inventory(ssh);
    let mut reached = Target::new(NodeName::new("server1"), "10.0.0.1", "me");
    target(&mut reached);
    let options = options(&inventory.nodes[0], &reached, alias, accept_new);
    options.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn plain(ssh: &str) -> String {
    told(ssh, |_| (), None, false)
}

#[test]
fn what_the_inventory_says_is_said_and_nothing_else() {
    for (ssh, options) in [
        ("", "-o HostName=10.0.0.1"),
        ("user: deploy, port: 2222", "-o HostName=10.0.0.1 -l deploy -p 2222"),
        ("jump: none", "-o HostName=10.0.0.1 -o ProxyJump=none"),
        ("jump: 'a@b:22,[fe80::1]:23,fe80::2'", "-o HostName=10.0.0.1 -o ProxyJump=a@b:22,[fe80::1]:23,[fe80::2]"),
        (
            "identity_file: 'my \"key\" 100%'",
            r#"-o HostName=10.0.0.1 -o IdentityFile="/inventory/my \"key\" 100%%" -o IdentitiesOnly=no"#,
        ),
        (
            "known_hosts: ~/known",
            r#"-o HostName=10.0.0.1 -o UserKnownHostsFile="/home/me/known" -o GlobalKnownHostsFile=/dev/null"#,
        ),
        ("connect_timeout: 1500ms", "-o HostName=10.0.0.1 -o ConnectTimeout=2"),
    ] {
        assert_eq!(plain(ssh), options, "{ssh}");
    }
    // Where ssh_config says another place, `ssh` reads that itself.
    assert_eq!(told("", |target| target.host = "web.example".to_owned(), None, false), "");
}

#[test]
fn keys_are_judged_as_we_do() {
    let known = Some("[server1]:2222");
    let policy = |policy| move |target: &mut Target| target.host_key_checking = policy;
    for (ssh, checking, options) in [
        ("host_key_checking: accept-new", transport::HostKeyChecking::AcceptNew, "StrictHostKeyChecking=accept-new"),
        ("host_key_checking: ask", transport::HostKeyChecking::Ask, "StrictHostKeyChecking=ask"),
        ("host_key_checking: strict", transport::HostKeyChecking::Strict, "StrictHostKeyChecking=yes"),
    ] {
        let said = told(ssh, policy(checking), None, false);
        assert_eq!(said, ["-o HostName=10.0.0.1 -o ", options].concat());
        let said = told(ssh, policy(checking), known, false);
        let alias = "-o HostName=10.0.0.1 -o HostKeyAlias=[server1]:2222 -o ";
        assert_eq!(said, [alias, options].concat());
    }
    let said = told("", policy(transport::HostKeyChecking::AcceptNew), None, true);
    assert_eq!(said, "-o HostName=10.0.0.1 -o StrictHostKeyChecking=accept-new");
    let off = |target: &mut Target| {
        target.host_key_checking = transport::HostKeyChecking::Off;
        target.known_hosts = vec![PathBuf::from("/a b"), PathBuf::from("/c")];
    };
    let said = told("host_key_checking: off", off, None, true);
    let files = r#"-o UserKnownHostsFile=/dev/null "/a b" "/c" -o StrictHostKeyChecking=no"#;
    assert_eq!(said, ["-o HostName=10.0.0.1 ", files].concat());
    assert_eq!(told("", off, known, false), "-o HostName=10.0.0.1 -o HostKeyAlias=[server1]:2222");
}

#[test]
fn a_node_is_found_by_name_and_address_and_the_nearest_is_named() {
    let inventory = inventory("");
    for (word, name) in [
        ("server2", "server2"),
        ("SERVER2", "server2"),
        ("10.0.0.2", "server2"),
        ("::ffff:10.0.0.2", "server2"),
        ("fd00:0::1", "v6"),
    ] {
        assert_eq!(find(&inventory, word).unwrap().name.as_str(), name, "{word}");
    }
    let near = |word: &str| find(&inventory, word).err().unwrap();
    assert_eq!(near("servr2"), "there is no node `servr2` in `i.yml`; did you mean `server2`?");
    assert_eq!(near("nothing"), "there is no node `nothing` in `i.yml`");
}

// What we say is what OpenSSH understands: its own parser is asked, and connects to nothing.
#[test]
fn ssh_reads_the_options_as_they_are_meant() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let text = "Host *\n  ProxyCommand false\n  User other\n  HostName elsewhere\n  IdentitiesOnly yes\n  \
                StrictHostKeyChecking no\n  ConnectTimeout 90\n";
    fs::write(&config, text).unwrap();
    let ssh = "user: deploy, port: 2222, identity_file: 'my \"key\" 100%', jump: 'a@b:24,[fe80::1]:23', \
               known_hosts: /k h, host_key_checking: strict, connect_timeout: 3s";
    let inventory = inventory(ssh);
    let mut target = Target::new(NodeName::new("server1"), "10.0.0.1", "me");
    target.host_key_checking = transport::HostKeyChecking::Strict;
    let options = options(&inventory.nodes[0], &target, Some("[server1]:2222"), false);
    let out =
        Command::new("ssh").arg("-G").arg("-F").arg(config).args(options).args(["--", "server1"]).output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    for line in [
        "hostname 10.0.0.1",
        "user deploy",
        "port 2222",
        "identitiesonly no",
        "proxyjump a@b:24,[fe80::1]:23",
        "hostkeyalias [server1]:2222",
        "stricthostkeychecking true",
        "connecttimeout 3",
        "userknownhostsfile /k h",
        "globalknownhostsfile /dev/null",
    ] {
        assert!(said.lines().any(|said| said == line), "no `{line}` in\n{said}");
    }
    assert!(said.contains("identityfile /inventory/my \"key\" 100%"), "{said}");
    assert!(!said.contains("proxycommand"), "{said}");
}
