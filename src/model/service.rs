//! The services an inventory can enable.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A service key of `services:` in the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// The storage this tool brings up first.
    Glusterfs,
    /// A node that only mounts a volume.
    GlusterfsClient,
    /// `MariaDB` Galera.
    Mariadb,
    /// Redis Cluster.
    Redis,
    /// Slurm controllers and workers.
    Slurm,
    /// Floating address.
    Keepalived,
    /// Web front end, named by the manual; nothing here manages it.
    Web,
}

impl Service {
    /// All of them, in the order in which a full `up` treats them.
    pub const ALL: [Self; 7] =
        [Self::Glusterfs, Self::GlusterfsClient, Self::Mariadb, Self::Redis, Self::Slurm, Self::Keepalived, Self::Web];

    /// The key as the inventory writes it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Glusterfs => "glusterfs",
            Self::GlusterfsClient => "glusterfs_client",
            Self::Mariadb => "mariadb",
            Self::Redis => "redis",
            Self::Slurm => "slurm",
            Self::Keepalived => "keepalived",
            Self::Web => "web",
        }
    }

    /// The service of a key, if there is one.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.key() == key)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}
