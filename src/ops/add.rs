//! `add`: more nodes into a running cluster. The inventory learns of them; then it is what `up` does.

use std::net::IpAddr;
use std::time::Duration;

use tokio::net::lookup_host;

use crate::inventory::{EditError, Inventory, Role};
use crate::model::{NodeName, Service};
use crate::ops::change::InventoryChange;
use crate::ops::settings::ADD_LOG;
use crate::ops::{Fault, Job, Settings, UpWish, connect, up};
use crate::plan::Mode;
use crate::services::MANAGED;
use crate::transport::{ConnectError, Exit, Script};

/// What `add` is asked for.
#[derive(Clone, Debug)]
pub struct AddWish {
    /// To which service.
    pub service: Service,
    /// By address.
    pub ips: Vec<IpAddr>,
    /// By name.
    pub hosts: Vec<String>,
    /// What nodes have kept from when they were members is deleted.
    pub wipe: bool,
    /// Show, and stop.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
}

/// How long a node may take to say its name.
const ANSWER: Duration = Duration::from_secs(30);

/// Does it. Answers the exit code.
pub async fn add(settings: Settings, wish: AddWish) -> Result<u8, Fault> {
    if !MANAGED.contains(&wish.service) {
        return Err(Fault::Usage(format!("{} is not managed yet", wish.service.key())));
    }
    let settings = Settings { services: vec![wish.service], node_log: ADD_LOG, ..settings };
    let job = Job::load(settings.clone())?;
    let before = job.inventory.clone();
    let mut after = before.clone();
    for address in &wish.ips {
        let known = after.nodes.iter().find(|node| node.address == address.to_canonical());
        let name = match known {
            Some(known) => known.name.clone(),
            None => name_of(&settings, &after, *address, wish.service).await?,
        };
        after = with(after, &name, *address, wish.service)?;
    }
    for host in &wish.hosts {
        let name = NodeName::new(host);
        let address = match after.nodes.iter().find(|node| node.name == name) {
            Some(known) => known.address,
            None => address_of(host).await?,
        };
        after = with(after, &name, address, wish.service)?;
    }
    let change = InventoryChange::between(&before, &after);
    let job = Job::with(settings, &after, change)?;
    let wish = UpWish { mode: Mode::Join, wipe: wish.wipe, dry_run: wish.dry_run, yes: wish.yes, ..UpWish::default() };
    up(job, wish).await
}

/// The inventory with this node in that service.
pub(super) fn with(
    inventory: Inventory,
    name: &NodeName,
    address: IpAddr,
    service: Service,
) -> Result<Inventory, Fault> {
    let edited = match inventory.nodes.iter().find(|node| node.name == *name) {
        Some(known) if known.address != address.to_canonical() => {
            return Err(Fault::Usage(format!(
                "`{name}` is in {} already, with the address {} and not {address}",
                inventory.path.display(),
                known.address
            )));
        }
        Some(known) if known.role == Role::Compute => {
            let what = format!("`{name}` is a compute node in {}", inventory.path.display());
            return Err(Fault::Usage(format!("{what}: move it to `controllers`, and run `up`")));
        }
        Some(known) if known.enables(service) => return Ok(inventory),
        Some(_) => inventory.with_service(name, service, true),
        None => inventory.with_controller(name, address, service),
    };
    edited.map_err(|error| match error {
        EditError::Wrong(problems) => Fault::Inventory(problems),
        EditError::ByHand(what) => Fault::Usage(format!("{what}, and run `up`: its layout is not understood here")),
    })
}

/// As the node itself says it, which is reached as its neighbours are.
pub(super) async fn name_of(
    settings: &Settings,
    inventory: &Inventory,
    address: IpAddr,
    service: Service,
) -> Result<NodeName, Fault> {
    let stranger = NodeName::new(&format!("new-{}", address.to_string().replace(['.', ':'], "-")));
    let inventory = with(inventory.clone(), &stranger, address, service)?;
    let job = Job::with(settings.clone(), &inventory, None)?;
    let (transport, _) = connect::transport(&job, &[stranger.clone()].into()).await?;
    let session = transport.connect(&stranger).await?;
    let script = Script { text: "uname -n".to_owned(), become_root: false, timeout: ANSWER };
    let outcome = session.run(&script, &|_| ()).await;
    session.close().await;
    let why = match outcome {
        Ok(outcome) if outcome.exit == Exit::Code(0) => return Ok(NodeName::new(outcome.stdout.text.trim())),
        Ok(outcome) => outcome.stderr.text,
        Err(error) => error.to_string(),
    };
    let cause = format!("it does not say its name (`uname -n`): {}; give it with `--host`", why.trim());
    Err(ConnectError::Handshake { address: address.to_string(), cause }.into())
}

/// As this machine finds it.
pub(super) async fn address_of(host: &str) -> Result<IpAddr, Fault> {
    let found = lookup_host((host, 0)).await.ok().and_then(|mut found| found.next());
    found.map(|found| found.ip().to_canonical()).ok_or_else(|| {
        Fault::Usage(format!("`{host}` is not in the inventory, and this machine finds no address of it: use `--ip`"))
    })
}
