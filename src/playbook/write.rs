//! The scripts of a `file` step.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::render::RenderedFile;
use crate::model::shell::quote;

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
