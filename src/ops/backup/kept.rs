//! Backups on this machine.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::exec::{archive_name, hand};
use crate::model::{NodeName, Service, sum};
use crate::ops::Fault;
use crate::report::backup_home;

/// The only form there is so far.
const FORM: u32 = 1;
/// So many of those that were taken by themselves are kept.
const KEPT: usize = 10;
/// Says what is in a backup.
const MANIFEST: &str = "manifest.json";

/// What is in a backup, in its own words.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Manifest {
    form: u32,
    /// When it was taken.
    taken: String,
    /// By which command.
    command: String,
    /// Of which inventory; a copy lies beside this.
    inventory: String,
    /// SHA-256 of each archive, by its path.
    archives: BTreeMap<String, String>,
    /// Nodes that are not in it, and why.
    missing: BTreeMap<NodeName, String>,
}

/// A backup that is being taken. Dropped before it is finished, nothing is left of it.
pub(super) struct Backup {
    work: PathBuf,
    name: String,
    to: PathBuf,
    inventory: PathBuf,
    taken: Timestamp,
    /// Older ones make room for it.
    among: Option<PathBuf>,
}

impl Backup {
    /// To this file, or to where all backups of this inventory are.
    pub(super) fn begin(to: Option<&Path>, inventory: &Path, taken: Timestamp) -> Result<Self, Fault> {
        let name = taken.strftime("%Y%m%d-%H%M%S").to_string();
        let (folder, to, among) = if let Some(to) = to {
            (to.parent().unwrap_or(Path::new("")).to_owned(), to.to_owned(), None)
        } else {
            let home = home(inventory)?;
            (home.clone(), home.join(format!("{name}.tar")), Some(home))
        };
        let work = folder.join(format!(".{name}.{}.new", std::process::id()));
        let made = (|| {
            if to.symlink_metadata().is_ok() {
                return Err(io::Error::other("a file is there already"));
            }
            let mut private = DirBuilder::new();
            private.recursive(true).mode(0o700);
            private.create(work.join(&name))
        })();
        made.map_err(|error| failed(&to, &error))?;
        Ok(Self { work, name, to, inventory: inventory.to_owned(), taken, among })
    }

    /// Where archives of this service are put.
    pub(super) fn folder(&self, service: Service) -> PathBuf {
        self.work.join(&self.name).join(service.key())
    }

    /// Answers where it lies.
    pub(super) fn finish(self, command: &str, missing: BTreeMap<NodeName, String>) -> Result<PathBuf, Fault> {
        let done = self.pack(command, missing).and_then(|()| fs::canonicalize(&self.to));
        let path = done.map_err(|error| failed(&self.to, &error))?;
        if let Some(home) = &self.among {
            // One that stays is no reason to fail.
            let _left = thin(home);
        }
        Ok(path)
    }

    fn pack(&self, command: &str, missing: BTreeMap<NodeName, String>) -> io::Result<()> {
        let folder = self.work.join(&self.name);
        let archives = sums(&folder)?;
        let lines: Vec<_> = archives.iter().map(|(path, sum)| format!("{sum}  {path}\n")).collect();
        fs::write(folder.join("SHA256SUMS"), lines.concat())?;
        fs::copy(&self.inventory, folder.join("inventory.yml"))?;
        let manifest = Manifest {
            form: FORM,
            taken: self.taken.to_string(),
            command: command.to_owned(),
            inventory: self.inventory.display().to_string(),
            archives,
            missing,
        };
        fs::write(folder.join(MANIFEST), serde_json::to_string_pretty(&manifest)? + "\n")?;
        let file = self.work.join("packed");
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(&self.work).arg("-cf").arg(&file).arg(&self.name);
        // Made before, so that nobody else can read it.
        File::options().write(true).create_new(true).mode(0o600).open(&file)?;
        packed(tar)?;
        File::open(&file)?.sync_all()?;
        fs::rename(&file, &self.to)
    }
}

impl Drop for Backup {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.work);
    }
}

/// A backup that was read. Its files are gone when this is dropped.
pub(in crate::ops) struct Stored {
    folder: PathBuf,
    archives: BTreeMap<String, String>,
}

