//! More than one volume.

use crate::services::glusterfs::spec::{PeerNames, Spec, fields, paths};
use crate::yaml::{Fields, Item, Kind, Problem, Problems};

/// What each volume has of its own, in a list: no two may share a default.
const OWN: [&str; 3] = ["volume_name", "brick_path", "mount_point"];

/// The map of each volume; one without a map where there is none.
pub(crate) fn volumes<'a>(section: Option<Item<'a>>, problems: &mut Problems) -> Option<Vec<Option<Fields<'a>>>> {
    let Some(section) = section else { return Some(vec![None]) };
    if !matches!(section.value.kind, Kind::Seq(_)) {
        return Some(vec![Some(section.map(problems)?)]);
    }
    let entries = section.list(problems)?;
    if entries.is_empty() {
        let help = "write a map for each volume, or leave `glusterfs` out for the default one";
        problems.push(Problem::item(&section, "`glusterfs` is a list without a volume").help(help));
        return None;
    }
    let volumes: Vec<_> = entries.iter().map(|entry| entry.map(problems)).collect();
    if volumes.len() > 1 {
        for volume in volumes.iter().flatten() {
            for key in OWN {
                volume.required(key, problems);
            }
        }
    }
    volumes.into_iter().map(|volume| volume.map(Some)).collect()
}

/// How peers are named: they are the same for all volumes.
pub(crate) fn peer_names(volumes: &[Option<Fields<'_>>], problems: &mut Problems) -> PeerNames {
    let mut all = Vec::new();
    for fields in volumes.iter().flatten() {
        let item = fields.get("peer_names");
        let names = item.and_then(|item| item.choice(&fields::PEER_NAMES, problems));
        all.extend(item.zip(names));
    }
    let Some((first, names)) = all.first() else { return PeerNames::Ip };
    for (other, _) in all.iter().filter(|(_, other)| other != names) {
        let message = "peers have one name for all volumes, and another one is written above".to_owned();
        problems.push(
            Problem::item(other, message).help("write the same `peer_names` everywhere").also(first.place(), "above"),
        );
    }
    *names
}

/// No two volumes may have the same name, or be in each other's places.
pub(crate) fn apart(volumes: &[Option<Fields<'_>>], specs: &[Spec], problems: &mut Problems) {
    for (at, (fields, spec)) in volumes.iter().zip(specs).enumerate() {
        let Some(fields) = fields else { continue };
        for (before, other) in volumes.iter().zip(specs).take(at) {
            let Some(before) = before else { continue };
            for key in OWN {
                clash((key, fields, spec), (before, other), problems);
            }
            disk((fields, spec), (before, other), problems);
        }
    }
}

fn clash(
    (key, fields, spec): (&str, &Fields<'_>, &Spec),
    (before, other): (&Fields<'_>, &Spec),
    problems: &mut Problems,
) {
    let Some(item) = fields.get(key) else { return };
    let also = |problem: Problem, theirs: &str| match before.get(theirs) {
        Some(item) => problem.also(item.place(), "the other volume"),
        None => problem,
    };
    let problem = match key {
        "volume_name" if spec.volume == other.volume => {
            let message = format!("there are two volumes `{}`", spec.volume);
            also(Problem::item(&item, message).help("give each a name of its own"), key)
        }
        "brick_path" | "mount_point" => {
            let mine = if key == "brick_path" { &spec.brick_path } else { &spec.mount_point };
            let theirs = [("brick_path", &other.brick_path), ("mount_point", &other.mount_point)];
            let Some((their, path)) =
                theirs.into_iter().find(|(_, path)| paths::holds(path, mine) || paths::holds(mine, path))
            else {
                return;
            };
            let what = if their == "brick_path" { "brick" } else { "mount point" };
            let message = if mine == path {
                format!("`{mine}` is the {what} of volume `{}` already", other.volume)
            } else {
                format!("`{mine}` and the {what} `{path}` of volume `{}` are inside each other", other.volume)
            };
            also(Problem::item(&item, message).help("give each volume places of its own"), their)
        }
        _ => return,
    };
    problems.push(problem);
}

// Two bricks may share a disk, where it is mounted above both; one folder has one disk.
fn disk((fields, spec): (&Fields<'_>, &Spec), (before, other): (&Fields<'_>, &Spec), problems: &mut Problems) {
    let (Some(item), Some(device), Some(theirs)) =
        (fields.get("brick_device"), &spec.brick_device, &other.brick_device)
    else {
        return;
    };
    let (same_disk, same_folder) = (device == theirs, spec.brick_parent() == other.brick_parent());
    if same_disk == same_folder {
        return;
    }
    let message = if same_disk {
        format!("`{device}` is mounted at `{}` for volume `{}`", other.brick_parent(), other.volume)
    } else {
        format!("`{}` is where `{theirs}` is mounted for volume `{}`", spec.brick_parent(), other.volume)
    };
    let problem = Problem::item(&item, message).help("put both bricks below that folder, or take another disk");
    problems.push(match before.get("brick_device") {
        Some(item) => problem.also(item.place(), "the other volume"),
        None => problem,
    });
}
