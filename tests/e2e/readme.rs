//! Every command of the README, in its order, on real nodes.

use std::fs;

use crate::harness::Lab;

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn every_command_of_the_readme_does_what_it_says() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let makefile = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Makefile")).unwrap();
    let lab = Lab::up("e2e-readme", 3, "debian12-gluster");
    // As if one stood in a clone of the repository, with an inventory there.
    let playbooks = concat!(env!("CARGO_MANIFEST_DIR"), "/playbooks");
    std::os::unix::fs::symlink(playbooks, lab.folder.join("playbooks")).unwrap();
    let mut ran = 0;
    for line in readme.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let (command, comment) = line.split_once(" # ").unwrap_or((line, ""));
        let words: Vec<&str> = command.split_whitespace().collect();
        match words.as_slice() {
            ["make", target] => assert!(makefile.contains(&format!("\n{target}:")), "no target for `{line}`"),
            ["bricklayer", "-i", "inventory.yml", args @ ..] | ["bricklayer", args @ ..] => {
                lab.expect(exit(comment), args);
                ran += 1;
            }
            _ => panic!("the README has a command that no test runs: `{line}`"),
        }
    }
    assert!(ran > 10, "only {ran} commands were found");
    lab.settled();
}

// `exit 5: server3 answers`
fn exit(comment: &str) -> i32 {
    comment.strip_prefix("exit ").and_then(|rest| rest.split(':').next()).map_or(0, |code| code.parse().unwrap())
}
