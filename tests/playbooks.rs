//! The playbooks as a shell sees them: hostile values, shellcheck, and every way a step can end, by real shells.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use bricklayer::model::Service;
use bricklayer::plan::{Contract, Task, TaskId, Var, Vars};
use bricklayer::playbook::{End, Faults, Library, NodeLog, Rendered, RenderedStep, read_end, without_marks};

const MARK: &str = "mark-7d1f";

/// What those are given that take out or put back.
fn taken_out() -> Vec<(&'static str, Vec<(&'static str, Var)>)> {
    let text = |text: &str| Var::Text(text.to_owned());
    let list = |words: &[&str]| Var::List(words.iter().map(|word| (*word).to_owned()).collect());
    let volume = || ("volume", text("shared_data"));
    let (third, stay) = (list(&["10.0.0.3:/data/b"]), list(&["10.0.0.1:/data/b", "10.0.0.2:/data/b"]));
    let number = |name, number| (name, Var::Number(number));
    let flag = |name| (name, Var::Flag(true));
    let uuid = "49b06db0-8d33-44b8-955a-ee13c8b73382";
    vec![
        ("leave", vec![volume(), ("mount_point", text("/mnt/gluster")), ("unit", text("gluster-mount-v.service"))]),
        (
            "remove-brick",
            vec![
                volume(),
                number("replica", 2),
                ("bricks", third.clone()),
                number("before", 3),
                number("replica_before", 3),
                ("stay", stay.clone()),
                flag("dead"),
            ],
        ),
        ("drain", vec![volume(), number("replica", 2), ("bricks", third), number("before", 4)]),
        ("detach", vec![("peers", list(&["10.0.0.3"]))]),
        ("wipe", vec![("brick", text("/data/b")), flag("stale")]),
        ("vacant", vec![("brick", text("/data/b"))]),
        (
            "replace-brick",
            vec![
                volume(),
                ("old", text("10.0.0.3:/data/b")),
                ("new", text("10.0.0.4:/data/b")),
                number("before", 3),
                ("stay", stay.clone()),
                flag("lost"),
            ],
        ),
        ("reset-brick", vec![volume(), ("brick", text("10.0.0.3:/data/b")), ("path", text("/data/b")), ("stay", stay)]),
        ("heal-all", vec![volume()]),
        ("hears", vec![("mount_point", text("/mnt/it's"))]),
        ("maintenance-on", vec![]),
        ("maintenance-off", vec![]),
        ("package-lists", vec![("family", text("debian"))]),
        ("upgrade", vec![("family", text("debian")), ("version", text("10.3-5+it's"))]),
        ("op-version", vec![number("version", 110_000)]),
        ("rebalanced", vec![volume()]),
        ("restore", vec![("archive", text("/var/lib/it's.tar.gz")), ("uuid", text(uuid))]),
        ("rebalance-stop", vec![volume()]),
        (
            "resolve",
            vec![
                volume(),
                ("choices", list(&["10.0.0.1:/data/b", "/uploads/it's \"x\""])),
                ("gfids", list(&["53b52f68-edba-450a-9931-c0210404bde4"])),
            ],
        ),
        (
            "rejoin",
            vec![
                ("uuid", text(uuid)),
                number("op_version", 100_000),
                ("peers", list(&[uuid, "10.0.0.1"])),
                volume(),
                number("version", 7),
                number("bricks", 3),
            ],
        ),
    ]
}

fn mounted() -> Vec<(&'static str, Vec<(&'static str, Var)>)> {
    let text = |text: &str| Var::Text(text.to_owned());
    let list = |words: &[&str]| Var::List(words.iter().map(|word| (*word).to_owned()).collect());
    vec![
        (
            "boot-mount",
            vec![
                ("mount_point", text("/mnt/gluster")),
                ("backup", list(&["10.0.0.2", "10.0.0.3"])),
                ("fstab_line", text("localhost:/shared_data /mnt/gluster glusterfs defaults,noauto,_netdev 0 0")),
                ("unit", text("gluster-mount-shared_data.service")),
                (
                    "unit_content",
                    text("[Service]\nExecStart=/bin/sh -c 'mountpoint -q /mnt/gluster || mount /mnt/gluster'\n"),
                ),
            ],
        ),
        (
            "mount",
            vec![
                ("volume", text("shared_data")),
                ("mount_point", text("/mnt/gluster")),
                ("unit", text("gluster-mount-shared_data.service")),
            ],
        ),
        (
            "directories",
            vec![("mount_point", text("/mnt/gluster")), ("directories", list(&["uploads", "slurm/state"]))],
        ),
    ]
}

