//! Good inventories and what was read of them.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use bricklayer::inventory::{Become, Draft, HostKeyChecking, Inventory, Role, select};
use bricklayer::model::{Hop, Service};
use bricklayer::services::glusterfs::spec::{DedicatedBrick, PeerNames, Replica, Spec};

use super::{load, volumes};

const FOLDER: &str = "tests/fixtures/inventory/good";

fn good(name: &str) -> (Inventory, Spec) {
    let (inventory, spec) = load(&format!("{FOLDER}/{name}.yml")).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(inventory.warnings.list.is_empty(), "{}", inventory.warnings);
    (inventory, spec)
}

fn members(spec: &Spec) -> Vec<&str> {
    spec.members.iter().map(|member| member.peer_name.as_str()).collect()
}

fn is_the_manuals_example(inventory: &Inventory, spec: &Spec) {
    let [server1] = &inventory.nodes[..] else { panic!("{:?}", inventory.nodes) };
    assert_eq!(server1.name.as_str(), "server1");
    assert_eq!(server1.address, "192.168.1.101".parse::<IpAddr>().unwrap());
    assert_eq!((server1.role, server1.priority, server1.vip_owner), (Role::Controller, Some(100), true));
    let enabled: Vec<Service> = Service::ALL.into_iter().filter(|service| server1.enables(*service)).collect();
    assert_eq!(
        enabled,
        Service::ALL.into_iter().filter(|service| *service != Service::GlusterfsClient).collect::<Vec<_>>()
    );
    assert_eq!((server1.ssh.user.as_ref(), server1.ssh.port), (None, None));
    assert_eq!(server1.ssh.become_root, Become::Auto);
    assert_eq!(server1.ssh.connect_timeout, None);
    assert_eq!(spec.volume, "shared_data");
    assert_eq!((spec.replica, spec.arbiter), (Replica::Auto, 0));
    assert_eq!((spec.brick_path.as_str(), spec.mount_point.as_str()), ("/data/glusterfs/shared", "/mnt/gluster"));
    assert_eq!((spec.dedicated_brick, spec.peer_names), (DedicatedBrick::Warn, PeerNames::Ip));
    assert_eq!(members(spec), ["192.168.1.101"]);
    assert_eq!(spec.options["cluster.self-heal-daemon"], "on");
    assert_eq!(spec.options["network.ping-timeout"], "10");
    assert_eq!(spec.options["performance.cache-size"], "256MB");
    assert_eq!(spec.directories, ["frontend_builds", "slurm/state", "slurm/logs", "slurm/spool", "uploads", "config"]);
}

#[test]
fn the_manuals_yaml_loads_as_it_stands() {
    let (inventory, spec) = good("manual");
    is_the_manuals_example(&inventory, &spec);
}

#[test]
fn the_example_is_the_manuals() {
    let (inventory, spec) = load("inventory/example.yml").unwrap();
    is_the_manuals_example(&inventory, &spec);
}