impl Stored {
    /// Unpacks one, and compares its checksums.
    pub(in crate::ops) fn read(path: &Path) -> Result<Self, Fault> {
        let wrong =
            |what: String| Fault::Usage(format!("`{}` is no backup that can be restored: {what}", path.display()));
        let folder = std::env::temp_dir().join(format!("bricklayer-restore-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&folder).map_err(|error| wrong(error.to_string()))?;
        let mut stored = Self { folder, archives: BTreeMap::new() };
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(&stored.folder).args(["--strip-components=1", "-xf"]).arg(path);
        packed(tar).map_err(|error| wrong(error.to_string()))?;
        let text = fs::read(stored.folder.join(MANIFEST)).map_err(|error| wrong(format!("{MANIFEST}: {error}")))?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| wrong(format!("{MANIFEST}: {error}")))?;
        if manifest.form != FORM {
            return Err(wrong(format!("it has form {}, and this version reads {FORM}", manifest.form)));
        }
        for (name, sum) in &manifest.archives {
            let found = hand::sum(&stored.folder.join(name)).map_err(|error| wrong(format!("{name}: {error}")))?;
            if found.1 != *sum {
                return Err(wrong(format!("{name} is not what was packed: its checksum differs")));
            }
        }
        stored.archives = manifest.archives;
        Ok(stored)
    }

    /// Of these nodes, where the archive of each lies.
    pub(in crate::ops) fn archives(
        &self,
        service: Service,
        nodes: impl Iterator<Item = NodeName>,
    ) -> BTreeMap<NodeName, PathBuf> {
        let path = |node: &NodeName| format!("{}/{}", service.key(), archive_name(node));
        let there = nodes.filter(|node| self.archives.contains_key(&path(node)));
        there.map(|node| (node.clone(), self.folder.join(path(&node)))).collect()
    }

    /// The text of one file in an archive.
    pub(in crate::ops) fn text(archive: &Path, name: &str) -> Result<String, Fault> {
        let mut tar = Command::new("tar");
        tar.arg("-xzOf").arg(archive).arg(name);
        let text =
            packed(tar).map_err(|error| Fault::Usage(format!("`{}` has no {name}: {error}", archive.display())))?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.folder);
    }
}

// Runs the `tar` of this machine; answers what it prints.
fn packed(mut tar: Command) -> io::Result<Vec<u8>> {
    let said = tar.stdin(Stdio::null()).output()?;
    if !said.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&said.stderr).trim().to_owned()));
    }
    Ok(said.stdout)
}

fn failed(to: &Path, error: &io::Error) -> Fault {
    Fault::Backup(format!("`{}` cannot be written on this machine: {error}", to.display()))
}

// By the inventory's name and, so that two of the same name are kept apart, its path.
fn home(inventory: &Path) -> Result<PathBuf, Fault> {
    let path = fs::canonicalize(inventory).unwrap_or_else(|_| inventory.to_owned());
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mark = sum::of_parts([path.to_string_lossy().as_ref()]);
    Ok(backup_home(&|name| std::env::var_os(name))?.join(format!("{stem}-{}", &mark[..8])))
}

fn sums(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut sums = BTreeMap::new();
    for service in fs::read_dir(folder)? {
        let service = service?;
        for archive in fs::read_dir(service.path())? {
            let archive = archive?;
            let name = format!("{}/{}", service.file_name().display(), archive.file_name().display());
            sums.insert(name, hand::sum(&archive.path())?.1);
        }
    }
    Ok(sums)
}

// Their names sort by time.
fn thin(home: &Path) -> io::Result<()> {
    let entries = fs::read_dir(home)?.collect::<Result<Vec<_>, _>>()?;
    let mut all: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    all.retain(|path| path.extension().is_some_and(|extension| extension == "tar"));
    all.sort();
    let many = all.len().saturating_sub(KEPT);
    all[..many].iter().try_for_each(fs::remove_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ten_are_kept_and_nothing_else_is_touched() {
        let home = tempfile::tempdir().unwrap();
        for i in 0..13 {
            fs::write(home.path().join(format!("202601{i:02}-000000.tar")), "").unwrap();
        }
        fs::write(home.path().join("20250101-notes.txt"), "").unwrap();
        thin(home.path()).unwrap();
        let mut left: Vec<_> = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left.len(), 11);
        assert_eq!((left[0].to_str(), left[1].to_str()), (Some("20250101-notes.txt"), Some("20260103-000000.tar")));
    }
}
