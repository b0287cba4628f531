//! A cluster of two, and a third node that is not as it should be.

use std::time::Duration;

use crate::harness::{Lab, eventually};
use crate::trouble::{GLUSTER, has};

/// Two nodes with data, made without the third; and what is said on the way there.
fn pair() -> Lab {
    let lab = Lab::up("eb-join", 3, GLUSTER);
    let said = lab.expect(5, &["up", "--join", "--yes"]);
    has(&said, &["refused: there is no cluster to join: no node has volume `shared_data`"]);
    lab.kill(3);
    lab.untouched(2, "a refused bring-up", || {
        for args in [&["up", "--yes"][..], &["up", "--bootstrap", "--yes"]] {
            let said = lab.expect(5, args);
            has(&said, &["server3: cannot be looked at: 10.77.0.103:22 does not answer: "]);
            has(
                &said,
                &["server3: refused: no new cluster while it cannot be looked at", "`up --bootstrap --absent server3`"],
            );
        }
        let said = lab.expect(5, &["up", "--bootstrap", "--absent", "server2", "--yes"]);
        has(&said, &["server2: refused: `--absent` names it, and it answers"]);
    });
    lab.expect(0, &["up", "--bootstrap", "--absent", "server3", "--yes"]);
    lab.ssh(1, "echo written by two >/mnt/gluster/uploads/file");
    // The cluster is there; what is missing is a node that cannot be asked.
    has(&lab.expect(4, &["up", "--yes"]), &["nothing to do"]);
    lab.boot(3);
    lab
}

fn joined(lab: &Lab) {
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
    assert_eq!(lab.ssh(3, "cat /mnt/gluster/uploads/file"), "written by two\n");
    lab.same_bricks(&[1, 2, 3]);
}

const REMOVE: [&str; 2] = [
    "gluster --mode=script volume remove-brick shared_data replica 2 10.77.0.103:/data/glusterfs/shared force",
    "gluster --mode=script peer detach 10.77.0.103",
];

/// A command of an admin, typed again while glusterd has another transaction.
fn typed(lab: &Lab, command: &str) {
    eventually(Duration::from_secs(30), command, || lab.holds(1, command));
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn who_joins_late_cloned_detached_or_reinstalled_is_refused_or_mended_and_then_joins() {
    let lab = pair();
    cloned_with_a_trace(&lab);
    detached_while_down(&lab);
    reinstalled(&lab);
    let said = lab.expect(5, &["up", "--bootstrap", "--yes"]);
    has(&said, &["refused: `--bootstrap` would make a second cluster: volume `shared_data` is there already"]);
    lab.settled();
}

/// The UUID of a settled member, the mark of a failed create on the brick, and something in the mount point: all of
/// that is mended on the way.
fn cloned_with_a_trace(lab: &Lab) {
    let info = lab.ssh(1, "cat /var/lib/glusterd/glusterd.info");
    lab.ssh(3, &format!("printf '%s' '{info}' >/var/lib/glusterd/glusterd.info"));
    lab.ssh(
        3,
        "b=/data/glusterfs/shared; mkdir -p $b/.glusterfs/indices && \
         setfattr -n trusted.glusterfs.volume-id -v 0x0123456789abcdef0123456789abcdef $b",
    );
    let said = lab.expect(10, &["plan", "--exit-code"]);
    has(&said, &["it has the same glusterd UUID as server1", "a create or add-brick failed before"]);
    joined(lab);
    let own = lab.ssh(3, "cat /var/lib/glusterd/glusterd.info");
    assert_ne!(own, info, "a UUID of its own");
}

/// Facts 4.6 and 4.3: its configuration must not come back, nor its data.
fn detached_while_down(lab: &Lab) {
    lab.ssh(3, "systemctl stop glusterd gluster-mount-shared_data && umount -l /mnt/gluster || :");
    typed(lab, REMOVE[0]);
    typed(lab, REMOVE[1]);
    lab.ssh(3, "systemctl start glusterd");
    lab.ssh(1, "echo written by two >/mnt/gluster/uploads/file && rm -f /mnt/gluster/config/old");
    let said = lab.expect(5, &["up", "--yes"]);
    has(
        &said,
        &[
            "server3: refused: it believes to be in the pool, and the pool does not know it",
            "detached while it was down",
        ],
    );
    lab.ssh(3, "systemctl stop glusterd; cd /var/lib/glusterd && rm -rf peers.old vols.old && mv peers peers.old && mv vols vols.old; systemctl start glusterd");
    let said = lab.expect(5, &["up", "--yes"]);
    has(
        &said,
        &[
            "server3: refused: `/data/glusterfs/shared` was, and is no longer, a brick of volume `shared_data` and holds",
        ],
    );
    let remedy = "mv /data/glusterfs/shared /data/glusterfs/shared.old";
    has(&said, &[remedy]);
    lab.ssh(3, remedy);
    joined(lab);
}

/// The remedy is typed as it is printed.
fn reinstalled(lab: &Lab) {
    lab.reset(&[3]);
    let said = lab.expect(5, &["up", "--yes"]);
    has(
        &said,
        &["server3: refused: the pool has it as a member, but it has lost its configuration: it was reinstalled"],
    );
    let remedy = said.split('`').find_map(|words| words.strip_prefix("bricklayer ")).unwrap();
    let words: Vec<_> = remedy.split(' ').chain(["--yes"]).collect();
    lab.expect(0, &words);
    joined(lab);
}

#[test]
#[ignore = "needs root and the lab, for a minute: make soak"]
fn soak_a_joiner_that_drops_packets_or_has_a_cluster_of_its_own_harms_nobody() {
    let lab = Lab::up("eb-drop", 3, GLUSTER);
    lab.inventory(2);
    lab.expect(0, &["up", "--yes"]);
    lab.ssh(1, "echo written by two >/mnt/gluster/uploads/file");
    lab.inventory(3);

    // A rule by hand, which no firewall that we know of shows.
    lab.ssh(3, "apt-get update -qq && apt-get install -qq -y nftables >/dev/null 2>&1");
    lab.ssh(3, "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; add rule inet t in tcp dport 24007 drop'");
    let pool = lab.ssh(1, "gluster pool list");
    let said = lab.expect(1, &["up", "--yes"]);
    has(
        &said,
        &[
            "step `ports` of glusterfs/reach failed",
            "no answer from port 24007 of 10.77.0.103",
            "no firewall on them or between drops 24007/tcp",
        ],
    );
    assert_eq!(lab.ssh(1, "gluster pool list"), pool, "the pool is as it was");
    lab.ssh(3, "nft flush ruleset");
    joined(&lab);

    lab.reset(&[3]);
    typed(&lab, REMOVE[0]);
    typed(&lab, REMOVE[1]);
    lab.ssh(3, "systemctl start glusterd && mkdir -p /data/other && gluster --mode=script volume create other 10.77.0.103:/data/other/b && gluster volume start other");
    let said = lab.expect(5, &["up", "--yes"]);
    has(&said, &["server3 belongs to another cluster than the other nodes", "two clusters are never merged"]);
    lab.ssh(3, "gluster --mode=script volume stop other && gluster --mode=script volume delete other");
    joined(&lab);
}
