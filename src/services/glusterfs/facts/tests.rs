//! Answers captured from real nodes, and what they mean.

use crate::facts::{Answer, Answers, NodeLook, Probe, Section};
use crate::services::glusterfs::facts::{Asked, BrickHeal, NodeFacts, VolumeStatus, heal_info};

fn captured(output: &str) -> NodeFacts {
    let answers = Answers::read("@@mark", output).unwrap();
    NodeFacts::read(&NodeLook { host: crate::facts::HostFacts::read(&answers).unwrap(), answers })
}

#[test]
fn a_member_of_a_replica_3_volume() {
    let facts = captured(include_str!("../../../../tests/fixtures/glusterfs/settled-10.3.probe"));
    assert_eq!(facts.daemon.version.as_deref(), Some("10.3"));
    assert_eq!(facts.daemon.major(), Some("10"));
    assert!(facts.daemon.active && facts.daemon.enabled && facts.daemon.client && !facts.daemon.fresh());
    assert_eq!(facts.daemon.uuid.as_deref(), Some("af9c778a-d5f0-43a3-8878-e8219501f127"));
    let peers = facts.pool.answer().unwrap();
    assert_eq!(peers.iter().map(|peer| peer.names.join(" ")).collect::<Vec<_>>(), ["10.77.0.102", "10.77.0.103"]);
    assert_eq!(peers.iter().map(super::Peer::settled).collect::<Vec<_>>(), [true, false]);
    let volume = facts.volume("shared_data").unwrap();
    assert_eq!((volume.status, volume.replica, volume.sets(), volume.bricks.len()), (VolumeStatus::Started, 3, 1, 3));
    assert_eq!(volume.bricks[1].path, "/data/glusterfs/shared");
    assert_eq!(volume.option("nfs.disable"), Some("on"));
    assert_eq!(facts.brick.own_id("/data/glusterfs/shared"), Some(volume.id.as_str()));
    assert!(facts.brick.exists && !facts.brick.on_root && !facts.brick.empty_trace());
    assert!(facts.runs_brick("shared_data", "/data/glusterfs/shared"));
    assert!(!facts.runs_brick("shared", "/data/glusterfs/shared"));
    assert!(facts.mount.serves("shared_data") && !facts.mount.serves("data"));
    assert_eq!(facts.mount.directories, ["uploads"]);
}

#[test]
fn a_member_of_a_replica_3_volume_of_gluster_11() {
    let facts = captured(include_str!("../../../../tests/fixtures/glusterfs/settled-11.1.probe"));
    assert_eq!((facts.daemon.version.as_deref(), facts.daemon.major()), (Some("11.1"), Some("11")));
    let peers = facts.pool.answer().unwrap();
    assert_eq!(peers.iter().map(|peer| peer.names.join(" ")).collect::<Vec<_>>(), ["10.77.0.102", "10.77.0.103"]);
    assert!(peers.iter().all(super::Peer::settled));
    let volume = facts.volume("shared_data").unwrap();
    assert_eq!((volume.status, volume.replica, volume.sets(), volume.bricks.len()), (VolumeStatus::Started, 3, 1, 3));
    assert_eq!((volume.arbiter, volume.disperse, volume.option("network.ping-timeout")), (0, 0, Some("10")));
    assert!(volume.bricks.iter().any(|brick| Some(&brick.host) == facts.daemon.uuid.as_ref()));
    assert_eq!(facts.brick.own_id("/data/glusterfs/shared"), Some(volume.id.as_str()));
    assert!(facts.runs_brick("shared_data", "/data/glusterfs/shared"));
    assert!(facts.mount.serves("shared_data") && facts.mount.unit_enabled && facts.mount.fstab.len() == 1);
    assert!(facts.mount.unit.as_deref().is_some_and(|unit| unit.contains("ExecStart=")));
    assert_eq!(facts.mount.directories, ["uploads", "slurm/state"]);
}

#[test]
fn a_node_with_the_package_and_no_daemon_is_not_asked() {
    let facts = captured(include_str!("../../../../tests/fixtures/glusterfs/installed-10.3.probe"));
    assert_eq!(facts.daemon.version.as_deref(), Some("10.3"));
    assert!(!facts.daemon.active && !facts.daemon.enabled && facts.daemon.fresh());
    assert_eq!(facts.daemon.uuid, None);
    assert_eq!((facts.pool, facts.volumes), (Asked::Not, Asked::Not));
    assert!(!facts.brick.exists && facts.mount.mounted.is_none());
}

#[test]
fn a_brick_that_does_not_answer_is_unknown_not_healed() {
    let heals = heal_info(include_str!("../../../../tests/fixtures/glusterfs/heal-brick-down-10.3.xml")).unwrap();
    let down = BrickHeal { name: "10.77.0.103:/data/glusterfs/shared".to_owned(), connected: false, entries: None };
    assert_eq!(heals[2], down);
    assert!(heals[0].connected && heals[0].entries.is_some_and(|entries| entries > 0), "{heals:?}");
    let heals = heal_info(include_str!("../../../../tests/fixtures/glusterfs/heal-brick-down-11.1.xml")).unwrap();
    assert_eq!((heals[2].connected, heals[2].entries), (false, None));
    assert_eq!((heals[0].connected, heals[0].entries), (true, Some(4)));
}

