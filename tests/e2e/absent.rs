//! Bootstrap and join, forced and not, with a node that does not answer.

use crate::harness::Lab;
use crate::trouble::GLUSTER;

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn no_new_cluster_while_a_node_is_silent_unless_it_is_named_absent_and_it_joins_later() {
    let lab = Lab::up("eb-absent", 3, GLUSTER);
    let before: Vec<_> = (1..=2).map(|node| lab.manifest(node)).collect();
    let said = lab.expect(5, &["up", "--join", "--yes"]);
    assert!(said.contains("`--join` needs a cluster to join, and no node has volume `shared_data`"), "{said}");

    lab.kill(3);
    for args in [&["up", "--yes"][..], &["up", "--bootstrap", "--yes"]] {
        let said = lab.expect(5, args);
        assert!(said.contains("server3: cannot be looked at: 10.77.0.103:22 does not answer: no route"), "{said}");
        assert!(said.contains("server3: refused: no new cluster while it cannot be looked at"), "{said}");
        assert!(said.contains("`up --bootstrap --absent server3`"), "names the way: {said}");
    }
    let said = lab.expect(5, &["up", "--bootstrap", "--absent", "server2", "--yes"]);
    assert!(said.contains("server2: refused: `--absent` names it, and it answers"), "{said}");
    for (node, before) in (1..=2).zip(before) {
        assert_eq!(lab.manifest(node), before, "server{node} was changed");
    }

    lab.expect(0, &["up", "--bootstrap", "--absent", "server3", "--yes"]);
    lab.ssh(1, "echo written by two >/mnt/gluster/uploads/file");
    // The cluster is there; what is missing is a node that cannot be asked.
    let said = lab.expect(4, &["up", "--yes"]);
    assert!(said.contains("nothing to do"), "{said}");

    lab.boot(3);
    lab.expect(0, &["up", "--yes"]);
    assert_eq!(lab.ssh(3, "cat /mnt/gluster/uploads/file"), "written by two\n");
    lab.same_bricks(&[1, 2, 3]);
    let said = lab.expect(5, &["up", "--bootstrap", "--yes"]);
    assert!(
        said.contains("`--bootstrap` would make a second cluster: volume `shared_data` is there already"),
        "{said}"
    );
    lab.settled();
}
