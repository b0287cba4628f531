//! The scripts of a `file` step.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::model::shell::quote;

/// A file as it will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedFile {
    /// Where.
    pub path: String,
    /// Octal, without leading zeros.
    pub mode: String,
    /// `user` or `user:group`.
    pub owner: String,
    /// All of it.
    pub content: String,
    /// Runs once it has changed.
    pub after: Option<String>,
}

/// Ends with 0 where the file is as it should be: bytes, mode, owner, and no link.
pub(super) fn same(file: &RenderedFile) -> String {
    let mut hash = String::new();
    for byte in Sha256::digest(&file.content) {
        let _ = write!(hash, "{byte:02x}");
    }
    let format = if file.owner.contains(':') { "%U:%G" } else { "%U" };
    let (path, mode, owner) = (quote(&file.path), &file.mode, quote(&file.owner));
    format!(
        "[ -f {path} ]\n[ ! -L {path} ]\n[ \"$(stat -c %a -- {path})\" = {mode} ]\n\
         [ \"$(stat -c {format} -- {path})\" = {owner} ]\n\
         [ \"$(sha256sum <{path} | cut -c 1-64)\" = {hash} ]"
    )
}

/// Writes it: whole under another name in the same folder, then renamed, so that no reader ever sees half of it.
pub(super) fn script(file: &RenderedFile) -> String {
    let (path, content, owner) = (quote(&file.path), quote(&file.content), quote(&file.owner));
    let folder = file.path.rsplit_once('/').map_or("/", |(folder, _)| if folder.is_empty() { "/" } else { folder });
    let mode = &file.mode;
    format!(
        "new=$(mktemp -- {folder}/.bricklayer.XXXXXX)\ntrap 'rm -f -- \"$new\"' EXIT\n\
         printf %s {content} >\"$new\"\nchown -- {owner} \"$new\"\nchmod -- {mode} \"$new\"\n\
         sync -- \"$new\"\nmv -f -T -- \"$new\" {path}",
        folder = quote(folder)
    )
}
