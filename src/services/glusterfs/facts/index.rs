//! What a brick has noted of copies that miss something: its index, and what each copy in it looks like.

use std::collections::BTreeMap;

/// A brick of this node and its index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// The brick's folder.
    pub path: String,
    /// What other copies call it in their marks: `VOLUME-client-N`.
    pub id: String,
    /// Entries in the index, as this brick has them.
    pub copies: Vec<FileCopy>,
    /// There are more than were read.
    pub more: bool,
}

/// A file or folder as one brick has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileCopy {
    /// Its identity. Where copies of one path differ in it, they are different files to gluster.
    pub gfid: String,
    /// From the root of the volume, with a `/`. `None` where the brick does not say.
    pub path: Option<String>,
    /// `regular file`, `directory`, ..
    pub kind: String,
    /// Bytes.
    pub size: u64,
    /// When it was last written: seconds and nanoseconds of the epoch. A lookup makes them equal on all copies before data
    /// is healed (seen on 10.3).
    pub time: (u64, u32),
    /// The same for people, in UTC on all nodes.
    pub written: String,
    /// `644 root:root`.
    pub owner: String,
    /// What it says that others miss, by their id.
    pub accuses: BTreeMap<String, Marks>,
}

/// What is missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Content.
    pub data: bool,
    /// Owner, mode, times, attributes.
    pub metadata: bool,
    /// Names in a folder.
    pub entry: bool,
}

impl FileCopy {
    /// Is there anything of this kind that it says another misses?
    pub fn blames(&self, which: impl Fn(&Marks) -> bool) -> bool {
        self.accuses.values().any(which)
    }
}

/// Reads what `probe::index_section` prints.
pub fn indices(text: &str) -> Vec<Index> {
    let mut all: Vec<Index> = Vec::new();
    let mut parents = BTreeMap::new();
    let mut at = None;
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("brick ") {
            all.push(Index { path: path.to_owned(), ..Index::default() });
            at = None;
            continue;
        }
        let Some(index) = all.last_mut() else { continue };
        if let Some(id) = line.strip_prefix("id ") {
            id.clone_into(&mut index.id);
        } else if line == "more" {
            index.more = true;
        } else if let Some(copy) = line.strip_prefix("copy ").and_then(copy) {
            index.copies.push(copy);
        } else if let Some((gfid, path)) = line.strip_prefix("folder ").and_then(|rest| rest.split_once(' ')) {
            parents.insert((index.path.clone(), gfid.to_owned()), path.to_owned());
        } else if let Some(file) = line.strip_prefix("# file: ") {
            let gfid = file.rsplit('/').next().unwrap_or(file);
            at = index.copies.iter().position(|copy| copy.gfid == gfid);
        } else if let Some(copy) = at.and_then(|at| index.copies.get_mut(at)) {
            attribute(copy, line);
        }
    }
    for index in &mut all {
        let folder = |gfid: &str| parents.get(&(index.path.clone(), gfid.to_owned()));
        for copy in &mut index.copies {
            copy.path = match (copy.kind.as_str(), copy.path.take()) {
                ("directory", _) => folder(&copy.gfid).cloned(),
                (_, Some(at)) => at.split_once('/').and_then(|(parent, name)| {
                    let parent = folder(parent)?;
                    Some(format!("{}/{name}", parent.trim_end_matches('/')))
                }),
                (_, None) => None,
            };
        }
    }
    all
}

// `GFID|TYPE|SIZE|EPOCH.NANOS|2026-11-25 18:28:11.037304770 +0000|644 root:root`
fn copy(line: &str) -> Option<FileCopy> {
    let mut parts = line.split('|');
    let mut next = || parts.next();
    let (name, kind, size, time, written, owner) = (next()?, next()?, next()?, next()?, next()?, next()?);
    let (seconds, nanos) = time.split_once('.').unwrap_or((time, "0"));
    Some(FileCopy {
        gfid: name.rsplit('/').next()?.to_owned(),
        path: None,
        // `stat` has a word of its own for an empty one.
        kind: if kind == "regular empty file" { "regular file" } else { kind }.to_owned(),
        size: size.parse().ok()?,
        time: (seconds.parse().ok()?, nanos.parse().ok()?),
        written: written.split('.').next()?.to_owned(),
        owner: owner.to_owned(),
        accuses: BTreeMap::new(),
    })
}

// `trusted.afr.VOLUME-client-1=0x` with eight digits of data, metadata and entry, or `trusted.gfid2path.HASH=0x` with
// `PARENT/NAME`, of the first name that a file has.
fn attribute(copy: &mut FileCopy, line: &str) {
    let Some((name, value)) = line.split_once("=0x") else { return };
    if let Some(id) = name.strip_prefix("trusted.afr.") {
        let mark = |at: usize| value.get(at..at + 8).is_some_and(|digits| digits.bytes().any(|digit| digit != b'0'));
        let marks = Marks { data: mark(0), metadata: mark(8), entry: mark(16) };
        if id != "dirty" && marks != Marks::default() {
            copy.accuses.insert(id.to_owned(), marks);
        }
    } else if name.starts_with("trusted.gfid2path.") && copy.path.is_none() {
        copy.path = text(value);
    }
}

fn text(hex: &str) -> Option<String> {
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok());
    String::from_utf8(bytes.collect::<Option<Vec<_>>>()?).ok()
}
