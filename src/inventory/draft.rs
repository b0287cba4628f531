//! Loading: the file as far as it could be read, and what came of it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::inventory::node::Context;
use crate::inventory::{InventoryNode, keys, names, nodes, ssh};
use crate::model::Service;
use crate::yaml::{Fields, Item, Kind, Label, Problems, Source, Span, Value, parse};

/// An inventory in which nothing is wrong.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// The file.
    pub path: PathBuf,
    /// Its text; positions are in it.
    pub source: Source,
    /// Its tree, from which rooms read their sections.
    pub tree: Value,
    /// Controllers, then compute nodes, in the order of the file.
    pub nodes: Vec<InventoryNode>,
    /// What works, but not as one may think.
    pub warnings: Problems,
    complete: bool,
}

/// Where paths of the workstation begin.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The directory of the inventory.
    pub beside: PathBuf,
    /// The home directory, if there is one.
    pub home: Option<PathBuf>,
}

impl Places {
    /// Of an inventory in this file.
    pub fn of(path: &Path) -> Self {
        let beside = path.parent().unwrap_or(Path::new("")).to_owned();
        // Paths in the result are absolute, whatever directory we are started in.
        let beside = std::path::absolute(&beside).unwrap_or(beside);
        Self { beside, home: std::env::home_dir() }
    }
}

/// An inventory as far as it could be read, and everything that is wrong with it so far: rooms judge their
/// sections before anything is reported, so that all problems are told at once.
#[derive(Clone, Debug)]
pub struct Draft {
    inventory: Option<Inventory>,
    problems: Problems,
}

impl Inventory {
    /// Reads a file and judges it, sections of rooms left out. `Err` holds all problems with their places.
    pub fn load(path: &Path) -> Result<Self, Problems> {
        Draft::read(path).finish()
    }

    /// One without a file and without nodes, for what is done on hosts that are named otherwise: `path` says how.
    pub fn none(path: PathBuf) -> Self {
        let source = Source::new(&path.to_string_lossy(), "");
        let tree = Value { kind: Kind::Map(Vec::new()), span: Span::default(), via: None };
        let warnings = Problems::new(source.clone());
        Self { path, source, tree, nodes: Vec::new(), warnings, complete: true }
    }

    /// The part of the file under some keys: `["storage", "glusterfs"]`.
    pub fn section(&self, path: &[&str]) -> Option<Item<'_>> {
        let mut item = Item::root(&self.tree);
        for key in path {
            let entry = item.value.get(key)?;
            item = Item { label: Label::Key(&entry.key.text), at: entry.key.span, value: &entry.value };
        }
        Some(item)
    }

    /// The node that goes by this name, in any case, or has this address.
    pub fn named(&self, word: &str) -> Option<&InventoryNode> {
        let address = word.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        let is = |node: &&InventoryNode| node.name.as_str().eq_ignore_ascii_case(word) || Some(node.address) == address;
        self.nodes.iter().find(is)
    }

    /// The nodes on which a service is wanted, in the order of the file.
    pub fn enabled(&self, service: Service) -> impl Iterator<Item = &InventoryNode> {
        self.nodes.iter().filter(move |node| node.enables(service))
    }

    /// False in a draft where some node could not be read: counting nodes would mislead then.
    pub fn is_complete(&self) -> bool {
        self.complete
    }
}

impl Draft {
    /// Reads a file.
    pub fn read(path: &Path) -> Self {
        match Source::read(path) {
            Ok(source) => Self::of(path, source, &Places::of(path)),
            Err(mut problems) => {
                for problem in problems.list.iter_mut().filter(|problem| problem.help.is_none()) {
                    let inside = path.is_dir().then(|| format!(" in it: `-i {}`", path.join("FILE").display()));
                    let inside = inside.unwrap_or_else(|| " with `-i FILE`".to_owned());
                    problem.help = Some(format!("name the inventory{inside}"));
                }
                Self { inventory: None, problems }
            }
        }
    }

    /// Reads a text that could be in a file.
    pub fn of_text(path: &Path, text: &str) -> Self {
        Self::of(path, Source::new(&path.to_string_lossy(), text), &Places::of(path))
    }

    /// Reads a text.
    pub fn of(path: &Path, source: Source, places: &Places) -> Self {
        let mut problems = Problems::new(source.clone());
        let inventory = parse(&mut problems).map(|tree| {
            let (nodes, complete) = judge(&tree, places, &mut problems);
            let warnings = Problems::new(source.clone());
            Inventory { path: path.to_owned(), source, tree, nodes, warnings, complete }
        });
        Self { inventory, problems }
    }

    /// Lets a room read its section; `None` where the file could not be read at all, or what the room answers.
    pub fn judge<T>(&mut self, room: impl FnOnce(&Inventory, &mut Problems) -> Option<T>) -> Option<T> {
        room(self.inventory.as_ref()?, &mut self.problems)
    }

    /// The inventory, if nothing is wrong, or all problems in the order of the file.
    pub fn finish(self) -> Result<Inventory, Problems> {
        let mut problems = self.problems;
        problems.sort();
        match self.inventory {
            Some(inventory) if !problems.failed() => Ok(Inventory { warnings: problems, ..inventory }),
            _ => Err(problems),
        }
    }
}

fn judge(tree: &Value, places: &Places, problems: &mut Problems) -> (Vec<InventoryNode>, bool) {
    let Some(root) = Item::root(tree).map(problems) else { return (Vec::new(), false) };
    root.only_or_own(&names(keys::TOP), keys::OWN_PREFIX, problems);
    sections(&root, problems);
    let ssh = ssh::Written::read(root.get("ssh"), places, problems);
    nodes::read(&root, &Context { places, ssh: &ssh }, problems)
}

// Rooms read what is inside; here it is enough that they are maps.
fn sections(root: &Fields<'_>, problems: &mut Problems) {
    if let Some(storage) = root.get("storage").and_then(|item| item.map(problems)) {
        storage.only(&names(keys::STORAGE), problems);
    }
    for key in ["keepalived", "mariadb", "redis", "slurm"] {
        root.get(key).and_then(|item| item.map(problems));
    }
}
