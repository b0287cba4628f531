//! A server that costs as little as it can, so that a client is what is measured: any key is let in, and no process is
//! ever started. It knows our frame (`src/transport/frame.rs`): prints the start mark on both outputs once the whole
//! script has come. Of a command or a script it understands `echo WORDS` and `head -c N /dev/zero`; all else prints
//! nothing, and everything ends with 0.
//!
//! `server PORT [HOST_KEY]`: listens on all addresses, so that every 127.x.y.z is a host.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::{PrivateKey, load_secret_key};
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Session, VerifiedPublicKey, run_stream};
use russh::{Channel, ChannelId, Preferred, kex};
use tokio::net::TcpListener;

const START: &[u8] = b"::bricklayer:start:4711\n";

/// A command whose input is not complete.
struct Waiting {
    /// The line after which it is whole, where it comes in our frame; otherwise it ends with the input.
    end: Option<String>,
    script: Vec<u8>,
}

#[derive(Default)]
struct Connection {
    waiting: HashMap<ChannelId, Waiting>,
}

/// What a real node would print.
fn output(text: &str) -> Vec<u8> {
    let mut said = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("echo ") {
            said.extend_from_slice(words.trim_matches(['\'', '"']).as_bytes());
            said.push(b'\n');
        } else if let Some(count) = line.strip_prefix("head -c ") {
            let count: usize = count.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or_default();
            said.resize(said.len() + count, 0);
        }
    }
    said
}

fn ended(id: ChannelId, said: Vec<u8>, framed: bool, session: &mut Session) -> Result<(), russh::Error> {
    if framed {
        session.data(id, START)?;
        session.extended_data(id, 1, START)?;
    }
    if !said.is_empty() {
        session.data(id, said)?;
    }
    session.eof(id)?;
    session.exit_status_request(id, 0)?;
    session.close(id)
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, _: &str, _: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn env_request(
        &mut self,
        id: ChannelId,
        _: &str,
        _: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_success(id)
    }

    async fn exec_request(&mut self, id: ChannelId, data: &[u8], session: &mut Session) -> Result<(), russh::Error> {
        session.channel_success(id)?;
        let command = String::from_utf8_lossy(data);
        // Our frame says which line ends its script.
        let ours =
            command.contains("brick\"\"layer:start").then(|| command.split_once("*\"#bricklayer end ")).flatten();
        let end = ours.and_then(|(_, rest)| Some(format!("\n#bricklayer end {}", rest.split('"').next()?)));
        if end.is_none() && !command.starts_with("cat") {
            return ended(id, output(&command), false, session);
        }
        self.waiting.insert(id, Waiting { end, script: Vec::new() });
        Ok(())
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], session: &mut Session) -> Result<(), russh::Error> {
        let Some(Waiting { end: Some(end), script }) = self.waiting.get_mut(&id) else { return Ok(()) };
        script.extend_from_slice(data);
        if !script.trim_ascii_end().ends_with(end.as_bytes()) {
            return Ok(());
        }
        let said = output(&String::from_utf8_lossy(script));
        self.waiting.remove(&id);
        ended(id, said, true, session)
    }

    async fn channel_eof(&mut self, id: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        match self.waiting.remove(&id) {
            Some(_) => ended(id, Vec::new(), false, session),
            None => Ok(()),
        }
    }
}

fn config(key: PrivateKey) -> Config {
    // Without the one that not all contenders know, so that all exchange keys by curve25519.
    let kex = Preferred::DEFAULT.kex.iter().filter(|kex| **kex != kex::MLKEM768X25519_SHA256).copied().collect();
    Config {
        keys: vec![key],
        preferred: Preferred { kex, ..Preferred::DEFAULT },
        auth_rejection_time: Duration::ZERO,
        auth_rejection_time_initial: Some(Duration::ZERO),
        inactivity_timeout: None,
        nodelay: true,
        ..Config::default()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(port), Some(key)) = (words.next(), words.next()) else { return Err("server PORT HOST_KEY".into()) };
    let config = Arc::new(config(load_secret_key(key, None)?));
    let listener = TcpListener::bind(("0.0.0.0", port.parse()?)).await?;
    println!("listening");
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let config = Arc::clone(&config);
        tokio::spawn(async move {
            if let Ok(running) = run_stream(config, stream, Connection::default()).await {
                let _ = running.await;
            }
        });
    }
}
