//! A playbook of one's own, and a shell on a node.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::{Lab, Ran};

const PLAYBOOK: &str = r#"doc: greet
vars: [greeting, unlucky]
steps:
  - id: lucky
    doc: see whether this node is lucky
    timeout: 20s
    unless: |
      [ {{ node }} != {{ unlucky }} ]
    script: |
      echo "no luck on" {{ node }} >&2
      exit 7
    verify: |
      true
  - id: greet
    doc: write the greeting
    timeout: 20s
    unless: |
      found=$(greeting_of {{ address }})
      [ "$found" = {{ greeting }} ]
    script: |
      printf '%s' {{ greeting }} >/root/greeting.{{ address }}
    verify: |
      found=$(greeting_of {{ address }})
      [ "$found" = {{ greeting }} ]
"#;

const LIBRARY: &str = "greeting_of() { cat -- \"/root/greeting.$1\"; }\n";

const GREETING: &str = "it's \"$HOME\" & `more`";

/// Nodes that no service is wanted on, one of them a controller.
fn up(nodes: usize) -> Lab {
    let lab = Lab::up("ru-own", nodes, "debian12");
    let text = lab.inventory(nodes);
    let (ssh, _) = text.split_once("storage:").unwrap();
    let node = |n: usize| format!("    - {{hostname: server{n}, ip_address: 10.77.0.10{n}}}\n");
    let computes: String = (2..=nodes).map(node).collect();
    lab.write_inventory(&format!("{ssh}nodes:\n  controllers:\n{}  compute_nodes:\n{computes}", node(1)));
    fs::write(lab.folder.join("greet.yml"), PLAYBOOK).unwrap();
    fs::write(lab.folder.join("lib.sh"), LIBRARY).unwrap();
    lab
}

/// Every end of a step in the order of the events, as `NODE STEP END`.
fn ends(events: &[Value]) -> Vec<String> {
    let ended = events.iter().filter(|event| event["event"] == "step_ended");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    ended
        .map(|event| [text(&event["task"]["node"]), text(&event["step"]), text(&event["end"]["end"])].join(" "))
        .collect()
}

