//! Brick directories: gluster itself loses data when an old one is added with `force` (fact 4.3), so an old one
//! never is.

use crate::plan::{Level, Note, Refusal, Task};
use crate::services::glusterfs::facts::{Brick, NodeFacts};
use crate::services::glusterfs::plan::build::{With, note, refuse, task};
use crate::services::glusterfs::plan::change::Growth;
use crate::services::glusterfs::plan::disk;
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::spec::{DedicatedBrick, Member};

/// What forbids a new brick.
pub(super) fn check(view: &View<'_>, growth: &Growth<'_>) -> Vec<Refusal> {
    let new = growth.new_bricks();
    let facts = new.iter().filter_map(|member| Some((*member, view.facts(&member.node)?)));
    facts.flat_map(|(member, facts)| brick(view, member, facts)).collect()
}

fn brick(view: &View<'_>, member: &Member, facts: &NodeFacts) -> Vec<Refusal> {
    let (path, dir) = (&view.spec.brick_path, &facts.brick);
    let node = Some(&member.node);
    // What is there now is not what the brick will be on.
    if disk::comes(facts) {
        return disk::check(view, member, facts);
    }
    let mut refusals: Vec<Refusal> = Vec::new();
    let mut refused = |what: String, remedy: String| refusals.push(refuse(node, what, remedy));
    if dir.other {
        refused(format!("`{path}` is not a directory"), "move it away, or choose another `brick_path`".to_owned());
    }
    if dir.mount_point {
        refused(
            format!(
                "the brick `{path}` is a mount point itself: with the disk missing, gluster would fill the root disk"
            ),
            format!("use a folder below it as `brick_path`: `{path}/brick`"),
        );
    }
    if dir.on_root && view.spec.dedicated_brick == DedicatedBrick::Required {
        refused(
            format!(
                "the brick `{path}` is on the root file system, and the inventory says `dedicated_brick: required`"
            ),
            format!("mount a disk of its own above `{path}`, or set `dedicated_brick: warn`"),
        );
    }
    if let Some((parent, id)) = dir.parent_id(path) {
        refused(
            format!("`{parent}`, above the brick, is itself a brick of volume {}", volume_name(view, id)),
            elsewhere(path),
        );
    }
    if !dir.content.is_empty() || dir.data_below {
        let again = view.cluster.volume.filter(|volume| dir.own_id(path) == Some(&volume.id));
        let wipe = format!("; `bricklayer add --service glusterfs --host {} --wipe` deletes it", member.node);
        refused(content(view, path, facts), elsewhere(path) + again.map_or("", |_| wipe.as_str()));
    } else if dir.blind && dir.has_glusterfs {
        refused(
            format!("`{path}` was a brick, and `getfattr` (package attr) is missing to tell of which volume"),
            elsewhere(path),
        );
    }
    refusals
}

fn content(view: &View<'_>, path: &str, facts: &NodeFacts) -> String {
    let dir = &facts.brick;
    let holds = match dir.content.as_slice() {
        [] => "old data".to_owned(),
        some => some.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    match dir.own_id(path) {
        Some(id) => {
            let was = if in_use(facts, path, id) { "is" } else { "was, and is no longer," };
            format!("`{path}` {was} a brick of volume {} and holds {holds}", volume_name(view, id))
        }
        None if dir.has_glusterfs => format!("`{path}` was a brick and holds {holds}"),
        None => format!("`{path}` holds {holds}, which no volume knows"),
    }
}

fn in_use(facts: &NodeFacts, path: &str, id: &str) -> bool {
    let mut volumes = facts.volumes.answer().into_iter().flatten().filter(|volume| volume.id == id);
    volumes.any(|volume| {
        let here = |brick: &Brick| facts.daemon.uuid.as_deref() == Some(&brick.host) && brick.path == path;
        volume.bricks.iter().any(here)
    })
}

fn elsewhere(path: &str) -> String {
    format!(
        "old data under a new brick is lost or comes back; move `{path}` away (`mv {path} {path}.old`) when nobody needs it there, or choose another `brick_path`"
    )
}

fn volume_name(view: &View<'_>, id: &str) -> String {
    let volumes = view.known.iter().filter_map(|(_, facts)| facts.volumes.answer()).flatten();
    let name = volumes.into_iter().find(|volume| volume.id == id).map(|volume| format!("`{}`", volume.name));
    name.unwrap_or_else(|| format!("{id}, which no node knows"))
}

/// The tasks that make a node ready for its brick.
pub(super) fn prepare(view: &View<'_>, member: &Member, facts: &NodeFacts) -> Vec<Task> {
    let path = view.spec.brick_path.as_str();
    let dir = &facts.brick;
    let comes = disk::comes(facts);
    if comes || !dir.exists {
        let why = if comes { "its disk is blank".to_owned() } else { format!("`{path}` does not exist") };
        return vec![task("brick", &member.node, why).with("brick", path)];
    }
    if dir.empty_trace() {
        let id = dir.own_id(path).unwrap_or_default();
        let why = "a create or add-brick failed before and left an empty brick behind";
        return vec![task("brick-trace", &member.node, why).with("brick", path).with("volume_id", id)];
    }
    Vec::new()
}

/// Does any new brick need `force`, and for which guard? The only one that is ever waived is the root partition's;
/// all others that `force` turns off (fact T5) have been checked here.
pub(super) fn force(view: &View<'_>, members: &[&Member]) -> bool {
    members
        .iter()
        .any(|member| view.facts(&member.node).is_some_and(|facts| facts.brick.on_root && !disk::comes(facts)))
}

/// Guards that are waived, by name.
pub(super) fn notes(view: &View<'_>, growth: &Growth<'_>) -> Vec<Note> {
    let new = growth.new_bricks();
    let on_root = new.iter().filter(|member| force(view, &[member]));
    on_root
        .map(|member| {
            let text = format!(
                "brick `{}` is on the root file system: `force` waives gluster's guard \"brick on the root partition\"; \
                 a full brick then fills the system disk",
                view.spec.brick_path
            );
            note(Level::Warning, Some(&member.node), text)
        })
        .collect()
}
