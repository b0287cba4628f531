//! Split-brain: copies of which each says that the other misses something, so that no heal can decide.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::facts::Seen;
use crate::model::NodeName;
use crate::services::glusterfs::facts::heal::by_brick;
use crate::services::glusterfs::facts::{Brick, FileCopy, Index, Marks, NodeFacts, Volume};

/// Entries that gluster says are in split-brain, by gfid, with the path where a brick says it.
pub type Undecided = BTreeMap<String, Option<String>>;

/// Reads `volume heal V info split-brain --xml`.
pub fn undecided(text: &str) -> Result<Undecided, String> {
    let mut all = Undecided::new();
    for file in by_brick(text)?.into_iter().flat_map(|brick: Listed| brick.file) {
        let path = all.entry(file.gfid).or_default();
        *path = path.take().or(Some(file.name).filter(|name| name.starts_with('/')));
    }
    Ok(all)
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    file: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "@gfid")]
    gfid: String,
    #[serde(rename = "$text", default)]
    name: String,
}

/// What the copies do not agree in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dispute {
    /// The content.
    Data,
    /// Owner, mode, attributes.
    Metadata,
    /// The names in a folder.
    Entries,
    /// The same name is another file in each.
    File,
    /// The same name is a file in one, and a folder in the other.
    Type,
}

impl Dispute {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Metadata => "metadata",
            Self::Entries => "entries",
            Self::File => "gfid",
            Self::Type => "type",
        }
    }
}

/// A file or folder in split-brain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitBrain {
    /// From the root of the volume; or `gfid:GFID`, as gluster takes it, where no brick says the path.
    pub name: String,
    /// What about.
    pub disputes: BTreeSet<Dispute>,
    /// Of every brick that has it in its index.
    pub copies: Vec<BrickCopy>,
}

/// A copy and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrickCopy {
    /// On which node.
    pub node: NodeName,
    /// In which brick, `host:path`.
    pub brick: String,
    /// That brick holds names, no data: of content it knows nothing.
    pub arbiter: bool,
    /// What other copies call that brick.
    pub id: String,
    /// How it looks there.
    pub copy: FileCopy,
}

impl SplitBrain {
    /// Is it a folder in all copies?
    pub fn is_folder(&self) -> bool {
        self.copies.iter().all(|one| one.copy.kind == "directory")
    }
}

type Nodes = BTreeMap<NodeName, Seen<NodeFacts>>;

fn known(nodes: &Nodes) -> impl Iterator<Item = (&NodeName, &NodeFacts)> {
    nodes.iter().filter_map(|(node, seen)| Some((node, seen.known()?)))
}

/// What gluster says is in split-brain; nothing where it did not say, which is not "none".
pub fn listed(nodes: &Nodes) -> Option<&Undecided> {
    known(nodes).find_map(|(_, facts)| facts.undecided.as_ref())
}

/// What a brick has noted, and its node; nothing where it was not read, which is not "nothing".
pub fn index<'a>(brick: &Brick, nodes: &'a Nodes) -> Option<(&'a NodeName, &'a Index)> {
    let mut holders = known(nodes).filter(|(_, facts)| facts.daemon.uuid.as_deref() == Some(&brick.host));
    holders.find_map(|(node, facts)| Some((node, facts.indices.iter().find(|index| index.path == brick.path)?)))
}

/// All that are in split-brain, of what the nodes say of their bricks; by name.
pub fn split_brains(volume: &Volume, nodes: &Nodes) -> Vec<SplitBrain> {
    let Some(undecided) = listed(nodes) else { return Vec::new() };
    let mut all = Vec::new();
    for set in volume.bricks.chunks(volume.replica.max(1) as usize) {
        // By path, where the copies say it: one name may be different files.
        let mut names: BTreeMap<String, Vec<BrickCopy>> = BTreeMap::new();
        for one in set.iter().flat_map(|brick| copies(brick, nodes)) {
            let told = || undecided.get(&one.copy.gfid).and_then(Clone::clone);
            let name = one.copy.path.clone().or_else(told).unwrap_or_else(|| format!("gfid:{}", one.copy.gfid));
            names.entry(name).or_default().push(one);
        }
        for (name, copies) in names {
            let disputes = disputes(&copies, undecided);
            if !disputes.is_empty() {
                all.push(SplitBrain { name, disputes, copies });
            }
        }
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

fn copies(brick: &Brick, nodes: &Nodes) -> Vec<BrickCopy> {
    let Some((node, index)) = index(brick, nodes) else { return Vec::new() };
    let copy = |copy: &FileCopy| BrickCopy {
        node: node.clone(),
        brick: brick.name.clone(),
        arbiter: brick.arbiter,
        id: index.id.clone(),
        copy: copy.clone(),
    };
    index.copies.iter().map(copy).collect()
}

type Which = fn(&Marks) -> bool;

fn disputes(copies: &[BrickCopy], undecided: &Undecided) -> BTreeSet<Dispute> {
    let differ = |of: fn(&FileCopy) -> &str| copies.windows(2).any(|two| of(&two[0].copy) != of(&two[1].copy));
    if differ(|copy| &copy.kind) {
        return [Dispute::Type].into();
    }
    if differ(|copy| &copy.gfid) {
        return [Dispute::File].into();
    }
    if !copies.iter().any(|one| undecided.contains_key(&one.copy.gfid)) {
        return BTreeSet::new();
    }
    let mutual = |which: Which| copies.iter().filter(|one| one.copy.blames(which)).count() > 1;
    let kinds: [(Which, Dispute); 3] = [
        (|marks| marks.data, Dispute::Data),
        (|marks| marks.metadata, Dispute::Metadata),
        (|marks| marks.entry, Dispute::Entries),
    ];
    let found: BTreeSet<_> =
        kinds.into_iter().filter(|(which, _)| mutual(*which)).map(|(_, dispute)| dispute).collect();
    // Gluster says so; the marks may lie in a brick that was not seen.
    match found.is_empty() {
        true if copies.iter().all(|one| one.copy.kind == "directory") => [Dispute::Entries].into(),
        true => [Dispute::Data].into(),
        false => found,
    }
}
