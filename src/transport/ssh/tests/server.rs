//! A server that does as the test says, and keeps what it saw.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use russh::keys::key::safe_rng;
use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, PrivateKey, PublicKey};
use russh::server::{
    Auth, ChannelOpenHandle, Config, Handle, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey,
};
use russh::{Channel, ChannelId, ChannelOpenFailure, Sig};
use tokio::sync::{mpsc, watch};

use super::super::{Dial, Pipe, RusshTransport};
use super::pipes::{BUFFER, Freezing, slow};
use crate::model::NodeName;
use crate::transport::api::{self, ConnectError, Script, Transport as _};
use crate::transport::target::{HostKeyChecking, Limits, Target};

pub(super) const NODE: &str = "server1";

/// What reaches a command on its channel.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    Data(Vec<u8>),
    Eof,
    Closed,
}

/// A command, running.
pub(super) struct Running {
    pub(super) command: String,
    pub(super) server: Handle,
    pub(super) id: ChannelId,
    pub(super) input: mpsc::UnboundedReceiver<Input>,
    channels: Channels,
}

/// The open channels of a connection, with the input of the command that runs there.
type Channels = Arc<Mutex<HashMap<ChannelId, Option<mpsc::UnboundedSender<Input>>>>>;

impl Running {
    /// The start mark on both outputs, as our frame prints it.
    pub(super) async fn start(&self) {
        self.out("::bricklayer:start:4711\n").await;
        self.err("::bricklayer:start:4711\n").await;
    }

    pub(super) async fn out(&self, bytes: impl Into<Vec<u8>>) {
        let _ = self.server.data(self.id, bytes.into()).await;
    }

    pub(super) async fn err(&self, text: &str) {
        let _ = self.server.extended_data(self.id, 1, text.as_bytes().to_vec()).await;
    }

    pub(super) async fn exit(&self, code: u32) {
        let _ = self.server.exit_status_request(self.id, code).await;
    }

    pub(super) async fn eof(&self) {
        let _ = self.server.eof(self.id).await;
    }

    pub(super) async fn close(&self) {
        // russh's server does not tell its handler of the client's answer to this.
        self.channels.lock().unwrap().remove(&self.id);
        let _ = self.server.close(self.id).await;
    }

    /// All of standard input.
    pub(super) async fn read(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(Input::Data(bytes)) = self.input.recv().await {
            all.extend(bytes);
        }
        all
    }

    /// Does nothing until the client closes the channel.
    pub(super) async fn until_closed(&mut self) {
        while !matches!(self.input.recv().await, Some(Input::Closed) | None) {}
    }
}

pub(super) type Command = Arc<dyn Fn(Running) -> BoxFuture<'static, ()> + Send + Sync>;

/// A server, the way to it, and a client's settings for it.
#[derive(Clone)]
pub(super) struct Bed {
    pub(super) folder: Arc<tempfile::TempDir>,
    pub(super) command: Command,
    pub(super) seen: Arc<watch::Sender<Vec<String>>>,
    pub(super) host_key: Arc<PrivateKey>,
    pub(super) authorized: Arc<Mutex<Vec<PublicKey>>>,
    pub(super) dials: Arc<AtomicUsize>,
    /// So many connections are closed at once, as with a full `MaxStartups`.
    pub(super) busy: Arc<AtomicUsize>,
    pub(super) frozen: Arc<AtomicBool>,
    pub(super) delay: Option<Duration>,
    /// So many channels are open at most.
    pub(super) max_sessions: usize,
    pub(super) rekey_bytes: usize,
    /// A server that accepts and says nothing.
    pub(super) mute: bool,
}

impl Bed {
    /// Each command on the server is `command`.
    pub(super) fn new<F: Future<Output = ()> + Send + 'static>(
        command: impl Fn(Running) -> F + Send + Sync + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).unwrap();
        key.write_openssh_file(folder.path().join("key"), LineEnding::LF).unwrap();
        Self {
            folder: Arc::new(folder),
            command: Arc::new(move |running| command(running).boxed()),
            seen: Arc::new(watch::channel(Vec::new()).0),
            host_key: Arc::new(PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).unwrap()),
            authorized: Arc::new(Mutex::new(vec![key.public_key().clone()])),
            dials: Arc::default(),
            busy: Arc::default(),
            frozen: Arc::default(),
            delay: None,
            max_sessions: 10,
            rekey_bytes: 1 << 30,
            mute: false,
        }
    }

    pub(super) fn known_hosts(&self) -> PathBuf {
        self.folder.path().join("known_hosts")
    }

    /// As `known_hosts` writes it: type and base64.
    pub(super) fn host_key(&self) -> String {
        self.host_key.public_key().to_openssh().unwrap()
    }

    pub(super) fn target(&self) -> Target {
        let mut target = Target::new(NODE.into(), "server1.test", "admin");
        target.identity_files = vec![self.folder.path().join("key")];
        target.agent = None;
        target.known_hosts = vec![self.known_hosts()];
        target.host_key_checking = HostKeyChecking::AcceptNew;
        target
    }

    pub(super) fn transport(&self, target: Target) -> RusshTransport {
        let limits = Limits { rekey_bytes: self.rekey_bytes, ..Limits::default() };
        RusshTransport::with_dial(vec![target], limits, Arc::new(self.clone()))
    }

    pub(super) async fn connect(&self, target: Target) -> Result<Box<dyn api::Session>, ConnectError> {
        self.transport(target).connect(&NodeName::new(NODE)).await
    }

    pub(super) async fn session(&self) -> Box<dyn api::Session> {
        self.connect(self.target()).await.unwrap()
    }

    /// What the server has seen so far.
    pub(super) fn saw(&self) -> Vec<String> {
        self.seen.borrow().clone()
    }

    /// Waits until the server has seen this.
    pub(super) async fn see(&self, what: &str) {
        let mut seen = self.seen.subscribe();
        seen.wait_for(|seen| seen.iter().any(|event| event == what)).await.unwrap();
    }

    fn serve(&self, pipe: tokio::io::DuplexStream) {
        let limits = russh::Limits::new(self.rekey_bytes, self.rekey_bytes, Duration::from_secs(3600));
        let config = Config {
            keys: vec![self.host_key.as_ref().clone()],
            auth_rejection_time: Duration::ZERO,
            auth_rejection_time_initial: Some(Duration::ZERO),
            inactivity_timeout: None,
            limits,
            ..Config::default()
        };
        let connection = Connection { bed: self.clone(), channels: Arc::default() };
        tokio::spawn(async move {
            if let Ok(running) = russh::server::run_stream(Arc::new(config), pipe, connection).await {
                let _ = running.await;
            }
        });
    }
}

