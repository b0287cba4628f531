//! `up`: bring what the inventory wants into being.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;

use crate::events::{Event, LookWhy};
use crate::exec::hand::Load;
use crate::exec::{self, LockError, Locks, StageEnd};
use crate::model::NodeName;
use crate::ops::ask::confirm;
use crate::ops::run::Run;
use crate::ops::{Fault, Job, SavedPlan, backup, job};
use crate::plan::{Act, Mode, PARCEL, Plan, Refusal, Request, Rolling, Stage, Task, Then, surprises};
use crate::services::Purpose;

/// What `up` is asked for.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of a command")]
pub struct UpWish {
    /// Bootstrap, join, or either.
    pub mode: Mode,
    /// Nodes that a bootstrap may do without.
    pub absent: Vec<String>,
    /// Nodes that leave and will not come back.
    pub dead: BTreeSet<NodeName>,
    /// Who takes whose place.
    pub places: BTreeMap<NodeName, NodeName>,
    /// This, and nothing else.
    pub act: Option<Act>,
    /// Of this one, where a service has several: the volume.
    pub part: Option<String>,
    /// What nodes that leave have stored is deleted.
    pub wipe: bool,
    /// Only what changes neither who is a member nor which copies there are.
    pub mends: bool,
    /// What nodes are to have again, by where it lies here.
    pub parcels: BTreeMap<NodeName, Load>,
    /// Only this, and only as long as it holds.
    pub saved: Option<SavedPlan>,
    /// Show, and stop.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
}

/// Does it. Answers the exit code.
pub async fn up(job: Job, wish: UpWish) -> Result<u8, Fault> {
    let absent = job::nodes(&job.inventory, &wish.absent)?;
    let mut missing = absent.clone();
    missing.extend(wish.dead.iter().cloned());
    let (dead, places, only) = (wish.dead.clone(), wish.places.clone(), job.only.clone());
    let act = wish.act.clone();
    let request =
        Request { mode: wish.mode, absent, only, dead, places, act, part: wish.part.clone(), wipe: wish.wipe };
    let run = Run::start(job, !wish.dry_run).await?;
    let outcome = work(&run, &wish, &request).await;
    let unfinished = matches!(outcome, Ok(false));
    run.end(outcome.map(drop), move |state| match state.exit_code(&missing) {
        0 if unfinished => 1,
        code => code,
    })
    .await
}

// Who takes a place is filled from the others, whose health counts.
fn purpose(request: &Request) -> Purpose {
    match &request.act {
        Some(
            Act::Done | Act::Restore(_) | Act::Settings(_) | Act::Maintenance(..) | Act::Rolling(Rolling::Restart),
        ) => Purpose::Plan,
        Some(Act::Rolling(Rolling::Upgrade | Rolling::UpgradeAsked)) => Purpose::Upgrade,
        Some(Act::Rebalance(_)) => Purpose::Rebalance,
        Some(_) => Purpose::Heal,
        None if request.places.is_empty() => Purpose::Plan,
        None => Purpose::Status,
    }
}

// False where the nodes are not as the plan wanted them, though no step has failed.
async fn work(run: &Run, wish: &UpWish, request: &Request) -> Result<bool, Fault> {
    // Nobody is asked, so nothing lies between the plan and the locks: with them first, one look less is needed.
    if wish.yes && !wish.dry_run {
        let nodes = run.job.nodes();
        let reachable = tokio::select! {
            biased;
            () = run.context.interrupt.abandoned() => Vec::new(),
            reachable = run.context.fleet.connect(&nodes) => reachable,
        };
        match exec::lock(&run.context, &reachable).await {
            Ok(locks) => return under(run, wish, request, (locks, reachable, None)).await,
            Err(LockError::Held(refusal)) => {
                run.refuse(vec![refusal]).await;
                return Ok(true);
            }
            // The look says it of all nodes.
            Err(LockError::Failed(_)) => {}
        }
    }
    let look = run.look(LookWhy::First, purpose(request)).await;
    let Some(plan) = run.decide(&look, request).await else { return Ok(true) };
    let ready = run.render(&plan)?;
    if !holds(run, wish, &plan).await? {
        return Ok(true);
    }
    let empty = plan.is_empty() && run.job.change.is_none();
    if !empty && (wish.dry_run || !wish.yes) {
        run.show_change().await?;
        run.show(&plan, &ready).await?;
    }
    if empty || wish.dry_run || !agreed(run, wish.yes, &plan).await? {
        return Ok(true);
    }
    let seen = look.nodes.iter().filter(|(_, seen)| seen.known().is_some());
    let reachable: Vec<NodeName> = seen.map(|(node, _)| node.clone()).collect();
    match exec::lock(&run.context, &reachable).await {
        Ok(locks) => under(run, wish, request, (locks, reachable, Some(plan))).await,
        Err(LockError::Held(refusal) | LockError::Failed(refusal)) => {
            run.refuse(vec![refusal]).await;
            Ok(true)
        }
    }
}

