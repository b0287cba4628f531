//! All that a node has printed, in bounded memory.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::path::PathBuf;

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
            let mut file = File::options().read(true).write(true).create_new(true).open(&path)?;
            file.write_all(&self.memory)?;
            self.memory = Vec::new();
            self.file = Some((file, path));
        }
        if let Some((file, _)) = &mut self.file {
            return file.write_all(bytes);
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
