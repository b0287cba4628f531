//! `run FILE`: a playbook of the user's own, on nodes of their choice.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::events::{Event, LookWhy};
use crate::exec::{self, LockError, Ready, StageEnd};
use crate::facts::Probe;
use crate::inventory::{InventoryNode, Role};
use crate::model::{NodeName, Service, Share, shell};
use crate::ops::run::Run;
use crate::ops::up::{agreed, unlocked};
use crate::ops::{Fault, Job};
use crate::plan::{Plan, Refusal, Stage, Task, TaskId, Then, Var, Vars, Wave};
use crate::playbook::{OF_NODE, Own};
use crate::report::hosts::folded;

/// What `run` is asked for.
#[derive(Clone, Debug)]
pub struct RunWish {
    /// The playbook.
    pub file: PathBuf,
    /// Its variables.
    pub vars: Vec<(String, String)>,
    /// So many nodes at a time; all of them otherwise.
    pub serial: Option<Share>,
    /// So many nodes may fail before no more are begun.
    pub max_fail: Share,
    /// Show, and stop.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
}

/// Does it. Answers the exit code.
pub async fn run_file(job: Job, wish: RunWish) -> Result<u8, Fault> {
    let own = Own::load(&wish.file).map_err(Fault::Playbooks)?;
    let given = own.given(&wish.vars).map_err(|wrong| Fault::Usage(wrong.join("; and ")))?;
    let nodes = job.selected();
    if !job.hosts.is_empty() {
        only_what_hosts_have(&own, &wish).map_err(Fault::Usage)?;
    }
    let (plan, ready) = plan(&own, &job.inventory.nodes, &nodes, (&given, &wish))?;
    let reached: BTreeSet<NodeName> = if wish.dry_run { BTreeSet::new() } else { nodes.iter().cloned().collect() };
    let run = Run::start_on(job, (nodes, &reached), !wish.dry_run).await?;
    let outcome = work(&run, &wish, plan, &ready).await;
    run.end(outcome, |state| state.exit_code(&BTreeSet::new())).await
}

async fn work(run: &Run, wish: &RunWish, mut plan: Plan, ready: &Ready) -> Result<(), Fault> {
    if wish.dry_run {
        run.context.tell.send(Event::Planned { plan: plan.clone() }).await;
        return run.show(&plan, ready).await;
    }
    let nodes: BTreeSet<NodeName> = plan.tasks().map(|task| task.id.node.clone()).collect();
    let probes = nodes.iter().map(|node| (node.clone(), Probe::new(&[], Vec::new()))).collect();
    let look = exec::look(&run.context, LookWhy::First, &probes).await;
    if run.context.interrupt.stopping() {
        return Ok(());
    }
    let seen = look.nodes.iter().filter(|(_, seen)| seen.known().is_some());
    let reachable: BTreeSet<NodeName> = seen.map(|(node, _)| node.clone()).collect();
    let (lost, may_fail) = (nodes.len() - reachable.len(), wish.max_fail.of(nodes.len()));
    if lost > may_fail {
        let lost: Vec<_> = nodes.difference(&reachable).cloned().collect();
        run.refuse(vec![too_few(&lost, may_fail, run.job.settings.on.as_deref())]).await;
    }
    // That none can be reached was said of each.
    if reachable.is_empty() || lost > may_fail {
        return Ok(());
    }
    leave_out(&mut plan, &reachable);
    run.context.tell.send(Event::Planned { plan: plan.clone() }).await;
    if !wish.yes {
        run.show(&plan, ready).await?;
    }
    if agreed(run, wish.yes, &plan).await? {
        locked(run, &plan, ready, may_fail - lost).await;
    }
    Ok(())
}

// Nothing that was seen decides what is done, so there is no need to look again with the locks held.
async fn locked(run: &Run, plan: &Plan, ready: &Ready, spare: usize) {
    let nodes: BTreeSet<NodeName> = plan.tasks().map(|task| task.id.node.clone()).collect();
    let nodes: Vec<NodeName> = nodes.into_iter().collect();
    let locks = match exec::lock(&run.context, &nodes).await {
        Ok(locks) => locks,
        Err(LockError::Held(refusal) | LockError::Failed(refusal)) => return run.refuse(vec![refusal]).await,
    };
    run.context.tell.send(Event::Locked { nodes }).await;
    for stage in &plan.stages {
        if let StageEnd::Unlocked(node) = exec::run_waves(&run.context, &locks, (stage, ready), spare).await {
            run.refuse(vec![unlocked(&node)]).await;
        }
    }
    locks.release().await;
}

