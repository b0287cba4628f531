//! The decision, on one screen.

use crate::plan::{Plan, Refusal, Request};
use crate::services::glusterfs::plan::build::add;
use crate::services::glusterfs::plan::growth::Growth;
use crate::services::glusterfs::plan::view::{Nodes, View};
use crate::services::glusterfs::plan::{bricks, hosts, identity, mount, options, pool, prepare, volume};
use crate::services::glusterfs::spec::Spec;

/// What is to be done so that what is seen becomes what is wanted, or all reasons why nothing may be done.
pub fn decide(spec: &Spec, nodes: &Nodes, request: &Request) -> Result<Plan, Vec<Refusal>> {
    let view = View::new(spec, nodes, request);
    none(
        hosts::check(&view)
            .into_iter()
            .chain(identity::check(&view))
            .chain(pool::check(&view))
            .chain(mount::check(&view)),
    )?;
    let Some(coordinator) = view.coordinator() else {
        return Err(vec![pool::blind()]);
    };

    let mut asleep = prepare::wakes(&view) || volume::wakes(&view);
    let mut growth = if asleep { Growth::default() } else { Growth::plan(&view)? };
    let mut settle = None;
    if !growth.is_none() {
        none(pool::gate(&view).into_iter().chain(bricks::check(&view, &growth)))?;
        settle = pool::settle(&view);
    }
    if settle.is_some() {
        (asleep, growth) = (true, Growth::default());
    }

    let mut plan = Plan::default();
    add(&mut plan, identity::plan(&view));
    add(&mut plan, prepare::plan(&view, &growth));
    add(&mut plan, settle.unwrap_or_else(|| pool::plan(&view, &growth, coordinator)));
    add(&mut plan, volume::plan(&view, &growth, coordinator));
    if asleep {
        plan.open = Some(
            "how the cluster grows and what is mounted is known once its daemons and bricks run and see each other"
                .to_owned(),
        );
    } else {
        add(&mut plan, mount::plan(&view));
        add(&mut plan, volume::heal(&view, &growth, coordinator));
    }
    plan.notes = hosts::notes(&view);
    plan.notes.extend(pool::notes(&view));
    plan.notes.extend(volume::notes(&view));
    plan.notes.extend(options::notes(&view, &growth));
    plan.notes.extend(bricks::notes(&view, &growth));
    plan.notes.extend(mount::notes(&view));
    plan.notes.extend(growth.notes);
    Ok(plan)
}

fn none(refusals: impl Iterator<Item = Refusal>) -> Result<(), Vec<Refusal>> {
    let refusals: Vec<_> = refusals.collect();
    if refusals.is_empty() { Ok(()) } else { Err(refusals) }
}
