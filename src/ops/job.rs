//! What a command works on: the inventory, its rooms, the playbooks.

use std::collections::BTreeSet;

use crate::inventory::{Draft, Inventory, select};
use crate::model::{NodeName, Service};
use crate::ops::{Fault, Settings};
use crate::plan::{Level, Note};
use crate::playbook::Library;
use crate::services::{self, MANAGED, Rooms};

/// Everything that was read before any node is asked.
pub struct Job {
    /// What the command line says.
    pub settings: Settings,
    /// The inventory, in which nothing is wrong.
    pub inventory: Inventory,
    /// The managed services.
    pub rooms: Rooms,
    /// The playbooks, which keep the rooms' terms.
    pub library: Library,
    /// `--on`.
    pub only: Option<BTreeSet<NodeName>>,
}

impl Job {
    /// Reads and judges the inventory and the playbooks, all problems at once.
    pub fn load(settings: Settings) -> Result<Self, Fault> {
        let mut draft = Draft::read(&settings.inventory);
        let rooms = services::open(&mut draft, &settings.services);
        let inventory = draft.finish().map_err(|problems| Fault::Inventory(Box::new(problems)))?;
        let library = match &settings.playbooks {
            Some(folder) => Library::load(folder),
            None => Library::builtin(),
        };
        let library = library.map_err(Fault::Playbooks)?;
        for room in &rooms {
            library.check(room.contracts()).map_err(Fault::Playbooks)?;
        }
        Self::of(settings, inventory, (rooms, library))
    }

    /// Reads and judges the inventory alone, and what services are wanted there counts for nothing.
    pub fn of_nodes(settings: Settings) -> Result<Self, Fault> {
        let inventory = Draft::read(&settings.inventory).finish();
        let inventory = inventory.map_err(|problems| Fault::Inventory(Box::new(problems)))?;
        let library = Library::builtin().map_err(Fault::Playbooks)?;
        Self::of(settings, inventory, (Rooms::new(), library))
    }

    fn of(settings: Settings, inventory: Inventory, (rooms, library): (Rooms, Library)) -> Result<Self, Fault> {
        let only = settings.on.as_deref().map(|on| select(&inventory, on).map_err(Fault::Usage)).transpose()?;
        Ok(Self { settings, inventory, rooms, library, only })
    }

    /// The nodes of all rooms, sorted.
    pub fn nodes(&self) -> BTreeSet<NodeName> {
        self.rooms.iter().flat_map(|room| room.nodes()).collect()
    }

    /// The nodes of `--on`, or all of the inventory, in its order: also those that no room manages.
    pub fn selected(&self) -> Vec<NodeName> {
        let chosen = |name: &&NodeName| self.only.as_ref().is_none_or(|only| only.contains(*name));
        self.inventory.nodes.iter().map(|node| &node.name).filter(chosen).cloned().collect()
    }

    /// Services that the inventory enables and nothing manages.
    pub fn unmanaged(&self) -> Option<Note> {
        let unmanaged =
            |service: &Service| !MANAGED.contains(service) && self.inventory.enabled(*service).next().is_some();
        let names: Vec<_> = Service::ALL.into_iter().filter(unmanaged).map(Service::key).collect();
        (!names.is_empty()).then(|| Note {
            level: Level::Info,
            node: None,
            text: format!("enabled, not managed: {}", names.join(", ")),
        })
    }
}

/// Nodes that the command line names, each by a selection.
pub(super) fn nodes(inventory: &Inventory, names: &[String]) -> Result<BTreeSet<NodeName>, Fault> {
    if names.is_empty() {
        return Ok(BTreeSet::new());
    }
    select(inventory, &names.join(",")).map_err(Fault::Usage)
}
