//! Gluster's XML.
//!
//! The exit code says little (fact sheet, rule 1): `opRet` and `opErrstr` are what counts, and a time-out is plain
//! text even with `--xml`.

use quick_xml::de::from_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::plan::Settings;

/// A peer in `pool list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its identity.
    pub uuid: String,
    /// All names it is known by, the primary one first.
    pub names: Vec<String>,
    /// glusterd holds a connection to it. Says little about a silent peer (fact 9.3).
    pub connected: bool,
    /// 3 is "Peer in Cluster".
    pub state: u32,
    /// The state in words.
    pub state_text: String,
}

impl Peer {
    /// How it stands, in words.
    pub fn standing(&self) -> &str {
        if self.connected { &self.state_text } else { "not connected" }
    }

    /// In the cluster and connected.
    pub fn settled(&self) -> bool {
        self.state == 3 && self.connected
    }
}

/// Whether a volume serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeStatus {
    /// Never started.
    Created,
    /// Started.
    Started,
    /// Stopped by somebody.
    Stopped,
}

/// A brick of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brick {
    /// `host:path` as it was named.
    pub name: String,
    /// UUID of the node that has it: bricks are compared by this and the path (fact 7.4).
    pub host: String,
    /// The path part.
    pub path: String,
    /// Holds names only, no data (fact 1.2 of the second sheet).
    pub arbiter: bool,
}

/// A volume in `volume info`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// Its id, as bricks carry it in `trusted.glusterfs.volume-id`.
    pub id: String,
    /// Whether it serves.
    pub status: VolumeStatus,
    /// Copies of each file, arbiters counted.
    pub replica: u32,
    /// Arbiters in each set.
    pub arbiter: u32,
    /// Bricks in each set that hold parity: dispersed volumes are not ours.
    pub disperse: u32,
    /// In order: consecutive ones form a set.
    pub bricks: Vec<Brick>,
    /// Options that were set.
    pub options: Vec<(String, String)>,
}

impl Volume {
    /// Replica sets that files are distributed over. Never read from `typeStr` (fact T16).
    pub fn sets(&self) -> usize {
        self.bricks.len() / (self.replica.max(1) as usize)
    }

