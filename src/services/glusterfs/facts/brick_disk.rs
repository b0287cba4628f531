//! The disk that the inventory names for the bricks, as it is on a node.

/// What was seen of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrickDisk {
    /// What forbids to use it at all: it is not there, is no disk, or cannot be written.
    pub fault: Option<String>,
    /// What is mounted at the folder above the brick.
    pub above: Option<String>,
    /// That is this disk.
    pub here: bool,
    /// What `/etc/fstab` mounts there, as it is named there.
    pub fstab: Option<String>,
    /// Its file system was made for a brick, as its label says: it is mounted, never made anew.
    pub ours: bool,
    /// What is on it, or who uses it. Nothing: it is blank.
    pub holds: Vec<String>,
    /// What the folder above the brick holds, an empty brick left out: a mount would hide it.
    pub hides: Vec<String>,
    /// Its size in bytes.
    pub bytes: u64,
}

impl BrickDisk {
    /// Reads the section's `key value` lines. An answer that was cut off is no blank disk.
    pub(super) fn read(text: &str) -> Self {
        let fields: Vec<_> = text.lines().filter_map(|line| line.split_once(' ')).collect();
        let all = |key: &str| {
            let of_key = fields.iter().filter(|(name, _)| *name == key);
            of_key.map(|(_, value)| (*value).to_owned()).collect::<Vec<_>>()
        };
        let one = |key: &str| all(key).pop();
        let cut_off = one("asked").is_none().then(|| "could not be looked at".to_owned());
        Self {
            fault: one("fault").or(cut_off),
            above: one("above"),
            here: one("here").is_some(),
            fstab: one("fstab"),
            ours: one("ours").is_some(),
            holds: all("holds"),
            hides: all("hides"),
            bytes: one("size").and_then(|size| size.parse().ok()).unwrap_or_default(),
        }
    }

    /// Its brick is not on it yet, and nothing forbids to put it there.
    pub fn blank(&self) -> bool {
        self.fault.is_none() && !self.here && self.above.is_none() && !self.ours && self.holds.is_empty()
    }

    /// It was made for a brick, and is not mounted.
    pub fn asleep(&self) -> bool {
        self.ours && !self.here && self.above.is_none() && self.fault.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // As the lab's nodes answer.
    #[test]
    fn an_answer_without_its_end_is_no_blank_disk() {
        let blank = BrickDisk::read("size 4294967296\nasked yes\n");
        assert!(blank.blank() && blank.bytes == 4 << 30);
        assert!(!BrickDisk::read("size 4294967296\n").blank());
        assert!(!BrickDisk::read("").blank());
        let full = BrickDisk::read("size 4294967296\nholds ext4 named precious\nasked yes\n");
        assert!(!full.blank() && full.holds == ["ext4 named precious"]);
        let here = BrickDisk::read("above /dev/vdb\nfstab UUID=1\nsize 4294967296\nhere yes\nasked yes\n");
        assert!(here.here && !here.blank() && !here.asleep() && here.fstab.as_deref() == Some("UUID=1"));
        assert!(BrickDisk::read("size 1\nours yes\nasked yes\n").asleep());
    }
}