/// What the GlusterFS room gives each playbook, with values as they are in life.
fn glusterfs() -> BTreeMap<&'static str, Vars> {
    let text = |text: &str| Var::Text(text.to_owned());
    let list = |words: &[&str]| Var::List(words.iter().map(|word| (*word).to_owned()).collect());
    let volume = ("volume", text("shared_data"));
    let bricks = ("bricks", list(&["10.0.0.1:/data/b", "10.0.0.2:/data/b", "10.0.0.3:/data/b"]));
    let options = ("options", list(&["performance.cache-size", "256MB", "network.ping-timeout", "10"]));
    let table: Vec<(&str, Vec<(&str, Var)>)> = vec![
        ("install", vec![("family", text("debian"))]),
        ("client", vec![("family", text("debian"))]),
        ("answers", vec![]),
        ("marks", vec![volume.clone()]),
        ("catch-up", vec![volume.clone(), ("version", Var::Number(7)), ("bricks", Var::Number(3))]),
        ("service", vec![]),
        ("uuid", vec![("old", text("3551873a-bfc7-4ffa-b53c-8a18f7ccff84"))]),
        ("firewall", vec![("firewall", text("ufw")), ("peers", list(&["10.0.0.2", "fd00::3"]))]),
        ("brick", vec![("brick", text("/data/b"))]),
        (
            "brick-disk",
            vec![("family", text("debian")), ("device", text("/dev/disk/by-id/it's")), ("at", text("/data/it's"))],
        ),
        ("brick-trace", vec![("brick", text("/data/b")), ("volume_id", text("49b06db0-8d33-44b8-955a-ee13c8b73382"))]),
        ("reach", vec![("targets", list(&["10.0.0.2", "fd00::3"]))]),
        ("probe", vec![("peers", list(&["10.0.0.2", "10.0.0.3"])), ("size", Var::Number(3))]),
        ("settled", vec![("size", Var::Number(3)), ("gone", Var::Number(1))]),
        (
            "create",
            vec![
                volume.clone(),
                ("arbiter", Var::Flag(true)),
                ("replica", Var::Number(3)),
                bricks.clone(),
                options.clone(),
                ("force", Var::Flag(true)),
            ],
        ),
        (
            "extend",
            vec![
                volume.clone(),
                ("replica", Var::Number(2)),
                bricks.clone(),
                ("before", Var::Number(2)),
                ("replica_before", Var::Number(2)),
                ("force", Var::Flag(true)),
            ],
        ),
        (
            "add-brick",
            vec![
                volume.clone(),
                ("replica", Var::Number(4)),
                bricks,
                ("before", Var::Number(1)),
                ("replica_before", Var::Number(1)),
                ("arbiter", Var::Flag(true)),
                ("guard", Var::Flag(true)),
                ("force", Var::Flag(true)),
            ],
        ),
        ("options", vec![volume.clone(), options, ("off", list(&["diagnostics.client-log-level"]))]),
        ("start", vec![volume.clone()]),
        ("bricks-up", vec![volume.clone()]),
        ("rebalance", vec![volume.clone(), ("fix_layout", Var::Flag(true))]),
        ("quorum", vec![volume.clone()]),
        ("healed", vec![volume.clone()]),
    ];
    table
        .into_iter()
        .chain(taken_out())
        .chain(mounted())
        .map(|(name, vars)| (name, vars.into_iter().map(|(var, value)| (var.to_owned(), value)).collect()))
        .collect()
}

/// The same, and once more for each value of the variables that choose between branches.
fn variants() -> Vec<(&'static str, Vars)> {
    let choices: [(&str, &[Var]); 12] = [
        ("family", &[Var::Text(String::new())]),
        ("firewall", &[Var::Text(String::new())]),
        ("force", &[Var::Flag(false)]),
        ("replica", &[Var::Number(1), Var::Number(2)]),
        ("replica_before", &[Var::Number(4)]),
        ("options", &[Var::List(Vec::new())]),
        ("off", &[Var::List(Vec::new())]),
        ("stale", &[Var::Flag(false)]),
        ("dead", &[Var::Flag(false)]),
        ("lost", &[Var::Flag(false)]),
        ("guard", &[Var::Flag(false)]),
        ("arbiter", &[Var::Flag(false)]),
    ];
    let mut variants = Vec::new();
    for (name, vars) in glusterfs() {
        for (var, values) in choices.iter().filter(|(var, _)| vars.contains_key(*var)) {
            for value in *values {
                let mut vars = vars.clone();
                vars.insert((*var).to_owned(), value.clone());
                variants.push((name, vars));
            }
        }
        variants.push((name, vars));
    }
    variants
}

fn render(library: &Library, playbook: &str, vars: &Vars) -> Rendered {
    let id = TaskId::new(playbook, &"server1".into());
    let task =
        Task { id, service: Some(Service::Glusterfs), vars: vars.clone(), why: String::new(), files: BTreeMap::new() };
    library.render(&task).unwrap_or_else(|error| panic!("{error}"))
}

fn builtin(name: &str, vars: &Vars) -> Rendered {
    render(&Library::builtin().unwrap_or_else(|faults| panic!("{faults}")), &format!("glusterfs/{name}"), vars)
}

fn parts(step: &RenderedStep) -> impl Iterator<Item = (&'static str, &str)> {
    let parts = [
        ("unless", step.unless.as_deref()),
        ("script", Some(step.script.as_str())),
        ("verify", step.verify.as_deref()),
    ];
    parts.into_iter().filter_map(|(name, text)| text.map(|text| (name, text)))
}

