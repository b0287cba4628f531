//! The product's transport doing what `floor` does: the same hosts, each with a session, scripts one after the other.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bench_ssh::{Fleet, Usage, fan_out};
use bricklayer::model::NodeName;
use bricklayer::transport::{
    Exit, HostKeyChecking, Limits, RusshTransport, Script, Session, Target, Transport as _, open_file_limit,
};

struct Client {
    fleet: Fleet,
    transport: RusshTransport,
    script: Script,
}

fn name(index: usize) -> NodeName {
    NodeName::new(&format!("host{index}"))
}

impl Client {
    fn new(fleet: Fleet) -> Self {
        let target = |index| {
            let mut target = Target::new(name(index), &Fleet::address(index).to_string(), &fleet.user);
            target.port = fleet.port;
            target.identity_files = vec![fleet.key.clone()];
            target.agent = None;
            target.known_hosts = fleet.known_hosts.iter().cloned().collect();
            target.host_key_checking = match fleet.checking.as_str() {
                _ if fleet.known_hosts.is_none() => HostKeyChecking::Off,
                "ask" => HostKeyChecking::Ask,
                "accept-new" => HostKeyChecking::AcceptNew,
                _ => HostKeyChecking::Strict,
            };
            target
        };
        let targets = (0..fleet.hosts).map(target).collect();
        let transport = RusshTransport::new(targets, Limits { forks: fleet.forks, ..Limits::default() });
        let (text, timeout) = (fleet.command.clone(), Duration::from_secs(60));
        Self { transport, script: Script { text, become_root: false, timeout }, fleet }
    }

    async fn open(&self, index: usize) -> Result<Box<dyn Session>, String> {
        self.transport.connect(&name(index)).await.map_err(|error| error.to_string())
    }

    async fn steps(&self, session: &dyn Session) -> Result<(), String> {
        for _ in 0..self.fleet.steps {
            let outcome = session.run(&self.script, &|_| ()).await.map_err(|error| error.to_string())?;
            if outcome.exit != Exit::Code(0) {
                return Err(format!("{outcome:?}"));
            }
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut usage = Usage::start();
    let fleet = Fleet::from_args().and_then(|fleet| open_file_limit(fleet.hosts).map(|_| fleet));
    let fleet = match fleet {
        Ok(fleet) => fleet,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let (hosts, forks, hold) = (fleet.hosts, fleet.forks, fleet.hold);
    let client = Arc::new(Client::new(fleet));
    // As `bricklayer` does before it connects.
    if let Err(error) = client.transport.unknown_host_keys().await {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let outcomes = if hold {
        let opened = fan_out(0..hosts, forks, |index| {
            let client = Arc::clone(&client);
            async move { client.open(index).await.map(Arc::<dyn Session>::from) }
        });
        let opened = opened.await;
        usage.mark("open");
        let stepped = fan_out(opened.iter().flatten().cloned(), forks, |session| {
            let client = Arc::clone(&client);
            async move { client.steps(&*session).await }
        });
        let stepped = stepped.await;
        usage.mark("steps");
        let failed = opened.iter().filter_map(|opened| opened.as_ref().err().cloned().map(Err));
        let outcomes: Vec<_> = stepped.into_iter().chain(failed).collect();
        fan_out(opened.into_iter().flatten(), forks, |session| async move {
            session.close().await;
            Ok(())
        })
        .await;
        outcomes
    } else {
        fan_out(0..hosts, forks, |index| {
            let client = Arc::clone(&client);
            async move {
                let session = client.open(index).await?;
                client.steps(&*session).await?;
                session.close().await;
                Ok(())
            }
        })
        .await
    };
    if usage.finish(&outcomes) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
