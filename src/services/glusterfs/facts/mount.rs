//! The mount point of a node.

/// What is at the mount point, and what will be there after a boot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was seen, not a state")]
pub struct MountFacts {
    /// Type and source of what is mounted: `fuse.glusterfs`, `localhost:/gv0`. `None`: nothing is.
    pub mounted: Option<(String, String)>,
    /// It answers. `findmnt` says "mounted" also where every operation fails (fact 3.2 of the second sheet).
    pub answers: bool,
    /// Bricks that the mount is not connected to, as `host:path`: what is written there meanwhile has to be healed. After a node was dead
    /// it tries again only when its last try has timed out, up to two minutes later (seen on 10.3).
    pub misses: Vec<String>,
    /// It has lost touch with every glusterd: it does not hear of changes of the volume, and writes to the bricks of before. For a
    /// moment that is so whenever its glusterd is restarted; where it was mounted from `localhost`, it stays so.
    pub deaf: bool,
    /// Not mounted, and the folder holds something that a mount would hide.
    pub hides: bool,
    /// Lines of fstab for this mount point.
    pub fstab: Vec<String>,
    /// Content of the mount unit; `None`: no such file.
    pub unit: Option<String>,
    /// The unit starts at boot.
    pub unit_enabled: bool,
    /// Folders of the inventory that are on the volume; meaningful where it answers.
    pub directories: Vec<String>,
}

impl MountFacts {
    /// The volume is mounted here and answers.
    pub fn serves(&self, volume: &str) -> bool {
        self.answers && self.holds(volume)
    }

    /// The volume is what is mounted here, whether it answers or not.
    pub fn holds(&self, volume: &str) -> bool {
        self.mounted.as_ref().is_some_and(|(kind, source)| {
            let name = source.rsplit_once(':').map(|(_, path)| path.strip_prefix('/').unwrap_or(path));
            kind == "fuse.glusterfs" && name == Some(volume)
        })
    }
}