const POOL: &str = "<?xml version=\"1.0\"?><cliOutput><opRet>0</opRet><peerStatus><peer><uuid>a</uuid><hostname>localhost</hostname>\
     <connected>1</connected></peer></peerStatus></cliOutput>\n";
const VOLUMES: &str = "<?xml version=\"1.0\"?><cliOutput><opRet>0</opRet><volInfo><volumes><count>0</count></volumes></volInfo></cliOutput>\n";

// What is made of the answer to the two questions that are asked in one session.
fn cluster(answer: Answer) -> NodeFacts {
    let answers = Answers::of([("glusterfs.cluster".to_owned(), answer)]);
    NodeFacts::read(&NodeLook { host: crate::facts::HostFacts::read(&answers).unwrap(), answers })
}

fn said(text: &str) -> NodeFacts {
    cluster(Answer { code: 0, text: text.to_owned(), stderr: String::new() })
}

// As gluster 10.3 prints it for a pool of one without a volume.
#[test]
fn two_answers_in_a_row_are_told_apart() {
    let facts = said(&[POOL, VOLUMES].concat());
    assert_eq!((facts.pool, facts.volumes), (Asked::Answer(Vec::new()), Asked::Answer(Vec::new())));
    let three = said(&[POOL, VOLUMES, VOLUMES].concat());
    assert!(matches!((three.pool, three.volumes), (Asked::Failed(_), Asked::Failed(_))));
}

// Text that gluster 10.3 printed, with `--xml` too: fact 1.4 and 9.4.
#[test]
fn what_is_not_xml_is_a_failure_and_never_an_empty_answer() {
    for text in [
        "Connection failed. Please check if gluster daemon is operational.\n",
        "Error : Request timed out\n",
        "",
        "<?xml version=\"1.0\"?><cliOutput><opRet>-1</opRet><opErrno>30800</opErrno><opErrstr>no</opErrstr></cliOutput>",
        "<?xml version=\"1.0\"?><cliOutput><opRet>0</opRet><peerStatus><peer>",
        "<?xml version=\"1.0\"?><cliOutput><opRet>0</opRet></cliOutput>",
    ] {
        for whole in [text.to_owned(), [text, text].concat(), [text, VOLUMES].concat()] {
            assert!(matches!(said(&whole).pool, Asked::Failed(_)), "{whole}");
        }
        for whole in [[text, text].concat(), [POOL, text].concat()] {
            assert!(matches!(said(&whole).volumes, Asked::Failed(_)), "{whole}");
        }
    }
}

// What `timeout 20 gluster ..` leaves: nothing but its exit code. Seen on an emulated machine beside heavy load.
#[test]
fn a_daemon_that_takes_too_long_is_said_to_be_slow() {
    let pool = cluster(Answer { code: 124, ..Answer::default() }).pool;
    assert!(matches!(&pool, Asked::Failed(why) if why.contains("took too long")), "{pool:?}");
}

// The probe itself, by this machine's own sh: framing, exit codes, standard error, sections side by side.
#[test]
fn the_probe_frames_what_its_sections_print() {
    let sections = vec![
        Section::new("a.fails", "echo out; echo err >&2; exit 7"),
        Section::new("a.no-newline", "printf 'no newline'"),
        Section::new("a.empty", "true"),
        Section::new("a.blank-lines", "printf 'x\\n\\n'"),
        Section::new("a.unset", "echo before; echo \"$nosuch\"; echo after"),
    ];
    let probe = Probe::new(&["localhost"], sections);
    let out = std::process::Command::new("sh").arg("-c").arg(probe.script("@@m")).output().unwrap();
    let look = probe.read("@@m", &String::from_utf8_lossy(&out.stdout)).unwrap();
    let answer = |key: &str| look.answers.get(key).unwrap().clone();
    assert_eq!(answer("a.fails"), Answer { code: 7, text: "out\n".to_owned(), stderr: "err\n".to_owned() });
    assert_eq!(answer("a.no-newline").text, "no newline");
    assert_eq!(answer("a.empty").text, "");
    assert_eq!(answer("a.blank-lines").text, "x\n\n");
    assert_eq!((answer("a.unset").code != 0, answer("a.unset").text.as_str()), (true, "before\n"));
    assert!(!look.host.os.is_empty() && look.host.clock_ms.is_some());
    assert!(!look.host.resolves["localhost"].is_empty());
}

#[test]
fn a_probe_that_was_cut_off_is_an_error() {
    let probe = Probe::new(&[], Vec::new());
    let out = std::process::Command::new("sh").arg("-c").arg(probe.script("@@m")).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(probe.read("@@m", &text[..text.len() - 10]).is_err());
    assert!(probe.read("@@m", "").is_err());
}
