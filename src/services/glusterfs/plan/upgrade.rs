//! Newer packages, one node at a time.

use crate::facts::OsFamily;
use crate::plan::{Level, Plan, Task};
use crate::services::glusterfs::facts::{NodeFacts, Packages};
use crate::services::glusterfs::plan::build::{With, add, names, note, stage, task};
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::spec::Member;

/// What comes next.
pub(super) enum Turns<'a> {
    /// These, each with the task that upgrades it; nothing where that is done, and it is only to be taken back.
    Nodes(Vec<(&'a Member, &'a NodeFacts, Option<Task>)>),
    /// All are; the pool may be told that it can do more.
    Done(Plan),
}

fn family(facts: &NodeFacts) -> &'static str {
    facts.host.family.unwrap_or(OsFamily::Debian).key()
}

fn newer(facts: &NodeFacts) -> Option<&Packages> {
    facts.packages.as_ref().filter(|packages| packages.installed != packages.candidate)
}

/// What is to be done before anything else can be said.
pub(super) fn lists(view: &View<'_>) -> Plan {
    let why = "what its sources have today is not known";
    let lists =
        view.touched().map(|(member, facts)| task("package-lists", &member.node, why).with("family", family(facts)));
    let mut plan = Plan::default();
    add(&mut plan, stage("lists", "Read which packages there are", vec![lists.collect()]));
    plan.notes.extend(view.touched().filter_map(|(member, facts)| {
        let Packages { installed, candidate, .. } = newer(facts)?;
        Some(note(
            Level::Info,
            Some(&member.node),
            format!("as far as it knows, {candidate} takes the place of {installed}"),
        ))
    }));
    if view.known.iter().any(|(_, facts)| newer(facts).is_some() && facts.mount.holds(&view.spec.volume)) {
        let text = "mounts go on with the client that they began with, until they are mounted anew";
        plan.notes.push(note(Level::Info, None, text));
    }
    plan.open = Some("which nodes are upgraded is known once they know which packages there are".to_owned());
    plan
}

/// Whose turn it is.
pub(super) fn turns<'a>(view: &View<'a>) -> Turns<'a> {
    let upgrade = |member: &Member, facts: &NodeFacts, Packages { installed, candidate, .. }: &Packages| {
        let why = format!("it has {installed}, and its sources have {candidate}");
        task("upgrade", &member.node, why).with("family", family(facts)).with("version", candidate.as_str())
    };
    // One that is out of service, where a run was cut short, is taken back before anybody else goes.
    let out = view.touched().any(|(_, facts)| facts.daemon.masked);
    let turns: Vec<_> = view
        .touched()
        .filter(|(_, facts)| if out { facts.daemon.masked } else { newer(facts).is_some() })
        .map(|(member, facts)| (member, facts, newer(facts).map(|packages| upgrade(member, facts, packages))))
        .collect();
    if turns.is_empty() { Turns::Done(raise(view)) } else { Turns::Nodes(turns) }
}

// What all members can do is what the pool may do; it is not told by itself.
fn raise(view: &View<'_>) -> Plan {
    let mut plan = Plan::default();
    // Gluster asks all members for it.
    let most = view.known.iter().find_map(|(_, facts)| facts.packages.as_ref()?.max_op_version);
    let now = view.known.iter().filter_map(|(_, facts)| facts.daemon.op_version).max();
    let (Some(most), Some(now), Some(on)) = (most, now, view.coordinator()) else { return plan };
    if most <= now {
        return plan;
    }
    let partial = !view.unknown.is_empty() || view.known.iter().any(|(member, _)| !view.request.touches(&member.node));
    if partial {
        let text = format!(
            "the members that were seen can do op-version {most}, and the pool does {now}: run it on all of them"
        );
        plan.notes.push(note(Level::Info, None, text));
        return plan;
    }
    let all = names(view.known.iter().map(|(member, _)| &member.node));
    let why = format!("{all} can do {most}, and the pool does {now}; older versions cannot join any more then");
    let raise = task("op-version", &on.node, why).with("version", most);
    add(&mut plan, stage("op-version", "Let the pool do what all of its members can", vec![vec![raise]]));
    plan
}