fn log(dir: &Path) -> NodeLog {
    NodeLog {
        path: dir.join("it's a.log").to_string_lossy().into_owned(),
        run: "run-1".to_owned(),
        who: "me@here\nfaked line".to_owned(),
    }
}

/// Shells that a node's `sh` may be; dash must be there, the others are tried where they are.
fn shells() -> Vec<Vec<&'static str>> {
    let all: [&[&str]; 3] = [&["dash"], &["bash", "--posix"], &["busybox", "sh"]];
    let there = |shell: &&[&str]| Command::new(shell[0]).args(&shell[1..]).args(["-c", "true"]).output().is_ok();
    let shells: Vec<_> = all.into_iter().filter(there).map(<[&str]>::to_vec).collect();
    assert!(shells.iter().any(|shell| shell[0] == "dash"), "these tests need `dash`: apt-get install dash");
    shells
}

fn run(shell: &[&str], script: &str) -> Output {
    Command::new(shell[0]).args(&shell[1..]).arg("-c").arg(script).output().unwrap()
}

fn ended(output: &Output) -> End {
    read_end(MARK, output.status.code().and_then(|code| code.try_into().ok()), &String::from_utf8_lossy(&output.stdout))
}

const HOSTILE: [&str; 12] = [
    "it's",
    "$(touch pwned)",
    "`touch pwned`",
    "a\"b",
    "a\nb; touch pwned",
    "--force",
    "*",
    "~root",
    "é ü 日本",
    "\\",
    "; touch pwned #",
    "}}{{ x }}%}",
];

#[test]
fn every_builtin_playbook_is_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/glusterfs");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let names = files.filter_map(|file| file.file_name()?.to_str()?.strip_suffix(".yml").map(str::to_owned));
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, glusterfs().keys().copied().collect::<Vec<_>>());
}

#[test]
fn every_builtin_playbook_keeps_its_contract() {
    let library = Library::builtin().unwrap_or_else(|faults| panic!("{faults}"));
    for (name, vars) in glusterfs() {
        let names: Vec<&'static str> = vars.keys().map(|name| -> &'static str { name.clone().leak() }).collect();
        let contract = Contract { playbook: format!("glusterfs/{name}").leak(), vars: names.leak() };
        if let Err(faults) = library.check(&[contract]) {
            panic!("{faults}");
        }
    }
}

// `gluster volume set V` without options is a usage error.
#[test]
fn a_volume_without_options_is_created_and_not_set() {
    let mut vars = glusterfs()["create"].clone();
    let script = |vars: &Vars| builtin("create", vars).steps[0].script.clone();
    assert!(script(&vars).contains("change volume set"));
    vars.insert("options".to_owned(), Var::List(Vec::new()));
    assert!(!script(&vars).contains("change volume set"));
}

#[test]
fn hostile_values_leave_every_builtin_step_a_script() {
    let temp = tempfile::tempdir().unwrap();
    for (name, vars) in glusterfs() {
        for hostile in HOSTILE {
            let vars: Vars = vars
                .iter()
                // A path that is not one is refused, and so never reaches a shell.
                .map(|(name, var)| match var {
                    Var::Text(_) if name == "unit" => (name.clone(), Var::Text(hostile.replace('\n', " "))),
                    Var::Text(_) => (name.clone(), Var::Text(hostile.to_owned())),
                    Var::List(_) => (name.clone(), Var::List(vec![hostile.to_owned(), hostile.to_owned()])),
                    other => (name.clone(), other.clone()),
                })
                .collect();
            // All of a playbook at once: starting a shell for each part takes a minute on a busy machine.
            let mut whole = String::new();
            for step in builtin(name, &vars).steps {
                parts(&step).for_each(|(_, text)| writeln!(whole, "(\n{text}\n)").unwrap());
                whole.push_str(&step.program(MARK, &log(temp.path())));
            }
            let file = temp.path().join("whole.sh");
            fs::write(&file, &whole).unwrap();
            let output = Command::new("sh").arg("-n").arg(&file).output().unwrap();
            assert!(output.status.success(), "{name}:\n{whole}\n{output:?}");
        }
    }
}

#[test]
fn hostile_values_come_back_from_a_real_shell() {
    let temp = tempfile::tempdir().unwrap();
    let library = folder(
        temp.path(),
        "word",
        "vars: [text, list]",
        "script: |\n  printf '%s\\0' {{ text }} {{ list }}\nverify: 'true'",
    );
    for shell in shells() {
        for hostile in HOSTILE {
            let vars = Vars::from([
                ("text".to_owned(), Var::Text(hostile.to_owned())),
                ("list".to_owned(), Var::List(vec![hostile.to_owned(), String::new(), hostile.to_owned()])),
            ]);
            let step = render(&library, "probe/word", &vars).steps.remove(0);
            let output =
                run(&shell, &format!("cd '{}'; {}", temp.path().display(), step.program(MARK, &log(temp.path()))));
            assert_eq!(ended(&output), End::Changed, "{shell:?} {output:?}");
            let printed = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(printed.split('\0').take(4).collect::<Vec<_>>(), [hostile, hostile, "", hostile], "{shell:?}");
            assert!(!temp.path().join("pwned").exists());
        }
    }
}

