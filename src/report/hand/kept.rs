//! All that a node has printed, in bounded memory.

use std::fs::{self, File};
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// So much of an output stays in memory; what is longer goes to a file as a whole.
const IN_MEMORY: usize = 256 * 1024;

/// Makes the file for an output that is too long, by its name.
pub type Spill = Box<dyn FnMut(&str) -> io::Result<PathBuf> + Send>;

/// One output of one node.
#[derive(Default)]
pub(super) struct Kept {
    memory: Vec<u8>,
    file: Option<(File, PathBuf)>,
    hasher: Sha256,
    total: u64,
}

/// What is the same is equal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Likeness(u64, Vec<u8>);

impl Kept {
    pub(super) fn push(&mut self, bytes: &[u8], name: impl Fn() -> String, spill: &mut Spill) -> io::Result<()> {
        self.hasher.update(bytes);
        self.total += bytes.len() as u64;
        if self.file.is_none() && self.memory.len() + bytes.len() > IN_MEMORY {
            let path = spill(&name())?;
            let made = File::options().read(true).write(true).create_new(true).mode(0o600).open(&path);
            let mut file = made.map_err(|error| with_path(&error, &path))?;
            file.write_all(&self.memory).map_err(|error| with_path(&error, &path))?;
            self.memory = Vec::new();
            self.file = Some((file, path));
        }
        if let Some((file, path)) = &mut self.file {
            return file.write_all(bytes).map_err(|error| with_path(&error, path));
        }
        self.memory.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn likeness(&self) -> Likeness {
        Likeness(self.total, self.hasher.clone().finalize().to_vec())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Where it lies, and how long it is, if it is too long for the memory.
    pub(super) fn file(&self) -> Option<(&Path, u64)> {
        self.file.as_ref().map(|(_, path)| (path.as_path(), self.total))
    }

    /// Somebody else has the same.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        match self.file.take() {
            Some((_, path)) => fs::remove_file(&path).map_err(|error| with_path(&error, &path)),
            None => Ok(()),
        }
    }

    /// Hands all of it over, in pieces.
    pub(super) fn read(&mut self, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let Some((file, _)) = &mut self.file else { return each(&self.memory) };
        file.seek(SeekFrom::Start(0))?;
        let mut piece = vec![0; 64 * 1024];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(()),
                read => each(&piece[..read])?,
            }
        }
    }
}

fn with_path(error: &io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("cannot keep what a node prints in `{}`: {error}", path.display()))
}
