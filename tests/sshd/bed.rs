//! One sshd for one test.

use std::fmt::Write as _;
use std::fs::Permissions;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bricklayer::model::{NodeName, Secret};
use bricklayer::transport::{
    ConnectError, HostKeyChecking, Limits, Outcome, Password, RunError, RusshTransport, Script, Session, Target,
    Transport as _,
};

const ACCOUNTS: [(&str, &str); 4] =
    [("admin", "/bin/bash"), ("fisher", "/usr/bin/fish"), ("seasheller", "/bin/csh"), ("nobash", "/usr/sbin/nologin")];

/// Of all accounts, for sudo.
pub(crate) const PASSWORD: &str = "open sesame";
const HASH: &str =
    "$6$bricklayer$hmZ4GgZjeyHbEYW0ozqXr2DJje56blqX2ssG0rMIlDQ2SylGkbuezm/ksVKZg8aFs51PPpMf9UWUDhqoIxPCW/";

const HOST_KEYS: [&str; 3] = ["ed25519", "rsa", "ecdsa"];

/// The name of the node in all these tests.
pub(crate) const NODE: &str = "server1";

/// An address that an inventory may have, which no loopback address is.
pub(crate) const APART: &str = "10.99.0.1";

/// A running sshd, its folder, and a key that it lets in. Ended by its process number when dropped.
pub(crate) struct Sshd {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) port: u16,
    child: Child,
}

impl Sshd {
    /// With the given lines in front of its configuration (the first value of a keyword counts). Its host key is
    /// ed25519; a comment `# rsa` or `# ecdsa` gives it one of these too (they take long to make), and `# certified CA
    /// HOST ..` a certificate for that host (and more words for `ssh-keygen`).
    pub(crate) fn start(config: &str) -> Self {
        Self::prepared(config, &|_| Command::new("/usr/sbin/sshd"))
    }

    /// With accounts and sudo rules of its own, in a mount namespace of its own, so that the machine's are untouched:
    /// `admin` (bash), `fisher` (fish), `seasheller` (csh), `nobash` (no shell), whose home is the folder.
    pub(crate) fn with_accounts(config: &str, sudoers: &str) -> Self {
        Self::with_rules(config, sudoers, "")
    }

    /// The same with rules for doas.
    pub(crate) fn with_rules(config: &str, sudoers: &str, doas: &str) -> Self {
        Self::prepared(config, &|folder| {
            let at = folder.display();
            let (mut passwd, mut shadow) =
                ["/etc/passwd", "/etc/shadow"].map(|f| std::fs::read_to_string(f).unwrap()).into();
            for (id, (user, shell)) in ACCOUNTS.iter().enumerate() {
                writeln!(passwd, "{user}:x:{0}:{0}::{at}:{shell}", 4200 + id).unwrap();
                writeln!(shadow, "{user}:{HASH}:19000:0:99999:7:::").unwrap();
            }
            let sudoers = format!("Defaults !fqdn\nroot ALL=(ALL:ALL) ALL\n{sudoers}\n");
            let doas = format!("{doas}\n");
            for (name, text) in [("passwd", passwd), ("shadow", shadow), ("sudoers", sudoers), ("doas.conf", doas)] {
                std::fs::write(folder.join(name), text).unwrap();
                let mode = if name == "passwd" { 0o644 } else { 0o440 };
                std::fs::set_permissions(folder.join(name), Permissions::from_mode(mode)).unwrap();
            }
            std::fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
            let mount = |name: &str| format!("mount --bind {at}/{name} /etc/{name}; ");
            // A file of this name is not there to be mounted over, so all of the folder is.
            let copy = format!("cp -a /etc {at}/etc; mount --bind {at}/etc /etc; : >>/etc/doas.conf; ");
            let mounts = copy + &["passwd", "shadow", "sudoers", "doas.conf"].map(mount).concat();
            let mut command = Command::new("unshare");
            command.args(["--mount", "--propagation", "private", "sh", "-ec"]);
            command.arg(format!("{mounts}exec /usr/sbin/sshd \"$@\"")).arg("sshd");
            command
        })
    }

    /// At [`APART`], in a network of its own, where [`Sshd::beside`] starts programs; with logs and locks of its own.
    pub(crate) fn apart() -> Self {
        Self::prepared(&format!("ListenAddress {APART}"), &|_| {
            let mut command = Command::new("unshare");
            let own = "for folder in /var/log /run/lock; do mount -t tmpfs none $folder; done";
            let network = format!("ip link set lo up; ip address add {APART}/32 dev lo");
            command.args(["--net", "--mount", "--propagation", "private", "sh", "-ec"]);
            command.arg(format!("{own}; {network}; exec /usr/sbin/sshd \"$@\"")).arg("sshd");
            command
        })
    }