#[test]
fn every_builtin_step_is_shellcheck_clean() {
    let version = Command::new("shellcheck").arg("--version").output();
    assert!(version.is_ok(), "this test needs `shellcheck`: apt-get install shellcheck");
    let temp = tempfile::tempdir().unwrap();
    let mut files = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/glusterfs/lib.sh")];
    for (name, vars) in variants() {
        for step in builtin(name, &vars).steps {
            for (part, text) in parts(&step) {
                let path = temp.path().join(format!("{name}-{}-{part}-{}.sh", step.id, files.len()));
                // What lib.sh sets and reads, and what is fixed by a value: a loop over one word, a test of two words.
                let allowed = "# shellcheck disable=SC2154,SC2034,SC2043,SC2050,SC2194,SC2317\nset -eu\n";
                fs::write(&path, format!("{allowed}{text}\n")).unwrap();
                files.push(path);
            }
        }
    }
    let output = Command::new("shellcheck").args(["-s", "sh", "-f", "gcc"]).args(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

// A library with one playbook `probe/NAME` of one step.
fn folder(dir: &Path, name: &str, vars: &str, step: &str) -> Library {
    let service = dir.join("playbooks/probe");
    fs::create_dir_all(&service).unwrap();
    let mut text = format!("doc: a probe\n{vars}\nsteps:\n  - id: step\n    doc: a step\n");
    if !step.contains("timeout:") {
        text.push_str("    timeout: 1m\n");
    }
    step.lines().for_each(|line| writeln!(text, "    {line}").unwrap());
    fs::write(service.join(format!("{name}.yml")), text).unwrap();
    Library::load(&dir.join("playbooks")).unwrap_or_else(|faults| panic!("{faults}"))
}

// One step, run by every shell, each time in a fresh folder: how it ended, its output, its error output.
fn each_shell(step: &str, prepare: impl Fn(&Path), judge: impl Fn(&Path, End, &str, &str)) {
    for shell in shells() {
        let temp = tempfile::tempdir().unwrap();
        let vars = Vars::from([("dir".to_owned(), Var::Text(temp.path().to_string_lossy().into_owned()))]);
        let library = folder(temp.path(), "step", "vars: [dir]", step);
        prepare(temp.path());
        let step = render(&library, "probe/step", &vars).steps.remove(0);
        let output = run(&shell, &step.program(MARK, &log(temp.path())));
        let stdout = without_marks(MARK, &String::from_utf8_lossy(&output.stdout));
        judge(temp.path(), ended(&output), &stdout, &String::from_utf8_lossy(&output.stderr));
    }
}

fn failed(part: &str, code: u32) -> End {
    End::Failed { part: part.to_owned(), code }
}

#[test]
fn a_script_step_ends_in_each_of_its_ways() {
    let touch = "script: |\n  cd {{ dir }}\n  echo out; echo err >&2\n  touch done\n";
    for (step, end, out, done) in [
        (
            format!("unless: test -d {{{{ dir }}}}\n{touch}verify: test -e {{{{ dir }}}}/done"),
            End::Unchanged,
            "",
            false,
        ),
        (
            format!("unless: test -e {{{{ dir }}}}/done\n{touch}verify: test -e {{{{ dir }}}}/done"),
            End::Changed,
            "out\n",
            true,
        ),
        (format!("unless: 'nonsense-command'\n{touch}verify: 'true'"), End::Changed, "out\n", true),
        (format!("{touch}verify: |\n  false\n  true"), failed("verify", 1), "out\n", true),
        (format!("{touch}verify: exit 7"), failed("verify", 7), "out\n", true),
        // errexit and nounset hold in every part, also after a pipe's end and in a function.
        (
            "script: |\n  : {{ dir }}\n  false\n  echo not reached\nverify: 'true'".to_owned(),
            failed("script", 1),
            "",
            false,
        ),
        (
            "script: |\n  : {{ dir }}\n  f() { false; echo not reached; }\n  f\nverify: 'true'".to_owned(),
            failed("script", 1),
            "",
            false,
        ),
        ("script: |\n  : {{ dir }}\n  exit 3\nverify: 'true'".to_owned(), failed("script", 3), "", false),
        // An unless that trips over itself is no reason to do nothing.
        (
            "unless: |\n  false\n  true\nscript: echo {{ dir }} >/dev/null\nverify: 'true'".to_owned(),
            End::Changed,
            "",
            false,
        ),
        (
            "script: printf 'no newline'; \"$(echo true)\" {{ dir }}\nverify: 'true'".to_owned(),
            End::Changed,
            "no newline\n",
            false,
        ),
    ] {
        each_shell(
            &step,
            |_| (),
            |dir, found, stdout, stderr| {
                assert_eq!((&found, stdout), (&end, out), "{step}\n{stderr}");
                assert_eq!(dir.join("done").exists(), done, "{step}");
            },
        );
    }
}

#[test]
fn an_unset_variable_or_a_syntax_error_stays_in_its_part() {
    for (script, verify, part) in [
        ("echo $nothing {{ dir }}", "'true'", "script"),
        ("if true; then : {{ dir }}", "'true'", "script"),
        (": {{ dir }}", "done", "verify"),
        (": {{ dir }} )", "'true'", "script"),
    ] {
        let step = format!("script: |\n  {script}\nverify: {verify}");
        each_shell(
            &step,
            |_| (),
            |_, end, _, stderr| {
                let End::Failed { part: found, .. } = end else { panic!("{step}: {end:?} {stderr}") };
                assert_eq!(found, part, "{step}");
            },
        );
    }
}

#[test]
fn a_wait_passes_or_gives_up_with_what_it_saw_last() {
    let passes = "timeout: 20s\nevery: 10ms\nwait: |\n  cd {{ dir }}\n  echo x >>count\n  n=$(wc -l <count)\n  echo \"$((n / 2)) of 2\"\n  test \"$n\" -ge 4";
    each_shell(
        passes,
        |_| (),
        |dir, end, stdout, stderr| {
            assert_eq!(end, End::Passed, "{stderr}");
            // Printed when it changes, not every time.
            assert_eq!(stdout, "0 of 2\n1 of 2\n");
            assert_eq!(fs::read_to_string(dir.join("count")).unwrap(), "x\nx\nx\nx\n");
        },
    );
    each_shell(
        "timeout: 2s\nwait: |\n  echo {{ dir }} >&2\n  false",
        |_| (),
        |dir, end, stdout, stderr| {
            assert_eq!(end, failed("wait", 124));
            let dir = dir.display();
            assert_eq!(stdout, format!("{dir}\n"));
            assert!(stderr.contains(&format!("timed out waiting after 1 seconds; last seen: {dir}")), "{stderr}");
        },
    );
    each_shell(
        "timeout: 1h\nwait: |\n  echo {{ dir }} is gone\n  exit 99",
        |_| (),
        |dir, end, _, stderr| {
            assert_eq!(end, failed("wait", 99));
            assert_eq!(stderr, format!("{} is gone\n", dir.display()));
        },
    );
}

const CONTENT: &str = "it's $HOME\n`x`\n";

fn set_mode(dir: &Path, mode: u32) {
    fs::set_permissions(dir.join("f"), fs::Permissions::from_mode(mode)).unwrap();
}

// The file as it should be, and its `after` done.
fn whole(dir: &Path) {
    fs::write(dir.join("f"), CONTENT).unwrap();
    set_mode(dir, 0o640);
    fs::write(dir.join("after"), "").unwrap();
}

// What it is called, how the step ends, and what is there before.
type Case = (&'static str, End, fn(&Path));

#[test]
fn a_file_step_writes_only_what_differs() {
    let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let user = user.trim();
    let content = "content: \"it's $HOME\\n`x`\\n\"";
    let step = format!(
        "file:\n  path: '{{{{ dir }}}}/f'\n  mode: '0640'\n  owner: {user}\n  {content}\nafter: touch {{{{ dir }}}}/after\nverify: test -e {{{{ dir }}}}/after"
    );
    let cases: [Case; 6] = [
        ("missing", End::Changed, |_| ()),
        ("the same", End::Unchanged, whole),
        ("other mode", End::Changed, |dir| {
            whole(dir);
            set_mode(dir, 0o644);
        }),
        ("other bytes", End::Changed, |dir| {
            whole(dir);
            fs::write(dir.join("f"), CONTENT.trim_end()).unwrap();
        }),
        ("a link", End::Changed, |dir| {
            whole(dir);
            fs::rename(dir.join("f"), dir.join("g")).unwrap();
            std::os::unix::fs::symlink("g", dir.join("f")).unwrap();
        }),
        ("cut before `after`", End::Changed, |dir| {
            whole(dir);
            fs::remove_file(dir.join("after")).unwrap();
        }),
    ];
    for (name, end, prepare) in cases {
        each_shell(&step, prepare, |dir, found, _, stderr| {
            assert_eq!(found, end, "{name}: {stderr}");
            assert_eq!(fs::read_to_string(dir.join("f")).unwrap(), CONTENT, "{name}");
            assert!(fs::symlink_metadata(dir.join("f")).unwrap().is_file(), "{name}");
            assert_eq!(fs::metadata(dir.join("f")).unwrap().permissions().mode() & 0o7777, 0o640, "{name}");
            let left: Vec<_> = fs::read_dir(dir)
                .unwrap()
                .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".bricklayer"))
                .collect();
            assert!(left.is_empty(), "{name}: {left:?}");
        });
    }
    let broken = step.replace("touch {{ dir }}/after", "exit 4");
    each_shell(&broken, |_| (), |_, end, _, _| assert_eq!(end, failed("after", 4)));
}

#[test]
fn a_file_path_must_be_one() {
    let temp = tempfile::tempdir().unwrap();
    let step = "file: {path: '/etc/{{ dir }}', mode: '0644', owner: root, content: x}\nverify: 'true'";
    let library = folder(temp.path(), "step", "vars: [dir]", step);
    for (dir, part) in [("a\nb", "is one line"), ("../b", "has no `..`")] {
        let id = TaskId::new("probe/step", &"server1".into());
        let vars = Vars::from([("dir".to_owned(), Var::Text(dir.to_owned()))]);
        let task = Task { id, service: Some(Service::Glusterfs), vars, why: String::new(), files: BTreeMap::new() };
        let error = library.render(&task).unwrap_err().to_string();
        let (start, place) = ("playbook `probe/step` (step/path, in ", "/probe/step.yml:7): ");
        assert!(error.starts_with(start) && error.contains(place) && error.contains(part), "{error}");
    }
}

#[test]
fn each_step_leaves_one_line_in_the_nodes_log() {
    let step = "script: test {{ dir }} = /\nverify: 'true'";
    each_shell(
        step,
        |_| (),
        |dir, end, _, _| {
            assert_eq!(end, failed("script", 1));
            let path = dir.join("it's a.log");
            let text = fs::read_to_string(&path).unwrap();
            let (time, rest) = text.split_once(' ').unwrap();
            assert_eq!(rest, "run=run-1 by=me@here faked line probe/step/step: failed script 1\n");
            assert!(time.len() == 20 && time.ends_with('Z') && time.as_bytes()[10] == b'T', "{time}");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o640);
        },
    );
    // A log that cannot be written is no failure: here its place is a folder.
    let blocked = |dir: &Path| fs::create_dir(dir.join("it's a.log")).unwrap();
    each_shell("script: ': {{ dir }}'\nverify: 'true'", blocked, |_, end, _, stderr| {
        assert_eq!(end, End::Changed);
        assert_eq!(stderr, "");
    });
}

