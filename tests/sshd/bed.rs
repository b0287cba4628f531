//! One sshd for one test.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bricklayer::model::NodeName;
use bricklayer::transport::{
    ConnectError, HostKeyChecking, Limits, Outcome, RunError, RusshTransport, Script, Session, Target, Transport as _,
};

/// The name of the node in all these tests.
pub(crate) const NODE: &str = "server1";

/// A running sshd, its folder, and a key that it lets in. Ended by its process number when dropped.
pub(crate) struct Sshd {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) port: u16,
    child: Child,
}

impl Sshd {
    /// With the given lines in front of its configuration (the first value of a keyword counts).
    pub(crate) fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, kind) in
            [("host_ed25519", "ed25519"), ("host_rsa", "rsa"), ("host_ecdsa", "ecdsa"), ("key", "ed25519")]
        {
            keygen(&folder.path().join(name), &["-t", kind]);
        }
        std::fs::copy(folder.path().join("key.pub"), folder.path().join("authorized_keys")).unwrap();
        // sshd is started again on another port when somebody else has taken this one in between.
        (0..5).find_map(|_| Self::listen(&folder, config)).map_or_else(
            || panic!("sshd does not start: is `openssh-server` installed, and are we root?"),
            |(child, port)| Self { folder, port, child },
        )
    }

    fn listen(folder: &tempfile::TempDir, config: &str) -> Option<(Child, u16)> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = folder.path().display();
        let config = format!(
            "{config}\nPort {port}\nListenAddress 127.0.0.1\nPidFile none\nUsePAM no\nStrictModes no\nUseDNS no\n\
             HostKey {at}/host_ed25519\nHostKey {at}/host_rsa\nHostKey {at}/host_ecdsa\nPermitRootLogin yes\n\
             AuthorizedKeysFile {at}/authorized_keys\nLogLevel INFO\nMaxStartups 100:30:200\n"
        );
        std::fs::write(folder.path().join("sshd_config"), config).unwrap();
        // Where sshd's unprivileged half lives; Debian's service unit makes it.
        std::fs::create_dir_all("/run/sshd").unwrap();
        let mut child = Command::new("/usr/sbin/sshd")
            .arg("-D")
            .arg("-e")
            .arg("-f")
            .arg(folder.path().join("sshd_config"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("`/usr/sbin/sshd` is needed (`apt-get install openssh-server`): {error}"));
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let listening = lines.any(|line| line.unwrap().starts_with("Server listening on"));
        if !listening {
            child.wait().unwrap();
            return None;
        }
        // Its log is read on, or sshd would stop at a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Some((child, port))
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

pub(crate) async fn connect(target: Target) -> Result<Box<dyn Session>, ConnectError> {
    RusshTransport::new(vec![target], Limits::default()).connect(&NodeName::new(NODE)).await
}

pub(crate) fn script(text: &str) -> Script {
    Script { text: text.to_owned(), become_root: false, timeout: Duration::from_secs(30) }
}

pub(crate) async fn run(session: &dyn Session, text: &str) -> Result<Outcome, RunError> {
    session.run(&script(text), &|_| ()).await
}
