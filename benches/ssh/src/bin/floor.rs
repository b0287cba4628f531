//! The least that a client over russh can do: log in with a key, run the command, read to the end, say goodbye. Host
//! keys are not looked at.

use std::process::ExitCode;
use std::sync::Arc;

use bench_ssh::{Fleet, Usage, fan_out};
use russh::client::{Config, Handle, Handler, connect};
use russh::keys::{PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate, load_secret_key};
use russh::{ChannelMsg, Disconnect};

struct Anyone;

impl Handler for Anyone {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        Ok(true)
    }
}

struct Client {
    fleet: Fleet,
    config: Arc<Config>,
    key: Arc<PrivateKey>,
}

impl Client {
    async fn open(&self, index: usize) -> Result<Handle<Anyone>, russh::Error> {
        let address = (Fleet::address(index), self.fleet.port);
        let mut handle = connect(Arc::clone(&self.config), address, Anyone).await?;
        let key = PrivateKeyWithHashAlg::new(Arc::clone(&self.key), None);
        let is_in = handle.authenticate_publickey(&self.fleet.user, key).await?.success();
        if is_in { Ok(handle) } else { Err(russh::Error::NotAuthenticated) }
    }

    async fn steps(&self, handle: &Handle<Anyone>) -> Result<(), russh::Error> {
        for _ in 0..self.fleet.steps {
            let mut channel = handle.channel_open_session().await?;
            channel.exec(true, self.fleet.command.as_str()).await?;
            if let Some(input) = &self.fleet.input {
                channel.data(input.as_bytes()).await?;
                channel.eof().await?;
            }
            let mut exit = None;
            while let Some(message) = channel.wait().await {
                match message {
                    ChannelMsg::ExitStatus { exit_status } => exit = Some(exit_status),
                    ChannelMsg::Close => break,
                    _ => {}
                }
            }
            channel.close().await?;
            if exit != Some(0) {
                return Err(russh::Error::RequestDenied);
            }
        }
        Ok(())
    }
}

/// Says goodbye, and waits until the server has heard it.
async fn close(handle: Handle<Anyone>) -> Result<(), russh::Error> {
    handle.disconnect(Disconnect::ByApplication, "", "").await?;
    let _ = handle.await;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut usage = Usage::start();
    let fleet = match Fleet::from_args() {
        Ok(fleet) => fleet,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let key = match load_secret_key(&fleet.key, None) {
        Ok(key) => Arc::new(key),
        Err(error) => {
            eprintln!("`{}`: {error}", fleet.key.display());
            return ExitCode::from(2);
        }
    };
    let (hosts, forks, hold) = (fleet.hosts, fleet.forks, fleet.hold);
    let client = Arc::new(Client { fleet, config: Arc::new(Config { nodelay: true, ..Config::default() }), key });
    let outcomes = if hold {
        let opened = fan_out(0..hosts, forks, |index| {
            let client = Arc::clone(&client);
            async move { client.open(index).await.map(Arc::new).map_err(|error| error.to_string()) }
        });
        let opened = opened.await;
        usage.mark("open");
        let all = opened.iter().flatten().cloned();
        let stepped = fan_out(all, forks, |handle| {
            let client = Arc::clone(&client);
            async move { client.steps(&handle).await.map_err(|error| error.to_string()) }
        });
        let stepped = stepped.await;
        usage.mark("steps");
        let failed = opened.iter().filter_map(|opened| opened.as_ref().err().cloned().map(Err));
        let outcomes: Vec<_> = stepped.into_iter().chain(failed).collect();
        let open = opened.into_iter().flatten().filter_map(Arc::into_inner);
        fan_out(open, forks, |handle| async move { close(handle).await.map_err(|error| error.to_string()) }).await;
        outcomes
    } else {
        fan_out(0..hosts, forks, |index| {
            let client = Arc::clone(&client);
            async move {
                let whole = async {
                    let handle = client.open(index).await?;
                    client.steps(&handle).await?;
                    close(handle).await
                };
                whole.await.map_err(|error: russh::Error| error.to_string())
            }
        })
        .await
    };
    if usage.finish(&outcomes) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