#[test]
fn a_program_that_is_killed_has_no_end() {
    let temp = tempfile::tempdir().unwrap();
    let library = folder(temp.path(), "step", "vars: []", "script: kill -9 $$\nverify: 'true'");
    let step = render(&library, "probe/step", &Vars::new()).steps.remove(0);
    let output = run(&["dash"], &step.program(MARK, &log(temp.path())));
    assert_eq!(ended(&output), End::Unknown);
}

fn gluster_lib() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/glusterfs/lib.sh")).unwrap()
}

// What gluster 10.3 says while nothing has begun on any node, and what it says when something has. `date` and `sleep`
// go by a clock of their own, two steps a second; the peer is back after `back` seconds.
fn asked_again(shell: &[&str], verb: &str, err: &str, (until, back): (u32, u32)) -> String {
    let lib = gluster_lib();
    let script = format!(
        r#"{lib}
clock=$(mktemp); echo 200 >"$clock"
date() {{ echo "$(($(cat "$clock") / 2))"; }}
sleep() {{ echo "$(($(cat "$clock") + 1))" >"$clock"; }}
asked=0
gl() {{
  if [ "$1" = pool ]; then
    ret=0 err= xml='peer>'
    [ "$(date)" -ge {back} ] || xml="$(printf 'peer>\nhostname>10.77.0.103\nconnected>0\nstate>3\n/peer>')"
    return
  fi
  asked=$((asked + 1)) ret=1 err='{err}'
  [ "$asked" -lt {until} ] || ret=0 err=
}}
change volume {verb} v && done=yes || done=no
rm "$clock"
echo "$asked $done $err""#
    );
    String::from_utf8_lossy(&run(shell, &script).stdout).into_owned()
}