// The locks, the nodes they are held on, and the plan that was shown before they were taken.
type Held = (Locks, Vec<NodeName>, Option<Plan>);

async fn under(run: &Run, wish: &UpWish, request: &Request, held: Held) -> Result<bool, Fault> {
    let (locks, nodes, shown) = held;
    if !nodes.is_empty() {
        run.context.tell.send(Event::Locked { nodes: nodes.clone() }).await;
    }
    let outcome = locked(run, wish, request, (&locks, &nodes, shown)).await;
    locks.release().await;
    outcome
}

// With the locks held nobody else changes anything, but somebody may have, between the plan and the locks, and peers
// may have found each other. With `--yes` nobody has judged the first plan, and the second is as good.
async fn locked(
    run: &Run,
    wish: &UpWish,
    request: &Request,
    (locks, reachable, shown): (&Locks, &[NodeName], Option<Plan>),
) -> Result<bool, Fault> {
    let why = if shown.is_some() { LookWhy::Locked } else { LookWhy::First };
    let look = run.look(why, purpose(request)).await;
    let Some(mut plan) = run.decide(&look, request).await else { return Ok(true) };
    if !holds(run, wish, &plan).await? {
        return Ok(true);
    }
    if plan.is_empty() {
        run.write_inventory().await?;
        return Ok(true);
    }
    if let Some(shown) = shown.filter(|shown| shown.stages != plan.stages && !wish.yes) {
        run.refuse(vec![changed(&shown, &plan)]).await;
        return Ok(true);
    }
    if !backup::before(run, &look, &plan).await? {
        return Ok(true);
    }
    if !delivered(run, wish, &plan).await {
        return Ok(true);
    }
    // First of all: whatever comes in between, the next run knows what was wanted.
    run.write_inventory().await?;
    let mut done = Vec::new();
    loop {
        // Also of what a plan goes on with: somebody may have been booted meanwhile.
        let late: BTreeSet<_> =
            plan.tasks().map(|task| &task.id.node).filter(|node| !reachable.contains(node)).collect();
        if !late.is_empty() {
            run.refuse(late.into_iter().map(unheld).collect()).await;
            return Ok(true);
        }
        let Some(rest) = follow(run, request, locks, &plan).await? else { return Ok(true) };
        if rest.is_empty() {
            return Ok(true);
        }
        let open = plan.open.is_some();
        done.push(plan.stages);
        // A plan that comes back has not brought about what it should have, and would come back for ever.
        if !open || done.contains(&rest.stages) {
            return Ok(false);
        }
        if !wish.yes {
            run.show(&rest, &run.render(&rest)?).await?;
        }
        if !agreed(run, wish.yes, &rest).await? {
            return Ok(true);
        }
        if !mends(run, wish, &rest).await || !backup::before(run, &look, &rest).await? {
            return Ok(true);
        }
        plan = rest;
    }
}

// To nodes that the plan is about; what is there already is left alone. False where one did not get it, which was said.
async fn delivered(run: &Run, wish: &UpWish, plan: &Plan) -> bool {
    let nodes: BTreeSet<_> = plan.tasks().map(|task| &task.id.node).collect();
    let mut refusals = Vec::new();
    for (node, load) in wish.parcels.iter().filter(|(node, _)| nodes.contains(node)) {
        if let Err(failure) = exec::deliver(&run.context, node, load, PARCEL).await {
            refusals.push(refusal(
                Some(node),
                format!("{}: {}", failure.what, failure.stderr),
                "nothing was changed; mend it and run again",
            ));
        }
    }
    let all = refusals.is_empty();
    if !all {
        run.refuse(refusals).await;
    }
    all
}

// Does it only mend, where that is wanted? Otherwise that was said.
async fn mends(run: &Run, wish: &UpWish, plan: &Plan) -> bool {
    let grows = |playbook: &str| run.job.rooms.iter().any(|room| room.changes_members(playbook));
    let more: Vec<_> = plan.tasks().filter(|task| wish.mends && grows(&task.id.playbook)).collect();
    if !more.is_empty() {
        let remedy = "`bricklayer up` does that too: look at its plan";
        let what = |task: &Task| format!("it would change members or copies: {} ({})", task.id.what(), task.why);
        run.refuse(more.iter().map(|task| refusal(Some(&task.id.node), what(task), remedy)).collect()).await;
    }
    more.is_empty()
}

