use std::path::Path;

use super::*;

fn read(text: &str) -> Inventory {
    Draft::of_text(Path::new("i.yml"), text).finish().unwrap_or_else(|problems| panic!("{problems}"))
}

// The lines that were added, and that nothing else was.
#[track_caller]
fn adds(text: &str, name: &str, address: &str, added: &str) {
    let edited =
        read(text).with_controller(&NodeName::new(name), address.parse().unwrap(), Service::Glusterfs).unwrap();
    let new = &*edited.source.text;
    let at = new.find(added).unwrap_or_else(|| panic!("{new}"));
    assert_eq!([&new[..at], &new[at + added.len()..]].concat(), text, "{new}");
}

#[test]
fn a_controller_is_added_in_the_layout_of_the_last_one() {
    let block = "nodes:\n  controllers:\n    # the first\n    - hostname: server1   # old\n      ip_address: 10.0.0.1\n      \
                 services:\n        glusterfs: true  # yes\n        mariadb: true\n      priority: 1 # last\n\n    # more to come\n  \
                 compute_nodes: []\nx-note: {a: 1}\n";
    adds(
        block,
        "server2",
        "10.0.0.2",
        "    - hostname: server2\n      ip_address: 10.0.0.2\n      services:\n        glusterfs: true\n",
    );
    let wide = block.replace("    - hostname", "    -   hostname").replace("\n      ", "\n        ");
    adds(
        &wide,
        "server2",
        "10.0.0.2",
        "    -   hostname: server2\n        ip_address: 10.0.0.2\n        services:\n          glusterfs: true\n",
    );
    let flow = "nodes:\n  controllers:\n  - {hostname: server1, ip_address: 10.0.0.1, services: {glusterfs: true}} # }\n\
                storage: {glusterfs: {volume_name: gv0}}\n";
    adds(flow, "server2", "fd00::2", "  - {hostname: server2, ip_address: 'fd00::2', services: {glusterfs: true}}\n");
    let long = "nodes:\n  controllers:\n    - {\n        hostname: server1, # it's {one}\n        ip_address: '10.0.0.1',\n        \
                services: {glusterfs: true}\n      }\n";
    adds(long, "no", "10.0.0.2", "    - {hostname: 'no', ip_address: 10.0.0.2, services: {glusterfs: true}}\n");
    let list = "nodes: {controllers: [{hostname: server1, ip_address: 10.0.0.1, services: {glusterfs: true}}]}\n";
    adds(list, "server2", "10.0.0.2", ", {hostname: server2, ip_address: 10.0.0.2, services: {glusterfs: true}}");
}

#[test]
fn ends_of_lines_and_of_the_file_stay_as_they_are() {
    let text = "nodes:\r\n  controllers:\r\n  - {hostname: a, ip_address: 10.0.0.1, services: {glusterfs: on}}\r\n";
    adds(text, "b", "10.0.0.2", "  - {hostname: b, ip_address: 10.0.0.2, services: {glusterfs: true}}\r\n");
    let text = "nodes:\n  controllers:\n  - hostname: a\n    ip_address: 10.0.0.1\n    services: {glusterfs: on}";
    adds(text, "b", "10.0.0.2", "\n  - hostname: b\n    ip_address: 10.0.0.2\n    services:\n      glusterfs: true\n");
}

#[test]
fn what_was_wrong_already_or_is_wrong_then_is_said() {
    let text = "nodes:\n  controllers:\n  - {hostname: a, ip_address: 10.0.0.1, services: {glusterfs: true}}\n";
    let again = read(text).with_controller(&NodeName::new("b"), "10.0.0.1".parse().unwrap(), Service::Glusterfs);
    assert!(matches!(again, Err(EditError::Wrong(problems)) if problems.to_string().contains("10.0.0.1")));
    // An entry that is written elsewhere has no layout here.
    let alias = "x-one: &one {hostname: a, ip_address: 10.0.0.1, services: {glusterfs: true}}\nnodes:\n  controllers:\n  - *one\n";
    let added = read(alias).with_controller(&NodeName::new("b"), "10.0.0.2".parse().unwrap(), Service::Glusterfs);
    let Err(EditError::ByHand(what)) = added else { panic!("{added:?}") };
    assert_eq!(
        what,
        "add `- {hostname: b, ip_address: 10.0.0.2, services: {glusterfs: true}}` to the `controllers` in i.yml"
    );
}

#[track_caller]
fn switches(text: &str, on: bool, becomes: &str) {
    let edited = read(text).with_service(&NodeName::new("B"), Service::Glusterfs, on).unwrap();
    assert_eq!(&*edited.source.text, becomes);
}

#[test]
fn a_service_is_switched_where_it_is_written_or_beside_the_others() {
    let with = |b: &str| {
        let a = "{hostname: a, ip_address: 10.0.0.1, services: {glusterfs: true}}";
        format!("nodes:\n  controllers:\n  - {a}\n  - {b}\n# end\n")
    };
    let flow = |services: &str| with(&format!("{{hostname: B, ip_address: 10.0.0.2{services}}}"));
    switches(&flow(", services: {glusterfs: no, web: true}"), true, &flow(", services: {glusterfs: true, web: true}"));
    switches(&flow(", services: {glusterfs: true}"), false, &flow(", services: {glusterfs: false}"));
    switches(&flow(", services: {web: true}"), true, &flow(", services: {web: true, glusterfs: true}"));
    switches(&flow(""), true, &flow(", services: {glusterfs: true}"));
    let block =
        |services: &str| with(&format!("hostname: B\n    ip_address: 10.0.0.2 # two\n{services}    priority: 7"));
    switches(
        &block("    services:\n      web: true # w\n"),
        true,
        &block("    services:\n      web: true # w\n      glusterfs: true\n"),
    );
    let after = block("").replace("priority: 7\n", "priority: 7\n    services: {glusterfs: true}\n");
    switches(&block(""), true, &after);
}