#[test]
fn a_change_is_asked_again_for_a_while_where_nothing_has_begun() {
    let other = "Another transaction is in progress for v. Please try again after some time.";
    let lock = "Locking failed on 10.77.0.103. Please check log file for details.";
    let gone = "Host 10.77.0.103 not connected";
    for shell in shells() {
        let asked = |verb: &str, err: &str, times: (u32, u32)| asked_again(&shell, verb, err, times);
        for (verb, err) in [("create", other), ("create", lock), ("add-brick", gone)] {
            assert_eq!(asked(verb, err, (5, 0)), "5 yes \n", "{err}: {shell:?}");
            assert!(asked(verb, err, (1000, 0)).ends_with(&format!(" no {err}\n")), "{err}: {shell:?}");
        }
        // Not before the peer is back, and not where it stays away.
        assert_eq!(asked("create", lock, (2, 130)), "2 yes \n", "{shell:?}");
        assert_eq!(asked("create", lock, (2, 1000)), format!("1 no {lock}\n"), "{shell:?}");
        for (verb, err) in [
            ("create", gone),
            ("create", "Unlocking failed on 10.77.0.103"),
            ("create", "Commit failed on 10.77.0.103"),
            ("create", "Staging failed on 10.77.0.103. Error: Host 10.77.0.102 not connected"),
        ] {
            assert_eq!(asked(verb, err, (5, 0)), format!("1 no {err}\n"), "{shell:?}");
        }
    }
}

