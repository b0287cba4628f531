//! By hand: commands, and files to and from nodes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::harness::{Lab, Ran};
use crate::trouble::has;

fn lines(ran: &Ran) -> Vec<&str> {
    let mut lines: Vec<_> = ran.stdout.lines().collect();
    lines.sort_unstable();
    lines
}

fn exec(lab: &Lab, args: &[&str]) -> Ran {
    lab.run(&[&["exec"], args].concat())
}

#[test]
#[ignore = "needs root and the lab: make e2e"]
fn commands_and_files_by_hand() {
    let lab = Lab::up("ex-hand", 3, "debian12");
    commands(&lab);
    hosts_without_an_inventory(&lab);
    files(&lab);
    folders(&lab);
    failures(&lab);
}

fn commands(lab: &Lab) {
    let ran = exec(lab, &["--", "hostname"]);
    assert_eq!((ran.code, lines(&ran)), (0, vec!["server1: server1", "server2: server2", "server3: server3"]));
    has(&ran.stderr, &["3 nodes: exit code 0"]);
    // Several words are what they are; one is a line for the shell; both outputs are told apart; no newline at the end.
    let ran = exec(lab, &["--on", "server2", "-e", "WHO=it's \"me\"", "--", "printf '%s' \"$WHO\" && echo oops >&2"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "server2: it's \"me\"\n"));
    has(&ran.stderr, &["server2: oops"]);
    let ran = exec(lab, &["--on", "server2", "--", "printf", "%s|", "a  b", "$HOME", "*"]);
    assert_eq!(ran.stdout, "server2: a  b|$HOME|*|\n");
    // What is the same is said once.
    let ran = exec(lab, &["-g", "--", "test $(hostname) = server3 && exit 4; echo same"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (1, "---- server[1-2] (2 nodes): exit code 0\nsame\n---- server3 (1 node): exit code 4\n")
    );
    has(&ran.stderr, &["exit code 0 on server[1-2]", "exit code 4 on server3"]);
    let ran = lab.run(&["--format", "json", "exec", "--", "echo $((6 * 7))"]);
    assert_eq!(ran.stdout.lines().count(), 7, "{}", ran.stdout);
    assert!(ran.stdout.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{}", ran.stdout);
    // Fifty megabytes, in bounded memory.
    let ran = exec(lab, &["-g", "--on", "server[1-2]", "--", "yes 0123456789 | head -n 2000000"]);
    assert_eq!(ran.stdout.len(), "---- server[1-2] (2 nodes): exit code 0\n".len() + 22_000_000);
    let ran = exec(lab, &["-t", "1s", "--on", "server1", "--", "sleep 4321"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    has(&ran.stderr, &["did not end within 1 s"]);
    assert!(!lab.holds(1, "pgrep -fx 'sleep 4321'"));
}

fn hosts_without_an_inventory(lab: &Lab) {
    let inventory = fs::read_to_string(lab.folder.join("inventory.yml")).unwrap();
    let value = |key: &str| {
        let line = inventory.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap();
        line.trim().to_owned()
    };
    let home = lab.folder.join("home");
    fs::create_dir_all(home.join(".ssh")).unwrap();
    let hosts: String = ["1", "2", "3"].map(|n| ["Host n", n, "\n  HostName 10.77.0.10", n, "\n"].concat()).concat();
    let config = format!(
        "{hosts}Host *\n  User root\n  IdentityFile {}\n  UserKnownHostsFile {}\n",
        value("identity_file:"),
        value("known_hosts:")
    );
    fs::write(home.join(".ssh/config"), &config).unwrap();
    let mut program = lab.program(&["-H", "n[1-2],root@n3:22", "exec", "--", "hostname"]);
    let out = program.env("HOME", &home).output().unwrap();
    let mut lines: Vec<_> = std::str::from_utf8(&out.stdout).unwrap().lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["n1: server1", "n2: server2", "n3: server3"], "{out:?}");
    // The same from a file of its own, for all that takes hosts.
    let file = lab.folder.join("hosts.cfg");
    fs::write(&file, config).unwrap();
    let playbook = lab.folder.join("here.yml");
    let step = "{id: s, doc: be here, timeout: 1m, script: 'echo {{ node }} >/run/here', verify: '[ -s /run/here ]'}";
    fs::write(&playbook, format!("doc: be here\nvars: []\nsteps:\n  - {step}\n")).unwrap();
    let by_file = |hosts: &str, args: &[&str]| {
        let mut program = lab.program(&["-H", hosts]);
        program.arg("-F").arg(&file).args(args).output().unwrap()
    };
    let out = by_file("n1,root@n3:22", &["run", playbook.to_str().unwrap(), "--yes"]);
    assert!(out.status.success(), "{out:?}");
    assert_eq!([1, 3].map(|n| lab.ssh(n, "cat /run/here")), ["n1\n", "n3\n"]);
    let out = by_file("root@n3:22", &["ssh", "n3", "--", "hostname; exit 9"]);
    assert_eq!((out.status.code(), out.stdout.as_slice()), (Some(9), &b"server3\n"[..]), "{out:?}");
    fs::write(&playbook, format!("doc: be here\nvars: []\nsteps:\n  - {}\n", step.replace("node", "address"))).unwrap();
    let out = by_file("n1", &["run", playbook.to_str().unwrap(), "--yes"]);
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(out.status.code() == Some(2) && said.contains("`address`, which only an inventory says"), "{said}");
    let out = by_file("n1,n9", &["exec", "--", "true"]);
    assert_eq!(out.status.code(), Some(4), "{out:?}");
    let out = lab.program(&["-H", "n1", "up", "--yes"]).output().unwrap();
    assert_eq!(out.status.code(), Some(2), "{out:?}");
}

fn files(lab: &Lab) {
    let from = lab.folder.join("it's a file");
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| u8::try_from(n.wrapping_mul(n) % 251).unwrap()).collect();
    fs::write(&from, &bytes).unwrap();
    fs::set_permissions(&from, fs::Permissions::from_mode(0o640)).unwrap();
    let from = from.to_str().unwrap();
    let put = |args: &[&str]| lab.run(&[&["put", from], args].concat());
    let ran = put(&["/srv/"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    has(&ran.stderr, &["3 nodes: changed"]);
    has(&put(&["/srv"]).stderr, &["3 nodes: unchanged"]);
    assert_eq!(lab.ssh(2, "stat -c %a:%U \"/srv/it's a file\"").trim(), "640:root");
    // Mode and owner alone, and then no more; and who owns it goes on owning it.
    let own = ["-m", "0600", "-o", "daemon:adm", "/srv/other"];
    has(&put(&own).stderr, &["3 nodes: changed"]);
    has(&put(&own).stderr, &["3 nodes: unchanged"]);
    lab.ssh(1, "echo changed >>/srv/other; ln -s /srv/other /srv/link");
    has(&put(&["--on", "server1", "-m", "0600", "/srv/link"]).stderr, &["1 node: changed"]);
    assert_eq!(lab.ssh(1, "stat -c %a:%U:%G /srv/other; test -L /srv/link").trim(), "600:daemon:adm");
    assert_eq!(lab.ssh(1, "ls -A /srv"), "it's a file\nlab-repo\nlink\nother\n", "nothing is left over");
    // And back.
    let to = lab.folder.join("got");
    let ran = lab.run(&["get", "/srv/it's a file", to.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for node in ["server1", "server2", "server3"] {
        let file = to.join(node).join("it's a file");
        assert!(fs::read(&file).unwrap() == bytes, "{node}");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(to.join(node)).unwrap().count(), 1);
    }
}

fn folders(lab: &Lab) {
    let from = lab.folder.join("tree");
    fs::create_dir_all(from.join("a/b c")).unwrap();
    fs::write(from.join("a/b c/deep"), "deep\n").unwrap();
    fs::write(from.join("run"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(from.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("run", from.join("a/link")).unwrap();
    let put = || lab.run(&["put", from.to_str().unwrap(), "/srv"]);
    has(&put().stderr, &["3 nodes: changed"]);
    let what = "cd /srv/tree && find . -printf '%p %y %m %l\\n' | sort";
    let there = lab.ssh(1, what);
    has(&there, &["./a/b c/deep f 644", "./a/link l 777 run", "./run f 755"]);
    // In a folder that is there, nothing is taken away.
    lab.ssh(1, "echo kept >/srv/tree/a/kept; echo changed >/srv/tree/run; rm -r '/srv/tree/a/b c'");
    has(&put().stderr, &["changed"]);
    assert_eq!(lab.ssh(1, "cat /srv/tree/a/kept /srv/tree/run '/srv/tree/a/b c/deep'"), "kept\n#!/bin/sh\ndeep\n");
    assert_eq!(lab.ssh(1, "ls -A /srv | grep -c '^\\.' || :").trim(), "0", "nothing is left over");
    let to = lab.folder.join("got");
    let get = || lab.run(&["get", "/srv/tree", to.to_str().unwrap()]);
    assert_eq!(get().code, 0);
    let got = |path: &str| to.join("server2/tree").join(path);
    assert_eq!(fs::read_to_string(got("a/b c/deep")).unwrap(), "deep\n");
    assert_eq!(fs::read_link(got("a/link")).unwrap(), Path::new("run"));
    let again = get();
    assert_eq!(again.code, 1);
    has(&again.stderr, &["is there already"]);
}

fn failures(lab: &Lab) {
    let ran = lab.run(&["get", "/srv/none", lab.folder.join("none").to_str().unwrap()]);
    assert_eq!(ran.code, 1);
    has(&ran.stderr, &["there is no /srv/none", "exit code 1"]);
    assert_eq!(fs::read_dir(lab.folder.join("none/server1")).unwrap().count(), 0);
    // A disk that is full leaves what was there.
    lab.ssh(2, "mkdir /srv/small && mount -t tmpfs -o size=1m none /srv/small && echo old >/srv/small/file");
    let big = lab.folder.join("it's a file");
    let ran = lab.run(&["--on", "server2", "put", big.to_str().unwrap(), "/srv/small/file"]);
    assert_eq!(ran.code, 1);
    has(&ran.stderr, &["No space left", "what was there is as it was"]);
    assert_eq!(lab.ssh(2, "cat /srv/small/*; ls -A /srv/small; umount /srv/small"), "old\nfile\n");
    // One after the other, and no more after the first failure.
    let ran = exec(lab, &["--serial", "1", "--", "test $(hostname) != server2"]);
    assert_eq!(ran.code, 1);
    has(&ran.stderr, &["exit code 0 on server1; exit code 1 on server2; not begun on server3"]);
    lab.kill(3);
    let ran = exec(lab, &["--", "echo here"]);
    assert_eq!((ran.code, lines(&ran)), (4, vec!["server1: here", "server2: here"]), "{}", ran.stderr);
    has(&ran.stderr, &["server3", "does not answer", "unreachable on server3"]);
}
