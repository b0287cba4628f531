//! What a node is asked about GlusterFS. Nothing here changes a node.

mod archive;
mod asked;
mod brick;
mod mount;
mod sections;

pub use archive::archive;
pub use asked::{checkup_section, heal_section, index_section, packages_section, rebalance_section};
pub use brick::disk_section;
pub use sections::{after_shared, client_sections, daemon_sections, mount_sections, volume_sections};
