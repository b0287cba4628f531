use super::*;
use crate::events::fake;
use crate::report::marked;

fn step(id: &str, doc: &str, body: &str, kind: StepKind) -> StepText {
    StepText { id: id.into(), doc: doc.into(), body: body.into(), kind }
}

/// The fake plan of three nodes: what differs between them is the fstab line of server3 and the script of install.
fn steps(plan: &Plan) -> Steps {
    let rendered = |task: &Task| match task.id.playbook.as_str() {
        "glusterfs/install" => vec![
            step("packages", "Install the packages", &format!("# {}\napt-get install", task.id.node), StepKind::Script),
            step("daemon", "Enable and start glusterd", "systemctl enable --now glusterd", StepKind::Script),
        ],
        "glusterfs/mount" => {
            let target = if task.id.node.as_str() == "server3" { "/srv" } else { "/mnt/gluster" };
            let diff = format!(" # /etc/fstab\n-old\n+localhost:/shared_data {target} glusterfs");
            vec![step("fstab", "Write the fstab line", &diff, StepKind::File)]
        }
        _ => Vec::new(),
    };
    plan.tasks().map(|task| (task.id.clone(), rendered(task))).collect()
}

fn shown(verbose: bool, change: fn(&mut Plan)) -> (String, String) {
    let mut plan = fake::plan(&fake::names(3));
    change(&mut plan);
    let steps = steps(&plan);
    let text = PlanText { plan: &plan, steps: &steps, verbose, notes: true };
    let would: Vec<String> = text.would().iter().flat_map(|said| marked(said, Paint::PLAIN)).collect();
    (text.lines(Paint::PLAIN).join("\n") + "\n", would.join("\n") + "\n")
}

#[test]
fn a_plan_reads_by_stage_node_and_task() {
    let (lines, would) = shown(false, |plan| plan.stages[0].then = Then::LookAgain);
    assert_eq!(lines, include_str!("../../tests/fixtures/report/plan.txt"));
    assert_eq!(would, include_str!("../../tests/fixtures/report/would.txt"));
}

#[test]
fn verbose_shows_scripts_and_folds_only_what_is_the_same() {
    let (lines, _) = shown(true, |_| ());
    assert!(lines.contains("         # server1\n         apt-get install\n"), "{lines}");
    assert!(lines.contains("   server2\n     glusterfs/install: glusterd is not installed\n"), "{lines}");
    assert!(lines.contains("   server[1-3]\n     glusterfs/brick: the brick directory does not exist\n"), "{lines}");
}

#[test]
fn an_empty_plan_says_so_and_keeps_its_notes() {
    let (lines, would) = shown(false, |plan| plan.stages.clear());
    assert_eq!(lines, "nothing to do\n\n! the brick is on the root file system of every node\n");
    assert_eq!(would, "[WARN] the brick is on the root file system of every node\n[SUCCESS] nothing to do\n");
}

#[test]
fn a_different_reason_is_not_folded_away() {
    let (lines, _) = shown(false, |plan| plan.stages[0].waves[0].tasks[1].why = "glusterd is too old".into());
    assert!(lines.contains("   server[1,3]\n     glusterfs/install: glusterd is not installed\n"), "{lines}");
    assert!(lines.contains("   server2\n     glusterfs/install: glusterd is too old\n"), "{lines}");
}

#[test]
fn sentences_begin_small_after_would() {
    for (doc, small) in
        [("Install it", "install it"), ("NFS exports", "NFS exports"), ("Ö x", "ö x"), ("", ""), ("A", "A")]
    {
        assert_eq!(uncapitalised(doc), small);
    }
}

#[test]
fn a_plan_that_goes_on_says_so() {
    let (lines, would) = shown(false, |plan| plan.open = Some("server3 comes later".into()));
    assert!(lines.contains("\n\nThen the plan goes on: server3 comes later\n"), "{lines}");
    assert!(would.contains("[DRY-RUN] Then the plan goes on: server3 comes later\n"), "{would}");
}
