//! Options of the volume: only what differs is set, in one call, since each call rewrites the volfiles (fact 10.1).

use crate::plan::{Level, Note, Task};
use crate::services::glusterfs::facts::Volume;
use crate::services::glusterfs::plan::build::{With, note, task};
use crate::services::glusterfs::plan::growth::{Change, Growth};
use crate::services::glusterfs::plan::view::View;
use crate::services::glusterfs::spec::{Member, Spec};

/// What glusterd refuses to set on a volume without copies ("Volume .. is not of replicate type", "Cannot set .. for
/// a non-replicate volume"): the options with `validate_replica*` in its `glusterd-volume-set.c`, tried on 10.3.
const FOR_COPIES: [&str; 5] = [
    "cluster.self-heal-daemon",
    "cluster.data-self-heal",
    "cluster.metadata-self-heal",
    "cluster.entry-self-heal",
    "cluster.shd-max-threads",
];

/// The options of the inventory that a volume with so many copies takes.
pub(super) fn wanted(spec: &Spec, replica: u32) -> impl Iterator<Item = (&str, &str)> {
    let takes = move |key: &str| replica > 1 || !FOR_COPIES.contains(&key);
    spec.options.iter().map(|(key, value)| (key.as_str(), value.as_str())).filter(move |(key, _)| takes(key))
}

/// As words of a command.
pub(super) fn words<'a>(options: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    options.flat_map(|(key, value)| [key.to_owned(), value.to_owned()]).collect()
}

/// Sets what differs on the volume that exists, as it will be after it has grown.
pub(super) fn plan(view: &View<'_>, growth: &Growth<'_>, on: &Member, volume: &Volume) -> Option<Task> {
    let wanted = wanted(view.spec, copies(growth, volume));
    let differ: Vec<_> = wanted.filter(|(key, value)| volume.option(key) != Some(value)).collect();
    if differ.is_empty() {
        return None;
    }
    let why =
        |(key, value): &(&str, &str)| format!("{key} is {}, not {value}", volume.option(key).unwrap_or("not set"));
    let why = differ.iter().map(why).collect::<Vec<_>>().join("; ");
    Some(task("options", &on.node, why).with("volume", volume.name.as_str()).with("options", words(differ.into_iter())))
}

/// Where the volume gets its second copy, its options are set after that.
pub(super) fn after_growth(growth: &Growth<'_>, volume: &Volume) -> bool {
    volume.replica == 1 && copies(growth, volume) > 1
}

fn copies(growth: &Growth<'_>, volume: &Volume) -> u32 {
    match growth.change {
        Change::Grow { replica, .. } => replica,
        Change::Create { .. } | Change::Replace { .. } | Change::None => volume.replica,
    }
}

/// Options that must wait.
pub(super) fn notes(view: &View<'_>, growth: &Growth<'_>) -> Option<Note> {
    let replica = match (&growth.change, view.cluster.volume) {
        (Change::Create { replica, .. }, _) => *replica,
        (_, Some(volume)) => copies(growth, volume),
        (_, None) => return None,
    };
    let wait: Vec<_> = FOR_COPIES.iter().filter(|key| replica == 1 && view.spec.options.contains_key(**key)).collect();
    let list = wait.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    let text = format!("to be set once there is a second copy, gluster refuses it before: {list}");
    (!wait.is_empty()).then(|| note(Level::Info, None, text))
}
