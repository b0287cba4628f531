//! What a command works on: the inventory, its rooms, the playbooks.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::inventory::{Draft, Inventory, host_names, select};
use crate::model::{Hop, NodeName, Service};
use crate::ops::{Fault, InventoryChange, Settings};
use crate::plan::{Level, Note};
use crate::playbook::Library;
use crate::services::{self, MANAGED, Rooms};

/// Everything that was read before any node is asked.
pub struct Job {
    /// What the command line says.
    pub settings: Settings,
    /// The inventory, in which nothing is wrong; an empty one where hosts are named in its place.
    pub inventory: Inventory,
    /// The managed services.
    pub rooms: Rooms,
    /// The playbooks, which keep the rooms' terms.
    pub library: Library,
    /// `--on`.
    pub only: Option<BTreeSet<NodeName>>,
    /// Those of `-H`, each by the name that it has here.
    pub hosts: Vec<(NodeName, Hop)>,
    /// The inventory's file is not so yet: it shall be before any node is changed.
    pub change: Option<InventoryChange>,
}

impl Job {
    /// Reads and judges the inventory and the playbooks, all problems at once.
    pub fn load(settings: Settings) -> Result<Self, Fault> {
        let draft = Draft::read(&settings.inventory);
        Self::judged(settings, draft)
    }

    /// With an inventory that was changed, and is to be written so.
    pub fn with(settings: Settings, inventory: &Inventory, change: Option<InventoryChange>) -> Result<Self, Fault> {
        let draft = Draft::of_text(&inventory.path, &inventory.source.text);
        Ok(Self { change, ..Self::judged(settings, draft)? })
    }

    fn judged(settings: Settings, mut draft: Draft) -> Result<Self, Fault> {
        let rooms = services::open(&mut draft, &settings.services, &settings.leaving);
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

    /// Nodes without services or playbooks of ours: those that the command line names (`-H`), or those of the inventory,
    /// which alone is read and judged.
    pub fn of_nodes(settings: Settings) -> Result<Self, Fault> {
        let nothing = (Rooms::new(), Library::default());
        if settings.hosts.is_empty() {
            let inventory = Draft::read(&settings.inventory).finish();
            let inventory = inventory.map_err(|problems| Fault::Inventory(Box::new(problems)))?;
            return Self::of(settings, inventory, nothing);
        }
        if settings.on.is_some() {
            return Err(Fault::Usage(
                "`--on` selects from an inventory; with `-H`, name the hosts that you mean".to_owned(),
            ));
        }
        let hosts = hosts(&settings.hosts).map_err(Fault::Usage)?;
        let inventory = Inventory::none(PathBuf::from(["-H ", &settings.hosts.join(",")].concat()));
        Ok(Self { hosts, ..Self::of(settings, inventory, nothing)? })
    }

    fn of(settings: Settings, inventory: Inventory, (rooms, library): (Rooms, Library)) -> Result<Self, Fault> {
        let only = settings.on.as_deref().map(|on| select(&inventory, on).map_err(Fault::Usage)).transpose()?;
        Ok(Self { settings, inventory, rooms, library, only, hosts: Vec::new(), change: None })
    }

    /// The nodes of all rooms, sorted.
    pub fn nodes(&self) -> BTreeSet<NodeName> {
        self.rooms.iter().flat_map(|room| room.nodes()).collect()
    }

    /// The hosts of `-H`, or the nodes of `--on`, or all of the inventory, in its order: also those that no room manages.
    pub fn selected(&self) -> Vec<NodeName> {
        let chosen = |name: &&NodeName| self.only.as_ref().is_none_or(|only| only.contains(*name));
        let nodes = self.inventory.nodes.iter().map(|node| &node.name).filter(chosen);
        self.hosts.iter().map(|(name, _)| name).chain(nodes).cloned().collect()
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

// `[user@]host[:port]`, each by its host, or as it is written where two would have the same name.
fn hosts(written: &[String]) -> Result<Vec<(NodeName, Hop)>, String> {
    let mut hosts = Vec::new();
    let mut names = BTreeSet::new();
    for text in written {
        for written in host_names(text)? {
            let hop = Hop::read(&written).filter(|hop| !hop.host.starts_with('-'));
            let hop = hop.ok_or_else(|| format!("`{written}` is no host like `[user@]host[:port]`"))?;
            let name = NodeName::new(&hop.host);
            let name = if names.contains(&name) { NodeName::new(&written) } else { name };
            if names.insert(name.clone()) {
                hosts.push((name, hop));
            }
        }
    }
    Ok(hosts)
}

/// Nodes that the command line names, each by a selection.
pub(super) fn nodes(inventory: &Inventory, names: &[String]) -> Result<BTreeSet<NodeName>, Fault> {
    if names.is_empty() {
        return Ok(BTreeSet::new());
    }
    select(inventory, &names.join(",")).map_err(Fault::Usage)
}