// Is it what was asked for: the plan that was saved, where one was? Otherwise that was said.
async fn holds(run: &Run, wish: &UpWish, plan: &Plan) -> Result<bool, Fault> {
    if !mends(run, wish, plan).await {
        return Ok(false);
    }
    let Some(saved) = &wish.saved else { return Ok(true) };
    let differences = saved.differences(plan, &run.render(plan)?);
    let holds = differences.is_empty();
    if !holds {
        run.refuse(differences).await;
    }
    Ok(holds)
}

// Runs the plan that was shown; answers what is then still to be done, or nothing where the run stops here.
async fn follow(run: &Run, request: &Request, locks: &Locks, shown: &Plan) -> Result<Option<Plan>, Fault> {
    let request = request.continued();
    let mut plan = shown.clone();
    loop {
        let Some(after) = stages(run, locks, &plan).await? else { return Ok(None) };
        // What was asked for once, and failed, is not planned again: a look would find nothing left of it.
        let once = request.act == Some(Act::Done) && matches!(after, LookWhy::Failure);
        if run.context.interrupt.stopping() || once {
            return Ok(None);
        }
        let look = run.look(after, purpose(&request)).await;
        let Some(rest) = run.decide(&look, &request).await else { return Ok(None) };
        match after {
            LookWhy::Stage if barrier(&plan) == barrier(&rest) => return Ok(Some(rest)),
            LookWhy::Stage if surprises(shown, &rest).is_empty() => plan = rest,
            LookWhy::Stage => {
                run.refuse(vec![changed(shown, &rest)]).await;
                return Ok(None);
            }
            LookWhy::End => return Ok(Some(rest)),
            _ => return Ok(None),
        }
    }
}

// Runs stages until one fails, or wants a look, or all are done; answers why to look again.
async fn stages(run: &Run, locks: &Locks, plan: &Plan) -> Result<Option<LookWhy>, Fault> {
    let ready = run.render(plan)?;
    for (at, stage) in plan.stages.iter().enumerate() {
        match exec::run_stage(&run.context, locks, stage, &ready).await {
            StageEnd::Well => {}
            StageEnd::Stopped => return Ok(Some(LookWhy::Failure)),
            StageEnd::Unlocked(node) => {
                run.refuse(vec![unlocked(&node)]).await;
                return Ok(None);
            }
        }
        if stage.then == Then::LookAgain && at + 1 < plan.stages.len() {
            return Ok(Some(LookWhy::Stage));
        }
    }
    Ok(Some(LookWhy::End))
}

/// Has the person at the terminal said yes, now or before?
pub(super) async fn agreed(run: &Run, yes: bool, plan: &Plan) -> Result<bool, Fault> {
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        let remedy = "look at the plan and run again with `--yes`";
        run.refuse(vec![refusal(None, "there is no terminal to ask on".to_owned(), remedy)]).await;
        return Ok(false);
    }
    let nodes: BTreeSet<_> = plan.tasks().map(|task| &task.id.node).collect();
    let question = match nodes.len() {
        0 => "Change the inventory?".to_owned(),
        1 => "Do this on 1 node?".to_owned(),
        count => format!("Do this on {count} nodes?"),
    };
    let paused = run.context.tell.pause().await;
    let yes = confirm(question).await;
    drop(paused);
    let yes = yes?;
    if !yes {
        run.refuse(vec![refusal(None, "not confirmed".to_owned(), "nothing was changed")]).await;
    }
    Ok(yes)
}

// The stage after which to look. Where it is the same after it has run, it would be run for ever.
fn barrier(plan: &Plan) -> Option<&Stage> {
    plan.stages.iter().find(|stage| stage.then == Then::LookAgain)
}

fn changed(shown: &Plan, now: &Plan) -> Refusal {
    let new = surprises(shown, now);
    let what = if new.is_empty() {
        "the nodes have changed since the plan was shown: some of it is done already, or wants other values".to_owned()
    } else {
        format!("the nodes have changed since the plan was shown; now it would also be: {}", new.join(", "))
    };
    refusal(None, what, "run the same command again and look at the new plan")
}

pub(super) fn unlocked(node: &NodeName) -> Refusal {
    let what = "the lock there is lost: another run could have begun".to_owned();
    Refusal {
        unreachable: true,
        ..refusal(Some(node), what, "see whether the node is up, and run the same command again")
    }
}

fn unheld(node: &NodeName) -> Refusal {
    let what = "it answers now and did not when the locks were taken, so it is not held".to_owned();
    refusal(Some(node), what, "run the same command again")
}

fn refusal(node: Option<&NodeName>, what: String, remedy: &str) -> Refusal {
    Refusal { node: node.cloned(), what, remedy: remedy.to_owned(), unreachable: false }
}