fn of_all(step: &str, end: &str) -> Vec<String> {
    (1..=3).flat_map(|n| [format!("server{n} lucky unchanged"), format!("server{n} {step} {end}")]).collect()
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn a_playbook_of_ones_own_and_a_shell() {
    let lab = up(3);
    let file = lab.folder.join("greet.yml").display().to_string();
    let greeting = format!("greeting={GREETING}");
    let run = |more: &[&str]| {
        let luck = if more.iter().any(|word| word.starts_with("unlucky=")) { &[][..] } else { &["-e", "unlucky="] };
        lab.tell(&[&["run", file.as_str(), "-e", greeting.as_str()], luck, more].concat())
    };

    let said = lab.expect(2, &["run", &file, "-e", "greting=x", "--yes"]);
    assert!(said.contains("`greting` is not one of the `vars` of `greet`; did you mean `greeting`?"), "{said}");
    assert!(said.contains("greet.yml:2:18: `unlucky` is not given; add `-e unlucky=..`"), "{said}");
    let well = ["run", file.as_str(), "-e", greeting.as_str(), "-e", "unlucky="];
    lab.untouched(3, "a run that nobody agreed to", || {
        let said = lab.expect(0, &[&well[..], &["--dry-run", "-v"]].concat());
        assert!(said.contains("Would write the greeting (server1: ") && said.contains(r"'it'\''s"), "{said}");
        let said = lab.expect(5, &well);
        assert!(said.contains("there is no terminal to ask on"), "{said}");
    });

    let told = run(&["--yes", "--serial", "1"]).expect(0);
    assert_eq!(ends(&told.events), of_all("greet", "changed"), "one node after the other");
    assert!(told.events.iter().any(|event| event["event"] == "locked"));
    for n in 1..=3 {
        assert_eq!(lab.ssh(n, &format!("cat /root/greeting.10.77.0.10{n}")), GREETING);
    }
    let log = lab.ssh(1, "cat /var/log/cluster_storage_setup.log");
    assert!(log.contains(" greet/greet: changed"), "{log}");
    assert_eq!(ends(&run(&["--yes", "--serial", "1"]).expect(0).events), of_all("greet", "unchanged"));

    let failing = ["--yes", "--serial", "1", "-e", "unlucky=server2"];
    let wanted = ["server1 lucky unchanged", "server1 greet unchanged", "server2 lucky failed"];
    assert_eq!(ends(&run(&failing).expect(1).events), wanted, "no wave begins after a failure");
    let more = [&wanted[..], &["server3 lucky unchanged", "server3 greet unchanged"]].concat();
    assert_eq!(ends(&run(&[&failing[..], &["--max-fail", "50%"]].concat()).expect(1).events), more);
    let one = run(&["--yes", "--on", "@compute_nodes,!server3"]).expect(0);
    assert_eq!(ends(&one.events), ["server2 lucky unchanged", "server2 greet unchanged"]);

    shell(&lab);

    lab.power_off(&[3]);
    let told = run(&["--yes"]).expect(4);
    assert!(ends(&told.events).is_empty(), "a node that cannot be reached has failed before anything begins");
    let refused = told.events.iter().find(|event| event["event"] == "refused").unwrap();
    assert!(refused.to_string().contains("--on '!server3'"), "{refused}");
    let told = run(&["--yes", "--serial", "1", "--max-fail", "1"]).expect(4);
    assert_eq!(ends(&told.events), of_all("greet", "unchanged")[..4]);
}

fn shell(lab: &Lab) {
    let command = |node: &str, command: &[&str]| lab.run(&[&["ssh", node, "--"], command].concat());
    for node in ["server2", "10.77.0.102"] {
        let ran = command(node, &["hostname;", "exit", "7"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (7, "server2\n"), "{}", ran.stderr);
    }
    let said = lab.expect(2, &["ssh", "servr2"]);
    assert!(said.contains("there is no node `servr2`") && said.contains("did you mean `server2`?"), "{said}");

    let mut child = lab.program(&["ssh", "server3"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"hostname\nexit 5\n").unwrap();
    let out = child.wait_with_output().unwrap();
    // After what a login shell greets with.
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.code() == Some(5) && said.ends_with("\nserver3\n"), "{:?} {said}", out.status);

    let text = fs::read_to_string(lab.folder.join("inventory.yml")).unwrap();
    let known = text.lines().find_map(|line| line.trim().strip_prefix("known_hosts: ")).unwrap();
    let key = |host: &str| {
        let lines = fs::read_to_string(known).unwrap();
        let line = lines.lines().find(|line| line.contains(host)).unwrap().to_owned();
        line.split_once(' ').unwrap().1.to_owned()
    };
    let (key, other) = (key("10.77.0.101"), key("10.77.0.102"));
    let own = lab.folder.join("known_hosts").display().to_string();
    lab.write_inventory(&text.replace(known, &own));
    let with = |lines: &str| -> Ran {
        fs::write(&own, lines).unwrap();
        command("server1", &["hostname"])
    };
    let ran = with(&format!("server1 {key}\n"));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "server1\n"), "known under its name alone: {}", ran.stderr);
    for lines in [format!("server1 {other}\n"), format!("10.77.0.101 {other}\n")] {
        let ran = with(&lines);
        assert_eq!((ran.code, ran.stdout.as_str()), (255, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("REMOTE HOST IDENTIFICATION HAS CHANGED"), "{}", ran.stderr);
    }
    let ran = with(&format!("10.77.0.101 {key}\nserver1 {other}\n"));
    assert!(ran.code == 4 && (ran.stdout + &ran.stderr).contains("contradict each other"));
    lab.write_inventory(&text);
}
