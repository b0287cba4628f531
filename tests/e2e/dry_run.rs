//! What only looks changes nothing, and what changes was announced.

use crate::checks::waits;
use crate::harness::Lab;

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn looking_changes_nothing_and_up_does_what_the_plan_named() {
    let lab = Lab::up("ea-dry", 3, "debian12");
    looks_only(&lab);
    let plan = lab.tell(&["plan"]).expect(0).planned();
    let up = lab.tell(&["up", "--yes"]).expect(0);
    assert_eq!(up.planned(), plan, "`up` plans what `plan` showed");
    let changed = up.ended("changed");
    assert_eq!(changed, plan.into_iter().filter(|task| !waits(task)).collect(), "what changed is what was named");
    let passed = up.ended("passed");
    assert!(passed.iter().all(|task| waits(task)) && passed.len() >= 6, "{passed:?}");

    looks_only(&lab);
    let again = lab.tell(&["up", "--yes"]).expect(0);
    assert!(again.planned().is_empty() && again.ended("changed").is_empty());
    lab.settled();
}

fn looks_only(lab: &Lab) {
    lab.untouched(3, "plan", || drop(lab.expect(0, &["plan"])));
    lab.untouched(3, "up --dry-run", || drop(lab.expect(0, &["up", "--dry-run"])));
    lab.untouched(3, "plan --offline", || drop(lab.expect(0, &["plan", "--offline"])));
}