// `gluster` with one client of 10.0.0.9 on the old brick before, and what it says of clients later; `sleep` takes no
// time. Ends after the look-up's wait, in which it was asked `$asked` times.
fn clients_after(now: &str) -> String {
    let lib = gluster_lib();
    format!(
        r#"{lib}
sleep() {{ :; }}
asked=0
gl() {{
  asked=$((asked + 1)) ret=0 err=
  [ "$asked" -lt 1000 ] || {{ echo never; exit; }}
  case $* in
    *clients) xml="{now}" ;;
    *) xml= ;;
  esac
}}
volume() {{ xml=; }}
look_again v 0 '10.0.0.1:/b 10.0.0.9' 10.0.0.2:/b
echo "$asked""#
    )
}

#[test]
fn clients_that_do_not_switch_are_waited_for_a_while_and_who_has_gone_is_not() {
    let row = |host: &str, client: &str| format!("node>\nhostname>{host}\npath>/b\nclient>\nhostname>{client}:1023\n");
    let old = row("10.0.0.1", "10.0.0.9");
    let cases = [
        ("it stays on the old brick alone", old.clone(), "60\n"),
        ("it has switched", old + &row("10.0.0.2", "10.0.0.9"), "1\n"),
        ("it has gone", row("10.0.0.1", "10.0.0.8"), "1\n"),
    ];
    for shell in shells() {
        for (what, now, asked) in &cases {
            let output = run(&shell, &clients_after(now));
            assert_eq!(String::from_utf8_lossy(&output.stdout), *asked, "{what}: {shell:?}");
        }
    }
}

#[test]
fn a_service_folder_replaces_ours_as_a_whole() {
    let temp = tempfile::tempdir().unwrap();
    let library = folder(temp.path(), "step", "vars: [dir]", "script: ': {{ dir }}'\nverify: 'true'");
    let contract = |playbook, vars| Contract { playbook, vars };
    // Another service's folder leaves ours in place.
    library.check(&[contract("glusterfs/install", &["family"]), contract("probe/step", &["dir", "more"])]).unwrap();
    fs::rename(temp.path().join("playbooks/probe"), temp.path().join("playbooks/glusterfs")).unwrap();
    let library = Library::load(&temp.path().join("playbooks")).unwrap();
    let faults = library.check(&[contract("glusterfs/install", &["family"]), contract("glusterfs/step", &["other"])]);
    let text = faults.unwrap_err().to_string().replace(&temp.path().to_string_lossy().into_owned(), "TMP");
    for line in [
        "error: the playbook `glusterfs/install` is missing",
        "--> TMP/playbooks/glusterfs/install.yml",
        "= help: it is given the variables: `family`",
        "error: `glusterfs/step` is not given `dir`",
        " --> TMP/playbooks/glusterfs/step.yml:2:8",
        "= help: it is given: `other`",
    ] {
        assert!(text.contains(line), "no `{line}` in:\n{text}");
    }
}

// `DIR/NAME.yml` is broken; `DIR/NAME.txt` is what is said of it. BLESS=1 writes the latter.
#[test]
fn every_broken_playbook_says_what_is_wrong_with_it() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/playbook");
    let mut count = 0;
    for entry in fs::read_dir(&fixtures).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "yml") {
            continue;
        }
        let temp = tempfile::tempdir().unwrap();
        let service = temp.path().join("broken");
        fs::create_dir(&service).unwrap();
        let name = path.file_name().unwrap();
        fs::copy(&path, service.join(name)).unwrap();
        let said = match Library::load(temp.path()) {
            Ok(_) => panic!("{} loads", path.display()),
            Err(Faults(faults)) => Faults(faults).to_string(),
        };
        let said = said.replace(&format!("{}/", service.display()), "");
        let expected = path.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, &said).unwrap();
        }
        assert_eq!(said, fs::read_to_string(&expected).unwrap_or_default(), "{}", path.display());
        count += 1;
    }
    assert!(count >= 20, "only {count} fixtures");
}

#[test]
fn a_folder_without_playbooks_says_so() {
    let temp = tempfile::tempdir().unwrap();
    let said = |dir: &Path| Library::load(dir).unwrap_err().to_string();
    assert!(said(&temp.path().join("none")).contains("this folder cannot be read: no such file or directory"));
    assert!(said(temp.path()).contains("there are no playbooks here; they are in `DIR/SERVICE/NAME.yml`"));
    fs::create_dir(temp.path().join("glusterfs")).unwrap();
    fs::write(temp.path().join("glusterfs/install.yaml"), "").unwrap();
    assert!(said(temp.path()).contains("a playbook is named `NAME.yml`"));
}

// Which volumes `gluster` lists, or that it does not say; each is started, and has a brick here.
fn own_volumes(shell: &[&str], list: &str, test: &str) -> (bool, String) {
    let lib = gluster_lib();
    let script = format!(
        "{lib}\ngluster() {{ {list}; }}\nvolume() {{ :; }}\nfield() {{ echo 1; }}\nlocal_bricks() {{ echo 10.0.0.1:/b; }}\n\
         holds() {{ echo \"asked $1\"; {test}; }}\nset -e\nfor_own_volumes holds\necho passed"
    );
    let out = run(shell, &script);
    (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned())
}

