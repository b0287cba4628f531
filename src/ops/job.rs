//! What a command works on: the inventory, its rooms, the playbooks.

use std::collections::BTreeSet;

use crate::inventory::{Draft, Inventory};
use crate::model::{NodeName, Service};
use crate::ops::{Fault, Settings};
use crate::plan::{Level, Note};
use crate::playbook::Library;
use crate::services::{self, MANAGED, Rooms};
use crate::yaml::nearest;

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
        let only = match settings.on.as_slice() {
            [] => None,
            names => Some(nodes(&inventory, names)?),
        };
        Ok(Self { settings, inventory, rooms, library, only })
    }

    /// The nodes of all rooms, sorted.
    pub fn nodes(&self) -> BTreeSet<NodeName> {
        self.rooms.iter().flat_map(|room| room.nodes()).collect()
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

/// Node names of the command line.
pub(super) fn nodes(inventory: &Inventory, names: &[String]) -> Result<BTreeSet<NodeName>, Fault> {
    names
        .iter()
        .map(|name| {
            let found = inventory.nodes.iter().find(|node| node.name.as_str() == name);
            found.map(|node| node.name.clone()).ok_or_else(|| {
                let near = nearest(name, inventory.nodes.iter().map(|node| node.name.as_str()));
                let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                Fault::Usage(format!("there is no node `{name}` in `{}`{near}", inventory.path.display()))
            })
        })
        .collect()
}
