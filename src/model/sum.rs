//! Checksums, written as `sha256sum` does.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Of what was put in.
pub fn hex(hasher: Sha256) -> String {
    hasher.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// Of parts, each with its length: so no two lists of parts have the same.
pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hex(hasher)
}
