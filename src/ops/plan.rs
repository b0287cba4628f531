//! `plan`: look, decide, show; changes nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::events::LookWhy;
use crate::facts::{Answer, Answers, HostFacts, Look, NOT_ASKED, NodeLook, OsFamily, Seen};
use crate::inventory::InventoryNode;
use crate::ops::run::{self, Run};
use crate::ops::{Fault, Job, SavedPlan, show};
use crate::plan::{Plan, Request};
use crate::report::Said;
use crate::services::Purpose;

/// What `plan` is asked for.
#[derive(Clone, Debug, Default)]
pub struct PlanWish {
    /// Without connecting, as for empty nodes.
    pub offline: bool,
    /// 10 when something would change.
    pub exit_code: bool,
    /// Where it is saved, for `up --plan`.
    pub out: Option<PathBuf>,
}

async fn present(run: &Run, plan: &Plan, wish: &PlanWish) -> Result<(), Fault> {
    let ready = run.render(plan)?;
    if let Some(out) = &wish.out {
        SavedPlan::new(plan, &ready).write(out)?;
    }
    if plan.is_empty() { Ok(()) } else { run.show(plan, &ready).await }
}

/// Shows what `up` would do. Answers the exit code.
pub async fn plan(job: Job, wish: PlanWish) -> Result<u8, Fault> {
    let request = Request { only: job.only.clone(), ..Request::default() };
    if wish.offline {
        return offline(&job, &request, &wish);
    }
    let run = Run::start(job, false).await?;
    let look = run.look(LookWhy::First, Purpose::Plan).await;
    let plan = run.decide(&look, &request).await;
    let pending = plan.as_ref().is_some_and(|plan| !plan.is_empty()) && wish.exit_code;
    let outcome = match plan {
        // That there is nothing to do was told with the decision.
        Some(plan) => present(&run, &plan, &wish).await,
        None => Ok(()),
    };
    run.end(outcome, move |state| match state.exit_code(&request.absent) {
        0 if pending => 10,
        code => code,
    })
    .await
}

// What would be done if every node were just installed; nothing is connected to.
fn offline(job: &Job, request: &Request, wish: &PlanWish) -> Result<u8, Fault> {
    match run::decide(job, &empty(job), request) {
        Ok(plan) => {
            show::show(&job.settings, &plan, &run::render(job, &plan)?, true)?;
            Ok(if wish.exit_code && !plan.is_empty() { 10 } else { 0 })
        }
        Err(refusals) => {
            let console = job.settings.console;
            Said::refusals(&refusals).iter().try_for_each(|said| console.say(said)).map_err(Fault::Terminal)?;
            Ok(5)
        }
    }
}

// Every node as Debian leaves it: no question was asked.
fn empty(job: &Job) -> Look {
    let probes = run::probes(job, Purpose::Plan);
    let names: BTreeMap<String, Vec<IpAddr>> =
        job.inventory.nodes.iter().map(|node| (node.name.to_string(), vec![node.address])).collect();
    let look = |node: &InventoryNode| {
        let sections = probes.get(&node.name).map(|probe| probe.sections.as_slice()).unwrap_or_default();
        let unasked = Answer { code: NOT_ASKED, ..Answer::default() };
        Seen::Known(NodeLook {
            host: HostFacts {
                family: Some(OsFamily::Debian),
                os: "not looked at".to_owned(),
                addresses: vec![node.address],
                clock_ms: None,
                resolves: names.clone(),
                firewalls: Vec::new(),
                root: true,
                systemd: true,
            },
            answers: Answers::of(sections.iter().map(|section| (section.key.clone(), unasked.clone()))),
        })
    };
    Look { nodes: job.inventory.nodes.iter().map(|node| (node.name.clone(), look(node))).collect() }
}