// One stage of one task a node, in waves of as many nodes as are wanted at a time, and all of it rendered.
fn plan(
    own: &Own,
    inventory: &[InventoryNode],
    nodes: &[NodeName],
    (given, wish): (&Vars, &RunWish),
) -> Result<(Plan, Ready), Fault> {
    let why = format!("{} says so", wish.file.display());
    let tasks: Vec<Task> = nodes
        .iter()
        .map(|node| {
            let mut vars = given.clone();
            let about = match inventory.iter().find(|known| known.name == *node) {
                Some(known) => of_node(known, inventory).to_vec(),
                None => of_host(node, nodes).to_vec(),
            };
            let own_vars = about.into_iter().filter(|(name, _)| own.prints(name));
            vars.extend(own_vars.map(|(name, value)| (name.to_owned(), value)));
            let id = TaskId::new(own.name(), node);
            Task { id, service: None, vars, why: why.clone(), files: std::collections::BTreeMap::new() }
        })
        .collect();
    let ready: Ready =
        tasks.iter().map(|task| Ok((task.id.clone(), own.render(task)?))).collect::<Result<_, Fault>>()?;
    let docs: BTreeSet<&str> = ready.values().map(|rendered| rendered.doc.as_str()).collect();
    let doc = match docs.first() {
        Some(doc) if docs.len() == 1 => (*doc).to_owned(),
        _ => format!("run {}", wish.file.display()),
    };
    let at_a_time = wish.serial.map_or(tasks.len(), |serial| serial.of(tasks.len())).max(1);
    let waves = tasks.chunks(at_a_time).map(|tasks| Wave { tasks: tasks.to_vec() }).collect();
    let stage = Stage { name: own.name().to_owned(), doc, waves, then: Then::GoOn };
    Ok((Plan { stages: vec![stage], ..Plan::default() }, ready))
}

// `playbook::OF_NODE`, and what each is.
fn of_node(node: &InventoryNode, inventory: &[InventoryNode]) -> [(&'static str, Var); 7] {
    let services = Service::ALL.into_iter().filter(|service| node.enables(*service));
    let role = match node.role {
        Role::Controller => "controller",
        Role::Compute => "compute_node",
    };
    [
        ("address", Var::Text(node.address.to_string())),
        ("addresses", Var::List(inventory.iter().map(|node| node.address.to_string()).collect())),
        ("node", Var::Text(node.name.to_string())),
        ("nodes", Var::List(inventory.iter().map(|node| node.name.to_string()).collect())),
        ("priority", Var::Number(node.priority.unwrap_or_default().into())),
        ("role", Var::Text(role.to_owned())),
        ("services", Var::List(services.map(|service| service.key().to_owned()).collect())),
    ]
}

// What is known of one that no inventory knows.
fn of_host(node: &NodeName, all: &[NodeName]) -> [(&'static str, Var); 2] {
    [("node", Var::Text(node.to_string())), ("nodes", Var::List(all.iter().map(NodeName::to_string).collect()))]
}

fn only_what_hosts_have(own: &Own, wish: &RunWish) -> Result<(), String> {
    let none = NodeName::new("");
    let known = of_host(&none, &[]).map(|(name, _)| name);
    let more: Vec<_> = OF_NODE.into_iter().filter(|name| own.prints(name) && !known.contains(name)).collect();
    if more.is_empty() {
        return Ok(());
    }
    let (file, more, known) = (wish.file.display(), more.join("`, `"), known.join("` and `"));
    Err(format!("{file} prints `{more}`, which only an inventory says of a node; with `-H` there are `{known}`"))
}

fn leave_out(plan: &mut Plan, reachable: &BTreeSet<NodeName>) {
    for stage in &mut plan.stages {
        stage.waves.iter_mut().for_each(|wave| wave.tasks.retain(|task| reachable.contains(&task.id.node)));
        stage.waves.retain(|wave| !wave.tasks.is_empty());
    }
}

fn too_few(lost: &[NodeName], may_fail: usize, on: Option<&str>) -> Refusal {
    let without = folded(lost).into_iter().map(|nodes| format!("!{nodes}"));
    let terms = on.map(str::to_owned).into_iter().chain(without);
    let on = shell::quote(&terms.collect::<Vec<_>>().join(","));
    let lost = lost.len();
    Refusal {
        node: None,
        what: format!("{lost} cannot be reached, and {may_fail} may fail (`--max-fail`): nothing was begun"),
        remedy: format!("bring them back, leave them out (`--on {on}`), or go on without them (`--max-fail {lost}`)"),
        unreachable: true,
    }
}

#[cfg(test)]
mod tests;