#[test]
fn what_the_example_has_commented_out_can_be_written() {
    let text = std::fs::read_to_string("inventory/example.yml").unwrap();
    let uncommented: String = text
        .lines()
        .map(|line| {
            let blank = line.len() - line.trim_start().len();
            match line[blank..].strip_prefix('#') {
                Some(rest) if !rest.starts_with(' ') && !rest.is_empty() => format!("{}{rest}\n", &line[..blank]),
                _ => format!("{line}\n"),
            }
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("example.yml");
    std::fs::write(&path, uncommented).unwrap();
    let (inventory, spec) = load(path.to_str().unwrap()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(inventory.nodes.len(), 4);
    assert_eq!(members(&spec), ["192.168.1.101", "192.168.1.102", "192.168.1.103"]);
    assert_eq!(spec.clients.len(), 1);
    assert_eq!(inventory.nodes[3].ssh.user.as_deref(), Some("root"));
    assert!(inventory.section(&["keepalived", "vip"]).is_some());
}

#[test]
fn the_interface_pages_yaml_loads() {
    let (inventory, spec) = good("interface");
    assert_eq!(inventory.nodes.len(), 2);
    assert_eq!(inventory.nodes[1].role, Role::Compute);
    assert_eq!(spec.clients.iter().map(|client| client.node.to_string()).collect::<Vec<_>>(), ["node1"]);
}

#[test]
fn several_volumes_are_a_list() {
    let path = format!("{FOLDER}/volumes.yml");
    let (_, specs) = volumes(Draft::read(path.as_ref())).unwrap_or_else(|problems| panic!("{problems}"));
    let [shared, photos] = &specs[..] else { panic!("{specs:?}") };
    assert_eq!((shared.volume.as_str(), photos.volume.as_str()), ("shared_data", "photos"));
    assert_eq!((&shared.others[..], &photos.others[..]), (&["photos".to_owned()][..], &["shared_data".to_owned()][..]));
    assert_eq!((shared.directories.len(), photos.directories.len()), (6, 0), "the manual's folders are in the first");
    assert_eq!((shared.options.len(), photos.options.len()), (3, 0));
    assert_eq!((shared.replica, photos.replica), (Replica::Auto, Replica::Fixed(3)));
    assert_eq!(shared.members, photos.members);
}

#[test]
fn line_ends_and_marks_of_other_systems_are_fine() {
    for name in ["crlf", "bom", "commented_out"] {
        let (inventory, spec) = good(name);
        assert_eq!(inventory.nodes[0].name.as_str(), "server1", "{name}");
        assert_eq!(members(&spec), ["192.168.1.101"], "{name}");
    }
    let (_, spec) = good("commented_out");
    assert!(spec.options.is_empty(), "an empty map was written");
    assert!(spec.directories.is_empty(), "an empty list was written");
}

#[test]
fn truths_are_read_as_the_manuals_users_write_them() {
    let (inventory, _) = good("booleans");
    assert_eq!(inventory.nodes.len(), 7);
    for node in &inventory.nodes {
        assert_eq!(node.services.get(&Service::Glusterfs), Some(&true), "{}", node.name);
        assert_eq!(node.services.get(&Service::Redis), Some(&false), "{}", node.name);
    }
    assert_eq!(inventory.enabled(Service::Glusterfs).count(), 7);
    assert_eq!(inventory.enabled(Service::Redis).count(), 0);
    assert_eq!(inventory.enabled(Service::Slurm).count(), 0);
}

#[test]
fn ipv6_is_read_and_mapped_ipv4_is_ipv4() {
    let (inventory, spec) = good("ipv6");
    let addresses: Vec<String> = inventory.nodes.iter().map(|node| node.address.to_string()).collect();
    assert_eq!(addresses, ["2001:db8::1", "fd00::2", "192.168.1.103"]);
    assert_eq!(members(&spec), addresses);
}

#[test]
fn flow_style_is_the_same_file() {
    let (inventory, spec) = good("flow");
    assert_eq!(inventory.nodes.len(), 2);
    assert_eq!((spec.volume.as_str(), spec.replica), ("flow", Replica::Fixed(2)));
}

#[test]
fn anchors_and_merge_keys_fill_in_what_is_not_written() {
    let (inventory, spec) = good("anchors");
    let [one, two, three] = &inventory.nodes[..] else { panic!("{:?}", inventory.nodes) };
    assert_eq!([one.priority, two.priority, three.priority], [Some(100), None, Some(50)]);
    assert_eq!([one.ssh.port, two.ssh.port, three.ssh.port], [Some(2222); 3]);
    assert_eq!([one, two, three].map(|node| node.enables(Service::Redis)), [true, false, true]);
    assert_eq!([one, two, three].map(|node| node.enables(Service::Mariadb)), [false, true, false]);
    assert_eq!([one, two, three].map(|node| node.vip_owner), [false, false, true]);
    assert_eq!(members(&spec), ["192.168.1.101", "192.168.1.103", "192.168.1.102"]);
}

#[test]
fn a_nodes_own_ssh_wins_key_by_key() {
    let (inventory, _) = good("ssh");
    let [one, two] = &inventory.nodes[..] else { panic!("{:?}", inventory.nodes) };
    let home = std::env::home_dir().unwrap();
    let beside = std::path::absolute(FOLDER).unwrap();
    assert_eq!(one.ssh.user.as_deref(), Some("admin"));
    assert_eq!(one.ssh.identity_file, Some(home.join(".ssh/id_ed25519")));
    assert_eq!(one.ssh.known_hosts, Some(beside.join("keys/known_hosts")));
    assert_eq!(one.ssh.become_root, Become::Sudo);
    assert_eq!(one.ssh.host_key_checking, Some(HostKeyChecking::Off));
    assert_eq!(one.ssh.connect_timeout, Some(Duration::from_millis(500)));
    let hop = Hop { user: Some("admin".to_owned()), host: "bastion".to_owned(), port: Some(22) };
    assert_eq!(one.ssh.jump.as_deref(), Some(&[hop][..]));
    assert_eq!(two.ssh.user.as_deref(), Some("root"));
    assert_eq!(two.ssh.port, Some(2222));
    assert_eq!(two.ssh.identity_file, Some(PathBuf::from("/etc/keys/server2")));
    assert_eq!(two.ssh.known_hosts, one.ssh.known_hosts);
    assert_eq!(two.ssh.become_root, Become::None);
    assert_eq!(two.ssh.host_key_checking, Some(HostKeyChecking::AcceptNew));
    assert_eq!(two.ssh.connect_timeout, Some(Duration::from_secs(120)));
}

#[test]
fn the_glusterfs_section_is_read_and_cleaned() {
    let (_, spec) = good("glusterfs");
    assert_eq!(spec.volume, "web-data_2");
    assert_eq!(spec.replica, Replica::Fixed(2));
    assert_eq!((spec.brick_path.as_str(), spec.mount_point.as_str()), ("/bricks/b1/data", "/srv/web"));
    assert_eq!(spec.brick_device.as_deref(), Some("/dev/disk/by-path/pci-0000:00:05.0"));
    assert_eq!(spec.brick_parent(), "/bricks/b1");
    assert_eq!(spec.dedicated_brick, DedicatedBrick::Required);
    assert_eq!(spec.options.len(), 4);
    assert_eq!((&*spec.options["nfs.disable"], &*spec.options["auth.allow"]), ("yes", "10.0.*"));
    assert_eq!(spec.directories, ["a", "b/c"]);
    assert_eq!(members(&spec), ["zeta", "mid", "alpha", "beta"], "priority first, then the name");
    assert_eq!(spec.clients.iter().map(|client| client.node.to_string()).collect::<Vec<_>>(), ["node1", "other"]);
}

#[test]
fn nodes_are_selected_by_names_numbers_services_and_roles() {
    let (inventory, _) = good("selection");
    let all = "alpha,db,node08,node09,node10,server1,server2,server3";
    for (selection, wanted) in [
        ("server1", "server1"),
        ("server[1-2]", "server1,server2"),
        ("server[1,3]", "server1,server3"),
        ("node[08-10]", "node08,node09,node10"),
        ("node*,!node09", "node08,node10"),
        ("server?", "server1,server2,server3"),
        ("@all", all),
        ("!@compute_nodes,!db", "alpha,server1,server2,server3"),
        ("@redis", "db,server2"),
        ("@glusterfs,!server[2-3]", "server1"),
        (" server1 , alpha ", "alpha,server1"),
    ] {
        let chosen = select(&inventory, selection).unwrap_or_else(|error| panic!("{selection}: {error}"));
        let chosen: Vec<_> = chosen.iter().map(ToString::to_string).collect();
        assert_eq!(chosen.join(","), wanted, "{selection}");
    }
    for (selection, says) in [
        ("sever1", "there is no node `sever1` in"),
        ("sever1", "did you mean `server1`?"),
        ("server[1-4]", "there is no node `server4`"),
        ("server[3-1]", "`[3-1]` in `server[3-1]` is not like `[1-3,7]`"),
        ("server[1-x]", "is not like"),
        ("server[1", "the brackets of `server[1` do not match"),
        ("a]", "do not match"),
        ("server1,,alpha", "has an empty term"),
        ("", "has an empty term"),
        ("server1,!server1", "leaves no node"),
        ("@redsi", "did you mean `@redis`?"),
        ("@slurm", "no node is in `@slurm`"),
        ("server[0-99999999]", "is not like"),
    ] {
        let error = select(&inventory, selection).unwrap_err();
        assert!(error.contains(says), "{selection}: {error}");
    }
}
