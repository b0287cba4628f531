//! Which version of GlusterFS a node has, and could have.

/// What the package manager says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packages {
    /// The version of the server's package.
    pub installed: String,
    /// The newest one of the node's sources, as far as it knows.
    pub candidate: String,
    /// The op-version that every member of the pool could do, where that was asked.
    pub max_op_version: Option<u32>,
}

impl Packages {
    /// Reads the section's `key value` lines. Nothing where the package is not installed.
    pub(super) fn read(text: &str) -> Option<Self> {
        let value = |key: &str| {
            text.lines()
                .filter_map(|line| line.split_once(' '))
                .find(|(name, _)| *name == key)
                .map(|(_, value)| value.trim())
        };
        let installed = value("installed").filter(|version| *version != "(none)")?.to_owned();
        let candidate = value("candidate").filter(|version| *version != "(none)").unwrap_or(&installed).to_owned();
        let max_op_version = value("max").and_then(|max| max.parse().ok());
        Some(Self { installed, candidate, max_op_version })
    }
}
