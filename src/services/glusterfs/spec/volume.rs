//! The volume: its name, its copies, its options.

use std::collections::BTreeMap;

use crate::services::glusterfs::spec::fields::ACCESS;
use crate::services::glusterfs::spec::{Access, Replica};
use crate::yaml::{Item, Problem, Problems, show};

/// The manual's volume.
pub(crate) const NAME: &str = "shared_data";
/// The manual's options.
const OPTIONS: [(&str, &str); 3] =
    [("performance.cache-size", "256MB"), ("network.ping-timeout", "10"), ("cluster.self-heal-daemon", "on")];
/// `all` means every volume in gluster's commands; the other is made by `cluster.enable-shared-storage`.
const RESERVED: [&str; 2] = ["all", "gluster_shared_storage"];

pub(crate) fn default_options() -> BTreeMap<String, String> {
    OPTIONS.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A name that gluster takes.
pub(crate) fn name(item: &Item<'_>, problems: &mut Problems) -> Option<String> {
    let name = item.line(problems)?;
    let shown = show(name);
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let problem = if RESERVED.contains(&name) {
        Problem::item(item, format!("gluster keeps the name `{shown}` for itself")).help("choose another name")
    } else if !name.bytes().all(good) || name.starts_with('-') || name.len() > 200 {
        Problem::item(item, format!("`{shown}` cannot be the name of a volume"))
            .help("use letters, digits, `_` and `-`: `shared_data`")
    } else {
        return Some(name.to_owned());
    };
    problems.push(problem);
    None
}

/// `auto`, or a count that the members can bear; `None` members are not known.
pub(crate) fn replica(item: &Item<'_>, members: Option<usize>, problems: &mut Problems) -> Option<Replica> {
    let text = item.value.as_text().unwrap_or_default();
    if text == "auto" {
        return Some(Replica::Auto);
    }
    let most = members.filter(|members| *members > 0);
    let Some(count) = text.parse::<u32>().ok().filter(|count| *count > 0) else {
        let shown = item.value.as_text().map_or(item.value.word().to_owned(), |text| format!("`{}`", show(text)));
        let message = format!("`replica_count` must be `auto` or a whole number from 1, not {shown}");
        problems.push(Problem::item(item, message).help("write `auto`, or how many copies there shall be"));
        return None;
    };
    if let Some(most) = most.filter(|most| (count as usize) > *most) {
        let message = format!(
            "`replica_count: {count}` needs {count} controllers with `glusterfs: true`, and there {}",
            are(most)
        );
        problems.push(
            Problem::item(item, message)
                .help(format!("write `auto` or at most `{most}`, or enable glusterfs on more controllers")),
        );
        return None;
    }
    Some(Replica::Fixed(count))
}

/// Copies of a set with an arbiter, itself among them: gluster has no other shape (fact 1.1 of the second sheet).
pub(crate) const WITH_ARBITER: u32 = 3;

/// 0 or 1; with 1 each set is two copies and an arbiter.
pub(crate) fn arbiter(
    item: &Item<'_>,
    (replica, members): (Option<Replica>, Option<usize>),
    problems: &mut Problems,
) -> Option<u32> {
    let arbiter = item.number(0..=1, problems)?;
    if arbiter == 0 {
        return Some(0);
    }
    let problem = match (replica, members.filter(|members| *members > 0)) {
        (Some(Replica::Fixed(count)), _) if count != WITH_ARBITER => {
            Problem::item(item, format!("`arbiter: 1` makes two copies and an arbiter of three bricks, not of {count}"))
                .help("write `replica_count: 3`, or leave it out")
        }
        (_, Some(members)) if members < WITH_ARBITER as usize => Problem::item(
            item,
            format!("`arbiter: 1` needs 3 controllers with `glusterfs: true`, and there {}", are(members)),
        )
        .help("enable glusterfs on more controllers; the last of three needs little room"),
        _ => return Some(1),
    };
    problems.push(problem);
    None
}

fn are(count: usize) -> String {
    if count == 1 { "is 1".to_owned() } else { format!("are {count}") }
}

/// The option that `access` sets, and the one that undoes it.
const ONE_ACCESS: [&str; 2] = ["auth.allow", "auth.reject"];

/// `access: inventory` and an option that says who may mount it contradict each other.
pub(crate) fn access(
    item: &Item<'_>,
    options: Option<&BTreeMap<String, String>>,
    problems: &mut Problems,
) -> Option<Access> {
    let access = item.choice(&ACCESS, problems)?;
    let named = ONE_ACCESS.iter().find(|key| options.is_some_and(|options| options.contains_key(**key)));
    let Some(other) = named.filter(|_| access == Access::Inventory) else { return Some(access) };
    let message = format!("`access: inventory` and the option `{other}` both say who may mount the volume");
    problems.push(Problem::item(item, message).help("leave one of them out"));
    None
}

/// Options and their values, as text.
pub(crate) fn options(item: &Item<'_>, problems: &mut Problems) -> Option<BTreeMap<String, String>> {
    let fields = item.map(problems)?;
    let mut options = BTreeMap::new();
    for option in fields.iter() {
        let name = option.name();
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
        if name.is_empty() || name.starts_with('-') || !name.bytes().all(good) {
            let message = format!("`{}` is not the name of a volume option", show(name));
            problems.push(
                Problem::at(option.at, message).help("`gluster volume set help` lists them: `performance.cache-size`"),
            );
        } else if let Some(value) = option.line(problems) {
            options.insert(name.to_owned(), value.to_owned());
        }
    }
    Some(options)
}
