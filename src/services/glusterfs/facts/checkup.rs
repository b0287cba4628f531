//! What only a check-up asks of a node.

/// Signs of trouble that no other question shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkup {
    /// Peers, as glusterd has stored them, to whose port 24007 no connection comes about from here.
    pub unreached: Vec<String>,
    /// The file system of the brick.
    pub fs: String,
    /// Bytes of its inodes, where it is XFS: less than 512 keep gluster's attributes outside of them.
    pub inode_bytes: Option<u64>,
    /// `/etc/machine-id`.
    pub machine: String,
    /// The node's own ssh host key.
    pub host_key: String,
    /// systemd does not start glusterd again: it was started too often.
    pub start_limit: bool,
    /// The clock is kept by the network; `None` where systemd does not know.
    pub synchronized: Option<bool>,
    /// What gluster's logs have of known trouble within the hour: how often, and the last line of each kind.
    pub errors: Vec<(u64, String)>,
}

impl Checkup {
    /// Reads the section's `key value` lines. Nothing where it was not asked.
    pub fn read(text: &str) -> Option<Self> {
        let mut checkup = Self::default();
        let mut asked = false;
        for (key, value) in text.lines().filter_map(|line| line.split_once(' ')) {
            let value = value.trim();
            asked = true;
            match key {
                "unreached" => checkup.unreached.push(value.to_owned()),
                "fs" => value.clone_into(&mut checkup.fs),
                "isize" => checkup.inode_bytes = value.parse().ok(),
                "machine" => value.clone_into(&mut checkup.machine),
                "hostkey" => value.clone_into(&mut checkup.host_key),
                "limit" => checkup.start_limit = value == "start-limit-hit",
                "ntp" => checkup.synchronized = Some(value == "yes"),
                "error" => checkup.errors.extend(
                    value.split_once(' ').and_then(|(count, text)| Some((count.parse().ok()?, text.to_owned()))),
                ),
                _ => {}
            }
        }
        asked.then_some(checkup)
    }
}
