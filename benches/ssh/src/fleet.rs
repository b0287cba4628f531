//! The hosts of a run, all of them this machine.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use futures::StreamExt as _;

/// What is asked for on the command line, as `name=value`.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// How many hosts.
    pub hosts: usize,
    /// Scripts on each, one after the other.
    pub steps: usize,
    /// Worked on at one time.
    pub forks: usize,
    pub port: u16,
    pub user: String,
    pub key: PathBuf,
    /// What to run.
    pub command: String,
    /// What the command reads; only the floor writes it.
    pub input: Option<String>,
    /// All connections are open before the first script runs, and stay open until the last one has.
    pub hold: bool,
    /// Where host keys are looked up; without it any key will do.
    pub known_hosts: Option<PathBuf>,
    /// `strict`, `accept-new`, or `ask`, which looks first which keys are not known.
    pub checking: String,
}

impl Fleet {
    /// From the command line.
    ///
    /// # Errors
    /// Names the word that is not understood.
    pub fn from_args() -> Result<Self, String> {
        let mut fleet = Self {
            hosts: 1,
            steps: 1,
            forks: 100,
            port: 22,
            user: "root".to_owned(),
            key: PathBuf::new(),
            command: "true".to_owned(),
            input: None,
            hold: false,
            known_hosts: None,
            checking: "strict".to_owned(),
        };
        for word in std::env::args().skip(1) {
            fleet.set(&word).ok_or_else(|| format!("`{word}` is not understood"))?;
        }
        Ok(fleet)
    }

    fn set(&mut self, word: &str) -> Option<()> {
        let (name, value) = word.split_once('=')?;
        match name {
            "hosts" => self.hosts = value.parse().ok()?,
            "steps" => self.steps = value.parse().ok()?,
            "forks" => self.forks = value.parse().ok()?,
            "port" => self.port = value.parse().ok()?,
            "user" => value.clone_into(&mut self.user),
            "key" => self.key = value.into(),
            "command" => value.clone_into(&mut self.command),
            "input" => self.input = Some(value.to_owned()),
            "hold" => self.hold = value.parse().ok()?,
            "checking" => value.clone_into(&mut self.checking),
            "known_hosts" => self.known_hosts = Some(value.into()),
            _ => return None,
        }
        Some(())
    }

    /// Of host number `index`: 127.1.0.1 to 127.1.0.250, then 127.1.1.1, as `addresses` in `run.sh` has them.
    #[must_use]
    pub fn address(index: usize) -> Ipv4Addr {
        let [high, low] = [index / 250, index % 250 + 1].map(|part| u8::try_from(part).unwrap_or(u8::MAX));
        Ipv4Addr::new(127, 1, high, low)
    }
}

/// Does `work` for each of `items`, so many at one time, each in a task of its own; what came of it, in no order.
pub async fn fan_out<I, T, F>(
    items: impl IntoIterator<Item = I>,
    forks: usize,
    mut work: impl FnMut(I) -> F,
) -> Vec<Result<T, String>>
where
    T: Send + 'static,
    F: Future<Output = Result<T, String>> + Send + 'static,
{
    let tasks = items.into_iter().map(|item| tokio::spawn(work(item)));
    let ended = futures::stream::iter(tasks).buffer_unordered(forks);
    ended.map(|done| done.unwrap_or_else(|error| Err(error.to_string()))).collect().await
}