    /// A program in the network of [`Sshd::apart`].
    pub(crate) fn beside(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.child.id())).arg(program);
        command
    }

    /// Our program beside it, with an inventory of that node and a state folder of its own.
    pub(crate) fn program(&self, args: &[&str]) -> Command {
        let (port, key) = (self.port, self.host_key("ed25519"));
        std::fs::write(self.path("known_hosts"), format!("[{APART}]:{port} {key}\n")).unwrap();
        let inventory = format!(
            "ssh: {{user: root, port: {port}, identity_file: key, known_hosts: known_hosts, host_key_checking: strict}}\n\
             nodes:\n  controllers:\n    - {{hostname: {NODE}, ip_address: {APART}}}\n"
        );
        std::fs::write(self.path("inventory.yml"), inventory).unwrap();
        let mut program = self.beside(env!("CARGO_BIN_EXE_bricklayer"));
        program.arg("-i").arg(self.path("inventory.yml")).args(args).current_dir(self.folder.path());
        program.env_remove("SSH_AUTH_SOCK").env("XDG_STATE_HOME", self.path("state")).stdin(Stdio::null());
        program
    }

    fn prepared(config: &str, command: &dyn Fn(&Path) -> Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        keygen(&folder.path().join("key"), &["-t", "ed25519"]);
        for kind in HOST_KEYS.into_iter().filter(|kind| *kind == "ed25519" || config.contains(&format!("# {kind}"))) {
            keygen(&folder.path().join(format!("host_{kind}")), &["-t", kind]);
        }
        if let Some(words) = config.lines().find_map(|line| line.strip_prefix("# certified ")) {
            let mut words: Vec<&str> = words.split(' ').collect();
            let authority = words.remove(0);
            sign(Path::new(authority), &[&["-h", "-n"], &words[..]].concat(), &folder.path().join("host_ed25519.pub"));
        }
        std::fs::copy(folder.path().join("key.pub"), folder.path().join("authorized_keys")).unwrap();
        // Started again on another port when somebody else has taken this one in between.
        let listening = (0..5).find_map(|_| Self::listen(&folder, config, command(folder.path())));
        let (child, port) = listening.unwrap();
        Self { folder, port, child }
    }

    fn listen(folder: &tempfile::TempDir, config: &str, mut command: Command) -> Option<(Child, u16)> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = folder.path().display();
        let config = format!(
            "{config}\nPort {port}\nListenAddress 127.0.0.1\nPidFile none\nUsePAM no\nStrictModes no\nUseDNS no\n\
             PermitRootLogin yes\n\
             AuthorizedKeysFile {at}/authorized_keys\nLogLevel INFO\nMaxStartups 100:30:200\n"
        );
        let keys = HOST_KEYS.map(|kind| folder.path().join(format!("host_{kind}")));
        let line = |key: &PathBuf| format!("HostKey {}\n", key.display());
        let keys: Vec<_> = keys.iter().filter(|key| key.exists()).map(line).collect();
        let certificate = folder.path().join("host_ed25519-cert.pub");
        let certificate = certificate.exists().then(|| format!("HostCertificate {}\n", certificate.display()));
        let config = config + &keys.concat() + &certificate.unwrap_or_default();
        std::fs::write(folder.path().join("sshd_config"), config).unwrap();
        // Where sshd's unprivileged half lives; Debian's service unit makes it.
        std::fs::create_dir_all("/run/sshd").unwrap();
        let config = folder.path().join("sshd_config");
        let mut child =
            command.args(["-D", "-e", "-f"]).arg(config).stderr(Stdio::piped()).spawn().unwrap_or_else(|error| {
                panic!("`/usr/sbin/sshd` is needed (`apt-get install openssh-server`): {error}")
            });
        let mut said = Vec::new();
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            said.push(line.unwrap());
            if said.last().is_some_and(|line| line.starts_with("Server listening on")) {
                return Some((child, port));
            }
        }
        child.wait().unwrap();
        let taken = said.iter().any(|line| line.contains("Address already in use"));
        assert!(taken, "sshd does not start; is Debian's `openssh-server` installed, and are we root? {said:?}");
        None
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The node, with the key that is let in, and an empty `known_hosts` in which new keys are written.
    pub(crate) fn target(&self) -> Target {
        let mut target = Target::new(NODE.into(), "127.0.0.1", "root");
        target.port = self.port;
        target.identity_files = vec![self.path("key")];
        target.agent = None;
        target.known_hosts = vec![self.path("known_hosts")];
        target.host_key_checking = HostKeyChecking::AcceptNew;
        target
    }

    /// The same as another user.
    pub(crate) fn target_as(&self, user: &str) -> Target {
        let mut target = self.target();
        user.clone_into(&mut target.user);
        target
    }

    pub(crate) async fn connect(&self) -> Box<dyn Session> {
        connect(self.target()).await.unwrap()
    }

    /// A public host key as `known_hosts` writes it: type and base64.
    pub(crate) fn host_key(&self, kind: &str) -> String {
        let text = std::fs::read_to_string(self.path(&format!("host_{kind}.pub"))).unwrap();
        text.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn keygen(path: &Path, arguments: &[&str]) {
    let made = Command::new("ssh-keygen").args(["-q", "-N", "", "-C", "test", "-f"]).arg(path).args(arguments).output();
    let made = made.unwrap_or_else(|error| panic!("`ssh-keygen` is needed: {error}"));
    assert!(made.status.success(), "{made:?}");
}

/// Has `authority` sign a public key: `KEY-cert.pub` beside it.
pub(crate) fn sign(authority: &Path, what: &[&str], public: &Path) {
    let signed =
        Command::new("ssh-keygen").args(["-q", "-I", "test", "-s"]).arg(authority).args(what).arg(public).output();
    let signed = signed.unwrap();
    assert!(signed.status.success(), "{signed:?}");
}

pub(crate) async fn connect(target: Target) -> Result<Box<dyn Session>, ConnectError> {
    RusshTransport::new(vec![target], Limits::default()).connect(&NodeName::new(NODE)).await
}

/// A password that a person has given.
pub(crate) fn given(password: &str) -> Arc<Password> {
    Arc::new(Password::new(Secret::new(password.to_owned())))
}

pub(crate) fn script(text: &str) -> Script {
    Script { text: text.to_owned(), become_root: false, timeout: Duration::from_secs(30) }
}

pub(crate) async fn run(session: &dyn Session, text: &str) -> Result<Outcome, RunError> {
    session.run(&script(text), &|_| ()).await
}
