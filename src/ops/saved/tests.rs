use std::sync::Arc;

use super::*;
use crate::model::NodeName;
use crate::plan::{Stage, TaskId, Then, Wave};
use crate::playbook::Library;

fn task(node: &str, brick: &str) -> Task {
    Task {
        id: TaskId::new("glusterfs/brick", &NodeName::new(node)),
        service: None,
        vars: [("brick".to_owned(), Var::Text(brick.to_owned()))].into(),
        why: format!("`{brick}` does not exist"),
        files: BTreeMap::new(),
    }
}

fn plan(tasks: &[Task]) -> Plan {
    let waves = tasks.iter().map(|task| Wave { tasks: vec![task.clone()] }).collect();
    let stage = Stage { name: "prepare".to_owned(), doc: String::new(), waves, then: Then::GoOn };
    Plan { stages: vec![stage], ..Plan::default() }
}

fn ready(plan: &Plan) -> Ready {
    let library = Arc::new(Library::builtin().unwrap());
    plan.tasks().map(|task| (task.id.clone(), library.render(task).unwrap())).collect()
}

fn whats(saved: &SavedPlan, now: &Plan, ready: &Ready) -> Vec<String> {
    let cut = |refusal: Refusal| refusal.what.replace("the saved plan does not hold any more: ", "");
    saved.differences(now, ready).into_iter().map(cut).collect()
}

#[test]
fn a_saved_plan_holds_until_anything_differs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.json");
    let [one, two] = ["server1", "server2"].map(|node| task(node, "/b"));
    let before = plan(&[one.clone(), two.clone()]);
    SavedPlan::new(&before, &ready(&before)).write(&file).unwrap();
    SavedPlan::new(&before, &ready(&before)).write(&file).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    let saved = SavedPlan::read(&file).unwrap();
    assert!(whats(&saved, &before, &ready(&before)).is_empty());

    let less = plan(std::slice::from_ref(&one));
    let gone = "`glusterfs/brick@server2` is not to be done any more (`/b` does not exist)";
    assert_eq!(whats(&saved, &less, &ready(&less)), [gone]);
    let other = plan(&[one.clone(), task("server2", "/c"), task("server3", "/b")]);
    let differ = [
        "`glusterfs/brick@server2` has `brick` \"/c\" and not \"/b\"",
        "`glusterfs/brick@server3` would be done too (`/b` does not exist)",
    ];
    assert_eq!(whats(&saved, &other, &ready(&other)), differ);
    let turned = plan(&[two, one.clone()]);
    assert!(whats(&saved, &turned, &ready(&turned))[0].contains("another order"));
    let files = Task { files: [("/etc/fstab".to_owned(), "new".to_owned())].into(), ..one };
    let files = plan(&[files, task("server2", "/b")]);
    assert_eq!(whats(&saved, &files, &ready(&files)), ["`glusterfs/brick@server1` finds other files there"]);
    let mut scripts = ready(&before);
    for rendered in scripts.values_mut() {
        rendered.steps[0].script.push_str("\nreboot");
    }
    assert_eq!(whats(&saved, &before, &scripts).len(), 2);
}

#[test]
fn what_is_no_saved_plan_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.json");
    let said = |text: &str| {
        fs::write(&file, text).unwrap();
        SavedPlan::read(&file).unwrap_err().to_string()
    };
    assert!(said("{}").contains("missing field `form`"));
    assert!(
        said(r#"{"form": 2, "plan": {"stages": [], "notes": []}, "scripts": {}}"#).contains("this version reads 1")
    );
    assert!(SavedPlan::read(&folder.path().join("none")).unwrap_err().to_string().contains("No such file"));
}
