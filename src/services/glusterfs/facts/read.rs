//! From answers to facts.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Answer, Answers, NOT_ASKED, NodeLook};
use crate::services::glusterfs::facts::cli::{self, one_line};
use crate::services::glusterfs::facts::{
    Asked, BrickDir, BrickDisk, Checkup, Daemon, Disk, MountFacts, NodeFacts, Packages, heal_answers, indices, moving,
};

impl NodeFacts {
    /// Reads the room's answers of one look.
    pub fn read(look: &NodeLook) -> Self {
        let answers = &look.answers;
        let cluster = answers.get("glusterfs.cluster");
        let (heal, undecided) = heal_answers(text(answers, "glusterfs.heal"));
        Self {
            host: look.host.clone(),
            daemon: daemon(answers),
            pool: asked(cluster, |text| cli::pool(cli::answers(text)?[0])),
            volumes: asked(cluster, |text| cli::volumes(cli::answers(text)?[1])),
            brick: BrickDir::read(text(answers, "glusterfs.brick")),
            brick_disk: answers.get("glusterfs.brick_disk").map(brick_disk),
            running: lines(text(answers, "glusterfs.running")),
            mount: mount(answers),
            heal,
            undecided,
            moving: asked(answers.get("glusterfs.rebalance"), moving),
            packages: Packages::read(text(answers, "glusterfs.packages")),
            checkup: Checkup::read(text(answers, "glusterfs.checkup")),
            disk: Disk::read(text(answers, "glusterfs.disk")),
            indices: indices(text(answers, "glusterfs.index")),
            admitted: lines(text(answers, "glusterfs.admitted")),
        }
    }
}

fn text<'a>(answers: &'a Answers, key: &str) -> &'a str {
    answers.get(key).map(|answer| answer.text.as_str()).unwrap_or_default()
}

// Not asked, of a node that is planned for without a look, it is as blank as a new one.
fn brick_disk(answer: &Answer) -> BrickDisk {
    if answer.code == NOT_ASKED { BrickDisk::default() } else { BrickDisk::read(&answer.text) }
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

// One without a UUID is a probe that was cut short before the other had answered: glusterd itself forgets it.
fn stored_peers(text: &str) -> BTreeSet<String> {
    lines(text).into_iter().filter(|uuid| uuid.bytes().any(|byte| !matches!(byte, b'0' | b'-'))).collect()
}

// `VOLUME VERSION`, a line each.
fn versions(text: &str) -> BTreeMap<String, u64> {
    let words = text.lines().map(str::split_whitespace);
    words
        .filter_map(|mut words| {
            let name = words.next()?.to_owned();
            Some((name, words.next().and_then(|version| version.parse().ok()).unwrap_or_default()))
        })
        .collect()
}

// How `timeout` ends when it had to end its command.
const OUT_OF_TIME: i32 = 124;

fn asked<T>(answer: Option<&Answer>, read: impl Fn(&str) -> Result<T, String>) -> Asked<T> {
    match answer {
        None => Asked::Failed("not asked by the probe".to_owned()),
        Some(answer) if answer.code == NOT_ASKED => Asked::Not,
        Some(answer) if answer.code == OUT_OF_TIME => {
            Asked::Failed("it was asked and took too long; if the node is under heavy load, try again".to_owned())
        }
        Some(answer) => match read(&answer.text) {
            Ok(value) => Asked::Answer(value),
            Err(why) if answer.stderr.trim().is_empty() => Asked::Failed(why),
            Err(why) => Asked::Failed(format!("{why} ({})", one_line(&answer.stderr))),
        },
    }
}

fn daemon(answers: &Answers) -> Daemon {
    let service = text(answers, "glusterfs.service");
    let property = |name: &str| service.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let info = text(answers, "glusterfs.info");
    Daemon {
        version: text(answers, "glusterfs.version").split_whitespace().nth(1).map(str::to_owned),
        client: answers.get("glusterfs.client").is_some_and(|answer| answer.code == 0),
        active: property("ActiveState=") == "active",
        enabled: property("UnitFileState=").starts_with("enabled"),
        masked: property("UnitFileState=").starts_with("masked"),
        op_version: info.lines().find_map(|line| line.strip_prefix("operating-version=")?.trim().parse().ok()),
        uuid: own_uuid(info),
        stored_peers: stored_peers(text(answers, "glusterfs.peers")),
        stored_volumes: versions(text(answers, "glusterfs.vols")),
    }
}

/// The node's own UUID, as `glusterd.info` has it.
pub fn own_uuid(info: &str) -> Option<String> {
    info.lines().find_map(|line| line.strip_prefix("UUID=")).map(|uuid| uuid.trim().to_lowercase())
}

fn mount(answers: &Answers) -> MountFacts {
    let mounted = text(answers, "glusterfs.mount");
    let unit = text(answers, "glusterfs.unit");
    MountFacts {
        mounted: mounted.trim().split_once(' ').map(|(kind, source)| (kind.to_owned(), source.trim().to_owned())),
        answers: answers.get("glusterfs.answers").is_some_and(|answer| answer.code == 0),
        misses: text(answers, "glusterfs.clients").lines().map(str::to_owned).collect(),
        deaf: text(answers, "glusterfs.deaf").trim() == "deaf",
        hides: !text(answers, "glusterfs.hides").trim().is_empty(),
        fstab: text(answers, "glusterfs.fstab").lines().map(str::to_owned).collect(),
        unit: answers.get("glusterfs.unit").filter(|answer| answer.code == 0).map(|_| unit.to_owned()),
        unit_enabled: answers.get("glusterfs.unit_enabled").is_some_and(|answer| answer.code == 0),
        directories: text(answers, "glusterfs.directories").lines().map(str::to_owned).collect(),
    }
}