#[test]
fn a_gate_over_all_volumes_is_shut_where_gluster_does_not_say_which_there_are() {
    for shell in shells() {
        assert_eq!(own_volumes(&shell, "printf 'v\\nw\\n'", ":"), (true, "asked v\nasked w\npassed\n".to_owned()));
        assert_eq!(own_volumes(&shell, ":", "false"), (true, "passed\n".to_owned()), "there is none");
        assert_eq!(own_volumes(&shell, "echo v", "false"), (false, "asked v\n".to_owned()), "{shell:?}");
        assert_eq!(own_volumes(&shell, "return 1", ":"), (false, String::new()), "{shell:?}");
    }
}

// With SELinux's tools as these shell functions; what they were asked is printed.
fn label(shell: &[&str], tools: &str) -> (bool, String) {
    let lib = gluster_lib();
    let script = format!(
        "{lib}\ntype=default_t\nstat() {{ echo \"unconfined_u:object_r:$type:s0\"; }}\n\
         restorecon() {{ echo \"restorecon $*\"; type=glusterd_brick_t; }}\nchcon() {{ echo \"chcon $*\"; type=glusterd_brick_t; }}\n\
         command() {{ case \"$2\" in semanage) [ -n \"$has\" ] ;; selinuxenabled) ;; *) return 1 ;; esac; }}\n{tools}\n\
         set -e\nlabel /data/a.b/c\nlabelled /data/a.b/c\necho passed"
    );
    let out = run(shell, &script);
    (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned())
}

#[test]
fn a_brick_gets_a_lasting_label_where_selinux_is_on() {
    for shell in shells() {
        let (well, said) = label(&shell, "has=\nselinuxenabled() { return 1; }");
        assert!(well && said == "passed\n", "off: {said}");
        let semanage = r#"has=y; selinuxenabled() { :; }; semanage() { echo "semanage $*"; [ "$2" != -a ]; }"#;
        let (well, said) = label(&shell, semanage);
        let rule = r"glusterd_brick_t /data/a\.b/c(/.*)?";
        let all = format!(
            "semanage fcontext -a -t {rule}\nsemanage fcontext -m -t {rule}\nrestorecon -R -- /data/a.b/c\npassed\n"
        );
        assert!(well && said == all, "{said}");
        let (well, said) = label(&shell, "has=; selinuxenabled() { :; }");
        assert!(well && said.ends_with("chcon -t glusterd_brick_t -- /data/a.b/c\npassed\n"), "{said}");
    }
}

// What `volume heal V info` says of bricks `a` and `b` and the lost `c`, as `gl` leaves it in `xml`: the entries of each, or no
// connection.
fn lists(of: &[(&str, Option<&[&str]>)]) -> String {
    let mut xml = String::new();
    for (brick, entries) in of {
        let _ = writeln!(xml, "brick hostUuid=\"-\">\nname>{brick}");
        for entry in entries.unwrap_or_default() {
            let _ = writeln!(xml, "file gfid=\"{entry}\">/{entry}");
        }
        let status = if entries.is_some() { "Connected" } else { "Transport endpoint is not connected" };
        let _ = writeln!(xml, "status>{status}\n/brick>");
    }
    xml
}

#[test]
fn copies_agree_but_for_what_is_being_written() {
    let (one, two): (&[&str], &[&str]) = (&["1"], &["1", "2"]);
    let both = |a, b| lists(&[("a", Some(a)), ("b", Some(b)), ("c", None)]);
    let many: &[&str] = &["1", "2", "3", "4", "5", "6", "7"];
    let cases = [
        (both(one, one), both(two, one), "yes"),
        (both(two, one), both(two, two), "yes"),
        (both(two, one), both(&["1", "2", "3"], two), "yes"),
        (both(two, one), both(two, one), "only some copies list 2"),
        (lists(&[("a", Some(two)), ("b", None)]), both(two, one), "only some copies list 2"),
        (lists(&[("a", Some(one)), ("b", None)]), lists(&[("a", Some(one)), ("b", None)]), "b is not connected"),
        (lists(&[("a", Some(one))]), lists(&[("a", Some(one))]), "only 1 of 2 bricks answer"),
        (both(many, one), both(many, one), "and 3 more"),
    ];
    let lib = gluster_lib();
    // Gluster's answers have no single quotes in them.
    let quote = |text: &str| format!("'{text}'");
    for (first, then, says) in cases {
        for shell in shells() {
            let script = format!(
                "{lib}\nfirst={}\nthen={}\nlook=0\ngl() {{ ret=0; look=$((look + 1)); xml=$first; [ $look = 1 ] || xml=$then; }}\nsleep() {{ :; }}\n\
                 agree v a b && echo yes",
                quote(&first),
                quote(&then)
            );
            let output = run(&shell, &script);
            let said = [output.stdout, output.stderr].concat();
            assert!(
                String::from_utf8_lossy(&said).contains(says),
                "{shell:?}: {first}{then}{}",
                String::from_utf8_lossy(&said)
            );
        }
    }
}
