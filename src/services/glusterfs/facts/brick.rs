//! The brick directory of a node.

use std::collections::BTreeMap;

/// What is at the brick path of the inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was seen, not a state")]
pub struct BrickDir {
    /// A directory is there.
    pub exists: bool,
    /// Something that is not a directory is there.
    pub other: bool,
    /// It is a mount point itself; gluster refuses that, for good reason (fact 7.4 of the second sheet).
    pub mount_point: bool,
    /// It is, or would be, on the file system of `/`.
    pub on_root: bool,
    /// A few names in it, `.glusterfs` left out.
    pub content: Vec<String>,
    /// `.glusterfs` is there.
    pub has_glusterfs: bool,
    /// Regular files with data under `.glusterfs`: more than the empty trace of a failed create.
    pub data_below: bool,
    /// Volume ids that the path (first) or a folder above it carries.
    pub volume_ids: Vec<(String, String)>,
    /// Folders in it hold no file of their own yet, and no rebalance was begun since the last brick was added: so an `extend`
    /// that was cut short, or one by hand, is known.
    pub unspread: bool,
    /// `getfattr` is missing there: what a brick carries could not be read.
    pub blind: bool,
}

impl BrickDir {
    /// The id that the brick path itself carries.
    pub fn own_id(&self, path: &str) -> Option<&str> {
        self.volume_ids.iter().find(|(at, _)| at == path).map(|(_, id)| id.as_str())
    }

    /// A folder above it that is a brick, and its id.
    pub fn parent_id(&self, path: &str) -> Option<&(String, String)> {
        self.volume_ids.iter().find(|(at, _)| at != path)
    }

    /// Holds nothing but the empty trace that a failed create or add-brick leaves (fact 2.5).
    pub fn empty_trace(&self) -> bool {
        self.content.is_empty() && !self.data_below && (self.has_glusterfs || !self.volume_ids.is_empty())
    }

    /// Reads the section's `key value` lines.
    pub(super) fn read(text: &str) -> Self {
        let mut fields: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (key, value) in text.lines().filter_map(|line| line.split_once(' ')) {
            fields.entry(key).or_default().push(value);
        }
        let is = |key: &str| fields.get(key).is_some_and(|values| values.contains(&"yes"));
        let all = |key: &str| fields.get(key).cloned().unwrap_or_default();
        Self {
            exists: is("dir"),
            other: is("other"),
            mount_point: is("mountpoint"),
            on_root: is("root"),
            content: all("entry").into_iter().map(str::to_owned).collect(),
            has_glusterfs: is("glusterfs"),
            data_below: is("data"),
            volume_ids: all("id").into_iter().filter_map(read_id).collect(),
            unspread: is("unspread"),
            blind: is("blind"),
        }
    }
}

/// How full a file system is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Per cent of its bytes that are taken.
    pub bytes: u64,
    /// Per cent of its inodes; `None` where they are not counted.
    pub inodes: Option<u64>,
    /// Bytes that are free.
    pub free: u64,
}

impl Disk {
    /// Reads a line of `df --output=pcent,ipcent,avail -B1`.
    pub(super) fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let mut number = || words.next().map(|word| word.trim_end_matches('%').parse().ok());
        let (bytes, inodes, free) = (number()??, number()?, number()??);
        Some(Self { bytes, inodes, free })
    }
}

fn read_id(value: &str) -> Option<(String, String)> {
    let (hex, path) = value.split_once(' ')?;
    Some((path.to_owned(), hex_to_uuid(hex)?))
}

/// `0x4fe19766cd5c..` as a UUID in its usual form.
pub fn hex_to_uuid(hex: &str) -> Option<String> {
    let digits = hex.strip_prefix("0x").unwrap_or(hex).to_lowercase();
    if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Some(format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]))
}
