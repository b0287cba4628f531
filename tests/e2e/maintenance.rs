//! Nodes out of service and back, one at a time, while clients write.

use std::thread::scope;

use crate::harness::Lab;
use crate::killed::kill;
use crate::writer::Writer;

// Packages with a higher version, from the ones that the node's source has; and that source before the other.
const NEWER: &str = r#"set -e
mkdir -p /srv/newer && cd /srv/newer
for deb in /srv/lab-repo/gluster*.deb /srv/lab-repo/libg*.deb; do
  [ "$(dpkg-deb -f "$deb" Source)" = glusterfs ] || [ "$(dpkg-deb -f "$deb" Package)" = glusterfs ] || continue
  dpkg-deb -R "$deb" x
  was=$(dpkg-deb -f "$deb" Version)
  sed -i "s/^Version: .*/&+newer1/; s/= $was)/= $was+newer1)/g" x/DEBIAN/control
  dpkg-deb -Znone -b x "${deb##*/}" >/dev/null
  rm -rf x
done
for deb in *.deb; do
  dpkg-deb -f "$deb"
  printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum <"$deb" | cut -c 1-64)"
done >Packages
echo 'deb [trusted=yes] file:/srv/newer ./' >/etc/apt/sources.list.d/newer.list"#;

// What glusterd would have stored if it had been made by an older one.
const OLDER: &str =
    r"printf 'UUID=%s\noperating-version=90000\n' $(cat /proc/sys/kernel/random/uuid) >/var/lib/glusterd/glusterd.info";
const OP_VERSION: &str = "gluster --mode=script volume get all cluster.op-version";

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn nodes_take_turns_while_a_writer_goes_on() {
    let lab = Lab::up("ef-turns", 3, "debian12-gluster");
    lab.inventory(3);
    on_all(&lab, OLDER);
    lab.expect(0, &["up", "--yes"]);
    lab.settled();
    assert!(
        lab.ssh(1, OP_VERSION).contains(" 90000"),
        "it begins as after an upgrade from a version that could do less"
    );
    let writer = Writer::start(&lab, 1);
    out_and_back(&lab);

    on_all(&lab, NEWER);
    lab.expect(0, &["upgrade", "--dry-run"]);
    // Killed in the middle: that node is out, and the next run takes it back first of all.
    kill(&lab, &["upgrade", "--yes"], ("glusterfs/upgrade", "packages", "server1"));
    assert!(lab.expect(7, &["status"]).contains("maintenance"));
    let told = lab.tell(&["upgrade", "--yes"]).expect(0);
    let turns = told.ended("changed");
    assert!(turns.contains("glusterfs/upgrade@server3") && turns.contains("glusterfs/op-version@server1"), "{turns:?}");
    assert!(lab.ssh(2, OP_VERSION).contains(" 100000"));
    for i in 1..=3 {
        let version = lab.ssh(i, "dpkg-query -W -f='${Version}' glusterfs-server; gluster --version | head -n 1");
        assert!(version.contains("+newer1"), "server{i}: {version}");
    }
    lab.expect(0, &["up", "--rolling-restart", "--yes"]);
    writer.stop(2);
    lab.healed(1, 3);
    lab.same_bricks(&[1, 2, 3]);
    lab.settled();
}

fn on_all(lab: &Lab, command: &str) {
    scope(|scope| {
        for node in 1..=3 {
            scope.spawn(move || lab.ssh(node, command));
        }
    });
}

fn out_and_back(lab: &Lab) {
    lab.expect(0, &["maintenance", "on", "server2", "--yes"]);
    assert!(!lab.holds(2, "pgrep -x glusterfsd || systemctl start glusterd"), "nothing starts it");
    let said = lab.expect(7, &["status"]);
    assert!(said.contains("maintenance 10.3") && said.contains("maintenance off server2"), "{said}");
    let said = lab.expect(5, &["up", "--yes"]);
    assert!(said.contains("server2: refused: it is out of service"), "{said}");
    let said = lab.expect(5, &["maintenance", "on", "10.77.0.103", "--yes"]);
    assert!(said.contains("was not seen to run"), "{said}");
    lab.expect(0, &["maintenance", "on", "server2", "--yes"]);
    lab.expect(0, &["maintenance", "off", "server2", "--yes"]);
    lab.healed(1, 3);
    lab.settled();
}
