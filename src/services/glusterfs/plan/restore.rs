//! What glusterd had stored is brought back, onto nodes that have nothing.

use std::collections::BTreeMap;

use crate::model::NodeName;
use crate::plan::{Level, PARCEL, Plan, Refusal};
use crate::services::glusterfs::facts::NodeFacts;
use crate::services::glusterfs::plan::build::{With, add, names, note, refuse, stage, task};
use crate::services::glusterfs::plan::prepare;
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::spec::Member;

/// What is to be done, or why it may not. `stored` is the UUID that each had.
pub(super) fn plan(view: &View<'_>, stored: &BTreeMap<NodeName, String>) -> Result<Plan, Vec<Refusal>> {
    let mut plan = Plan::default();
    let mut refusals = Vec::new();
    let strangers = stored.keys().filter(|node| view.spec.members.iter().all(|member| member.node != **node));
    let strangers = names(strangers);
    if !strangers.is_empty() {
        let text = format!("{strangers}: in the backup, and no member in the inventory");
        plan.notes.push(note(Level::Warning, None, text));
    }
    let back: Vec<_> =
        view.touched().filter_map(|(member, facts)| Some((member, facts, stored.get(&member.node)?))).collect();
    let back: Vec<_> = back.into_iter().filter(|(_, facts, uuid)| !is_back(facts, uuid)).collect();
    for (member, facts, uuid) in &back {
        refusals.extend(check(view, (member, facts), uuid));
    }
    if view.cluster.uuids.is_empty() {
        // Nobody is left who knows more; who cannot be seen may.
        refusals.extend(view.unknown.iter().map(|(member, why)| Refusal {
            unreachable: true,
            ..refuse(
                Some(&member.node),
                format!("it may know more than the backup, and cannot be looked at: {why}"),
                "bring it back, or take it out of the inventory, and run again",
            )
        }));
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let installs: Vec<_> = back.iter().filter_map(|(member, facts, _)| prepare::install(member, facts)).collect();
    add(&mut plan, stage("prepare", "Install packages", vec![installs]));
    let restores = back.iter().map(|(member, _, uuid)| {
        task("restore", &member.node, "glusterd has nothing stored there, and the backup has")
            .with("archive", PARCEL)
            .with("uuid", uuid.as_str())
    });
    add(&mut plan, stage("restore", "Bring back what glusterd had stored", vec![restores.collect()]));
    if !plan.is_empty() {
        plan.notes.push(note(
            Level::Info,
            None,
            "`bricklayer up` then mounts the volume, and brings about what else is missing",
        ));
    }
    Ok(plan)
}

fn is_back(facts: &NodeFacts, uuid: &str) -> bool {
    facts.daemon.uuid.as_deref() == Some(uuid) && !facts.daemon.fresh() && facts.daemon.active
}

fn check(view: &View<'_>, (member, facts): (&Member, &NodeFacts), uuid: &str) -> Vec<Refusal> {
    let node = Some(&member.node);
    let mut refusals = Vec::new();
    if !facts.daemon.fresh() && facts.daemon.uuid.as_deref() != Some(uuid) {
        let own = facts.daemon.uuid.as_deref().unwrap_or("no UUID");
        let what = format!("it has peers or volumes of its own ({own}), which a restore would overwrite");
        let remedy = format!(
            "where they are not needed any more: `bricklayer remove --service glusterfs --host {} --wipe`",
            member.node
        );
        refusals.push(refuse(node, what, remedy));
    }
    let twin = view
        .known
        .iter()
        .find(|(other, facts)| other.node != member.node && facts.daemon.uuid.as_deref() == Some(uuid));
    if let Some((twin, _)) = twin {
        let what = format!("{} has the UUID that the backup has for it", twin.node);
        refusals.push(refuse(node, what, "one of the two names in the inventory is wrong"));
    }
    let members = &view.cluster.uuids;
    if !members.is_empty() && !members.contains(uuid) {
        let what = "the members that are there do not know the UUID that the backup has for it".to_owned();
        refusals.push(refuse(node, what, "it is no member any more: `bricklayer up` takes it in as a new one"));
    }
    refusals
}
