//! What a later plan of the same run has that nobody agreed to.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Plan, Task, Var};

/// Tasks of `now` that are not in `shown`, or that would now waive a guard, which a task's flags do: each in a few words.
/// Other variables may be known only by now (a size, a UUID) and are no surprise.
pub fn surprises(shown: &Plan, now: &Plan) -> Vec<String> {
    let known: BTreeMap<_, _> = shown.tasks().map(|task| (&task.id, flags(task))).collect();
    let surprise = |task: &Task| {
        let Some(before) = known.get(&task.id) else { return Some(format!("`{}` ({})", task.id, task.why)) };
        let new: Vec<_> = flags(task).difference(before).map(|name| format!("`{name}`")).collect();
        (!new.is_empty()).then(|| format!("`{}` with {}", task.id, new.join(", ")))
    };
    now.tasks().filter_map(surprise).collect()
}

fn flags(task: &Task) -> BTreeSet<&str> {
    let raised = task.vars.iter().filter(|(_, value)| **value == Var::Flag(true));
    raised.map(|(name, _)| name.as_str()).collect()
}