    /// An option that was set.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The answers to `pool list` and `volume info`, asked in one session. Which of two it is that an only one belongs to
/// could not be told.
pub(super) fn answers(text: &str) -> Result<[&str; 2], String> {
    let mut starts = text.match_indices("<?xml").map(|(at, _)| at);
    match (starts.next(), starts.next(), starts.next()) {
        (Some(first), Some(second), None) => Ok([&text[first..second], &text[second..]]),
        _ => Err(one_line(text)),
    }
}

/// Reads `pool list --xml`; the node itself (no `state`) is left out.
pub(super) fn pool(text: &str) -> Result<Vec<Peer>, String> {
    let answer: Cli = parse(text)?;
    let peers = answer.peer_status.ok_or("no pool list in the answer")?.peer;
    Ok(peers.into_iter().filter_map(PeerXml::read).collect())
}

/// Reads `volume info --xml`.
/// The options that are set, of each volume, in an answer that a backup has; none where it cannot be read.
pub fn options_of(text: &str) -> Settings {
    let volumes = volumes(text).unwrap_or_default();
    volumes.into_iter().map(|volume| (volume.name, volume.options.into_iter().collect())).collect()
}

pub(super) fn volumes(text: &str) -> Result<Vec<Volume>, String> {
    let answer: Cli = parse(text)?;
    let volumes = answer.vol_info.ok_or("no volumes in the answer")?.volumes.volume;
    volumes.into_iter().map(VolumeXml::read).collect()
}

fn parse(text: &str) -> Result<Cli, String> {
    read(text, |answer: &Cli| (answer.op_ret, &answer.op_errstr))
}

/// Reads an answer, of which `outcome` says its `opRet` and `opErrstr`. What is no XML is what went wrong.
pub(super) fn read<T: DeserializeOwned>(text: &str, outcome: impl Fn(&T) -> (i64, &str)) -> Result<T, String> {
    let start = text.find("<?xml").or_else(|| text.find("<cliOutput")).ok_or_else(|| one_line(text))?;
    let answer: T = from_str(&text[start..]).map_err(|error| format!("unreadable XML: {error}"))?;
    match outcome(&answer) {
        (0, _) => Ok(answer),
        (_, said) => Err(one_line(said)),
    }
}

/// What a failed command said, on one line.
pub(super) fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() { "no answer".to_owned() } else { line }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cli {
    op_ret: i64,
    #[serde(default)]
    op_errstr: String,
    peer_status: Option<PeerStatusXml>,
    vol_info: Option<VolInfoXml>,
}

#[derive(Deserialize)]
struct PeerStatusXml {
    #[serde(default)]
    peer: Vec<PeerXml>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PeerXml {
    #[serde(default)]
    uuid: String,
    #[serde(default)]
    hostname: String,
    #[serde(default)]
    hostnames: Names,
    #[serde(default)]
    connected: u32,
    state: Option<u32>,
    #[serde(default)]
    state_str: String,
}

#[derive(Default, Deserialize)]
struct Names {
    #[serde(default)]
    hostname: Vec<String>,
}

impl PeerXml {
    fn read(self) -> Option<Peer> {
        let mut names = vec![self.hostname];
        names.extend(self.hostnames.hostname.into_iter().filter(|name| *name != names[0]).collect::<Vec<_>>());
        Some(Peer {
            uuid: self.uuid.to_lowercase(),
            names,
            connected: self.connected == 1,
            state: self.state?,
            state_text: self.state_str,
        })
    }
}

#[derive(Deserialize)]
struct VolInfoXml {
    volumes: VolumesXml,
}

#[derive(Deserialize)]
struct VolumesXml {
    #[serde(default)]
    volume: Vec<VolumeXml>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VolumeXml {
    name: String,
    id: String,
    status: u32,
    #[serde(default)]
    replica_count: u32,
    #[serde(default)]
    arbiter_count: u32,
    #[serde(default)]
    disperse_count: u32,
    #[serde(default)]
    bricks: BricksXml,
    #[serde(default)]
    options: OptionsXml,
}

#[derive(Default, Deserialize)]
struct BricksXml {
    #[serde(default)]
    brick: Vec<BrickXml>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BrickXml {
    name: String,
    host_uuid: String,
    #[serde(default)]
    is_arbiter: u32,
}

#[derive(Default, Deserialize)]
struct OptionsXml {
    #[serde(default)]
    option: Vec<OptionXml>,
}

#[derive(Deserialize)]
struct OptionXml {
    name: String,
    #[serde(default)]
    value: String,
}

impl VolumeXml {
    fn read(self) -> Result<Volume, String> {
        let status = match self.status {
            0 => VolumeStatus::Created,
            1 => VolumeStatus::Started,
            2 => VolumeStatus::Stopped,
            other => return Err(format!("volume `{}` has the unknown status {other}", self.name)),
        };
        let bricks = self.bricks.brick.into_iter().map(BrickXml::read).collect();
        let options = self.options.option.into_iter().map(|option| (option.name, option.value)).collect();
        Ok(Volume {
            name: self.name,
            id: self.id.to_lowercase(),
            status,
            replica: self.replica_count.max(1),
            arbiter: self.arbiter_count,
            disperse: self.disperse_count,
            bricks,
            options,
        })
    }
}

impl BrickXml {
    fn read(self) -> Brick {
        // The path begins at `:/`; an IPv6 host has colons of its own.
        let path = self.name.find(":/").map_or_else(String::new, |at| self.name[at + 1..].to_owned());
        Brick { path, host: self.host_uuid.to_lowercase(), arbiter: self.is_arbiter == 1, name: self.name }
    }
}
