//! A lab for one test, and the program run inside its network.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Nodes of one test. Taken down when dropped, also when the test fails.
pub struct Lab {
    pub name: String,
    pub folder: PathBuf,
    /// Held as long as the lab is: the same test of another checkout waits, instead of taking these nodes down.
    _alone: std::fs::File,
}

/// What the program did.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Lab {
    /// Boots `nodes` nodes. `name` is at most 10 characters and unique among the tests.
    pub fn up(name: &str, nodes: usize, image: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("bricklayer-e2e-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let alone = std::fs::File::create(std::env::temp_dir().join(format!("bricklayer-e2e-{name}.lock"))).unwrap();
        alone.lock().unwrap();
        let lab = Self { name: name.to_owned(), folder, _alone: alone };
        Self::command(&["down", name]);
        Self::must(&["up", name, &nodes.to_string(), "--image", image]);
        Self::must(&["known-hosts", name]);
        lab.inventory(nodes);
        lab
    }

    /// Runs `tests/lab/lab` with these arguments.
    pub fn command(args: &[&str]) -> Output {
        Command::new(script()).args(args).stdin(Stdio::null()).output().unwrap()
    }

    /// As [`Lab::command`], and it must succeed; answers its standard output.
    pub fn must(args: &[&str]) -> String {
        let out = Self::command(args);
        assert!(out.status.success(), "lab {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    /// Writes the inventory of the first `nodes` nodes; answers its text, for tests that change it.
    pub fn inventory(&self, nodes: usize) -> String {
        let text = Self::must(&["inventory", &self.name, &nodes.to_string()]);
        self.write_inventory(&text);
        text
    }

    pub fn write_inventory(&self, text: &str) {
        std::fs::write(self.folder.join("inventory.yml"), text).unwrap();
    }

    /// Runs a command line on a node as root; it must succeed.
    pub fn ssh(&self, node: usize, command: &str) -> String {
        let out = self.ssh_any(node, command);
        assert!(out.status.success(), "server{node}: {command}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    /// As [`Lab::ssh`], whatever comes of it.
    pub fn ssh_any(&self, node: usize, command: &str) -> Output {
        Self::command(&["ssh", &self.name, &node.to_string(), command])
    }

    /// The program, to be run inside the lab's network with the lab's inventory and a state folder of its own.
    pub fn program(&self, args: &[&str]) -> Command {
        let mut command = Command::new(script());
        command
            .args(["exec", &self.name, env!("CARGO_BIN_EXE_bricklayer"), "-i"])
            .arg(self.folder.join("inventory.yml"));
        command.args(args).env("XDG_STATE_HOME", self.folder.join("state")).stdin(Stdio::null());
        command.current_dir(&self.folder);
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, args: &[&str]) -> Ran {
        let out = self.program(args).output().unwrap();
        Ran {
            code: out.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&out.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
        }
    }

    /// Runs the program, which must end with `code`; answers all it printed.
    #[track_caller]
    pub fn expect(&self, code: i32, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, code, "{args:?}\n{}\n{}", ran.stdout, ran.stderr);
        format!("{}\n{}", ran.stdout, ran.stderr)
    }

    /// Law of every scenario: nothing is left to do, and the cluster is well. A mount needs up to two minutes to see a
    /// brick again whose node was dead.
    #[track_caller]
    pub fn settled(&self) {
        self.expect(0, &["plan", "--exit-code"]);
        let (start, mut status) = (Instant::now(), self.run(&["status"]));
        while status.code != 0 {
            let waits = start.elapsed() < Duration::from_secs(150);
            assert!(waits, "not healthy within 150 s: {}{}", status.stdout, status.stderr);
            std::thread::sleep(Duration::from_millis(300));
            status = self.run(&["status"]);
        }
    }

    /// Starts the program with `--format json`; its events come as they happen.
    pub fn follow(&self, args: &[&str]) -> Follow {
        let mut command = self.program(args);
        command.args(["--format", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Follow { child, lines }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::env::var_os("BRICKLAYER_KEEP_LAB").is_none() {
            Self::command(&["down", &self.name]);
            // A folder that stays is no reason to fail.
            let _left = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// A run that is followed event by event.
pub struct Follow {
    pub child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Follow {
    /// The next event; `None` at the end.
    pub fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        (self.lines.read_line(&mut line).unwrap() > 0).then(|| serde_json::from_str(&line).unwrap())
    }

    /// Reads events until one is as wanted; answers it, or `None` where the run ended before.
    pub fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        std::iter::from_fn(|| self.next()).find(wanted)
    }

    /// Reads to the end; answers the exit code.
    pub fn finish(mut self) -> i32 {
        while self.next().is_some() {}
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

/// Asks again and again until it holds; a condition with a limit, not a sleep that hopes.
#[track_caller]
pub fn eventually(limit: Duration, what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(300));
    }
}

pub fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/lab")
}
