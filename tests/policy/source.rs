//! The source files of the crate.

use std::fs;
use std::path::{Path, PathBuf};

pub struct File {
    /// Below `src/`: `plan/task.rs`.
    pub path: String,
    pub text: String,
}

impl File {
    /// Its code without its `#[cfg(test)]` part, which stands at the end.
    pub fn product(&self) -> &str {
        let end = self.text.find("#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        &self.text[..end]
    }

    /// A file that only tests are made of.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs")
            || self.path.contains("/laws/")
            || self.path.contains("/tests/")
            || self.path == "events/fake.rs"
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `src/`, sorted.
pub fn files() -> Vec<File> {
    let src = root().join("src");
    let mut paths = Vec::new();
    walk(&src, &mut paths);
    paths.sort();
    paths
        .iter()
        .map(|path| File {
            path: path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned(),
            text: fs::read_to_string(path).unwrap(),
        })
        .collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, paths);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            paths.push(path);
        }
    }
}