impl Dial for Bed {
    fn dial<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, io::Result<Pipe>> {
        async move {
            self.dials.fetch_add(1, Ordering::Relaxed);
            let (here, there) = self.delay.map_or_else(|| tokio::io::duplex(BUFFER), slow);
            let busy = self.busy.try_update(Ordering::Relaxed, Ordering::Relaxed, |busy| busy.checked_sub(1));
            if self.mute {
                tokio::spawn(async move {
                    let _there = there;
                    std::future::pending::<()>().await;
                });
            } else if busy.is_err() {
                self.serve(there);
            }
            Ok(Box::new(Freezing { inner: here, frozen: Arc::clone(&self.frozen) }) as Pipe)
        }
        .boxed()
    }
}

/// The server's side of one connection.
struct Connection {
    bed: Bed,
    channels: Channels,
}

impl Connection {
    fn saw(&self, what: impl Into<String>) {
        self.bed.seen.send_modify(|seen| seen.push(what.into()));
    }

    fn input(&self, id: ChannelId, input: Input) {
        if let Some(Some(channel)) = self.channels.lock().unwrap().get(&id) {
            let _ = channel.send(input);
        }
    }
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<Auth, russh::Error> {
        self.saw("auth none");
        Ok(Auth::reject())
    }

    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, russh::Error> {
        self.saw(format!("auth {user}"));
        let known = self.bed.authorized.lock().unwrap().iter().any(|key| key.key_data() == offer.public_key.key_data());
        Ok(if known { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey(&mut self, _: &str, _: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        let open = self.channels.lock().unwrap().len();
        if open >= self.bed.max_sessions {
            self.saw("open refused");
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
        } else {
            self.saw("open");
            self.channels.lock().unwrap().insert(channel.id(), None);
            reply.accept().await;
        }
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        let open = self.channels.lock().unwrap().len();
        if open >= self.bed.max_sessions {
            self.saw("way refused");
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
            return Ok(());
        }
        self.saw("way");
        self.channels.lock().unwrap().insert(channel.id(), None);
        reply.accept().await;
        // What lies behind is this server, too.
        let (mut here, there) = tokio::io::duplex(BUFFER);
        self.bed.serve(there);
        tokio::spawn(async move { tokio::io::copy_bidirectional(&mut channel.into_stream(), &mut here).await });
        Ok(())
    }

    async fn exec_request(&mut self, id: ChannelId, data: &[u8], session: &mut Session) -> Result<(), russh::Error> {
        let command = String::from_utf8_lossy(data).into_owned();
        self.saw("exec");
        if command.contains("refuse me") {
            return session.channel_failure(id);
        }
        session.channel_success(id)?;
        let (sender, input) = mpsc::unbounded_channel();
        self.channels.lock().unwrap().insert(id, Some(sender));
        let (server, channels) = (session.handle(), Arc::clone(&self.channels));
        tokio::spawn((self.bed.command)(Running { command, server, id, input, channels }));
        Ok(())
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], _: &mut Session) -> Result<(), russh::Error> {
        self.input(id, Input::Data(data.to_vec()));
        Ok(())
    }

    async fn channel_eof(&mut self, id: ChannelId, _: &mut Session) -> Result<(), russh::Error> {
        self.saw("eof");
        self.input(id, Input::Eof);
        Ok(())
    }

    async fn channel_close(&mut self, id: ChannelId, _: &mut Session) -> Result<(), russh::Error> {
        self.saw("close");
        self.input(id, Input::Closed);
        self.channels.lock().unwrap().remove(&id);
        Ok(())
    }

    async fn signal(&mut self, _: ChannelId, signal: Sig, _: &mut Session) -> Result<(), russh::Error> {
        self.saw(format!("signal {signal:?}"));
        Ok(())
    }
}

pub(super) fn script(text: &str, timeout: Duration) -> Script {
    Script { text: text.to_owned(), become_root: false, timeout }
}

pub(super) const MINUTE: Duration = Duration::from_secs(60);
