//! A change of the inventory file, that a run makes before it changes any node.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::inventory::Inventory;

/// The file as it was read, and as it shall be.
#[derive(Clone, Debug)]
pub struct InventoryChange {
    path: PathBuf,
    before: String,
    after: String,
}

/// Why it was not written; the file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Somebody else was faster.
    #[error("`{0}` has changed since it was read")]
    Meanwhile(PathBuf),
    /// No permission, no room.
    #[error("cannot write `{0}`")]
    Write(PathBuf, #[source] io::Error),
}

impl InventoryChange {
    /// From one to the other; nothing where they are the same.
    pub fn between(before: &Inventory, after: &Inventory) -> Option<Self> {
        let (old, new) = (&before.source.text, &after.source.text);
        (old != new).then(|| Self { path: before.path.clone(), before: old.to_string(), after: new.to_string() })
    }

    /// As a unified diff.
    pub fn diff(&self) -> String {
        let name = self.path.display().to_string();
        TextDiff::from_lines(&self.before, &self.after).unified_diff().header(&name, &name).to_string()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes it, all or nothing, with the mode and owner that the file has.
    pub fn write(&self) -> Result<(), ChangeError> {
        let wrong = |error| ChangeError::Write(self.path.clone(), error);
        // What a link names is what is meant.
        let file = fs::canonicalize(&self.path).map_err(wrong)?;
        let now = fs::read(&file).map_err(wrong)?;
        let mark = "\u{feff}".as_bytes();
        let kept: &[u8] = if now.starts_with(mark) { mark } else { b"" };
        if now[kept.len()..] != *self.before.as_bytes() {
            return Err(ChangeError::Meanwhile(self.path.clone()));
        }
        replace(&file, &[kept, self.after.as_bytes()].concat()).map_err(wrong)
    }
}

fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    let was = fs::metadata(file)?;
    let mut name = OsString::from(file.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let new = file.with_file_name(name);
    let written = (|| {
        let mut out = fs::File::create_new(&new)?;
        out.set_permissions(was.permissions())?;
        let made = out.metadata()?;
        if (made.uid(), made.gid()) != (was.uid(), was.gid()) {
            chown(&new, Some(was.uid()), Some(was.gid()))?;
        }
        out.write_all(content)?;
        out.sync_all()?;
        fs::rename(&new, file)
    })();
    if written.is_err() {
        let _never_made = fs::remove_file(&new);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::inventory::Draft;

    #[test]
    fn a_file_is_replaced_as_it_is_and_never_when_somebody_has_changed_it() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("real.yml"), folder.path().join("i.yml"));
        std::os::unix::fs::symlink("real.yml", &link).unwrap();
        let text =
            "\u{feff}nodes:\n  controllers:\n  - {hostname: a, ip_address: 10.0.0.1, services: {glusterfs: on}}\n";
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let before = Draft::read(&link).finish().unwrap();
        assert!(InventoryChange::between(&before, &before).is_none());
        let after = Draft::of_text(&link, &before.source.text.replace("on}", "off}")).finish().unwrap();
        let change = InventoryChange::between(&before, &after).unwrap();
        assert!(change.diff().contains("\n-  - {hostname: a") && change.diff().contains("glusterfs: off"));
        change.write().unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), text.replace("on}", "off}"));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(matches!(change.write(), Err(ChangeError::Meanwhile(_))));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
    }
}
