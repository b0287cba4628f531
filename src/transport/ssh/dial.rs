//! The way to a server's port. A trait, so that tests use a pipe in memory and jump hosts a channel of another
//! connection.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::transport::target::{Family, Target};

/// Bytes in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A stream of any kind.
pub type Pipe = Box<dyn Stream>;

/// Opens the byte stream that SSH then runs on. Timeouts are the caller's.
pub trait Dial: Send + Sync {
    /// To the port of this target.
    fn dial<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, io::Result<Pipe>>;
}

/// What a command says on its standard error, to its end; the last of it.
pub(super) struct Said(JoinHandle<String>);

impl Said {
    /// Of one that has ended.
    pub(super) async fn last_words(self) -> String {
        timeout(2 * LAST_WORDS, self.0).await.ok().and_then(Result::ok).unwrap_or_default()
    }
}

/// How long a command that has closed its output may go on saying why.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// So much of it is kept.
const TAIL: usize = 2048;

/// A command of the user's own, as OpenSSH runs it: by the shell, which it replaces. It ends with the connection.
pub(super) fn by_command(command: &str) -> io::Result<(Pipe, Said)> {
    let shell = std::env::var("SHELL").unwrap_or_else(|_| "/bin/sh".to_owned());
    let mut child = Command::new(shell);
    crate::transport::without_passwords(child.as_std_mut());
    let mut child = child
        .arg("-c")
        .arg(format!("exec {command}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    match (child.stdout.take(), child.stdin.take(), child.stderr.take()) {
        (Some(output), Some(input), Some(errors)) => {
            let pipe = Box::new(Piped { pipe: tokio::io::join(output, input), child: Some(child) });
            Ok((pipe, Said(tokio::spawn(hear(errors)))))
        }
        _ => Err(io::Error::other("the command has no pipes")),
    }
}

async fn hear(mut from: ChildStderr) -> String {
    let (mut tail, mut piece) = (Vec::new(), [0; TAIL]);
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        tail.extend_from_slice(&piece[..read]);
        tail.drain(..tail.len().saturating_sub(TAIL));
    }
    String::from_utf8_lossy(&tail).trim().to_owned()
}

/// What a command reads and writes. When that is dropped the command has no more input, and little time to end by itself.
struct Piped {
    pipe: tokio::io::Join<ChildStdout, ChildStdin>,
    child: Option<Child>,
}

impl Drop for Piped {
    fn drop(&mut self) {
        if let (Some(mut child), Ok(runtime)) = (self.child.take(), Handle::try_current()) {
            runtime.spawn(async move {
                let _ended = timeout(LAST_WORDS, child.wait()).await;
            });
        }
    }
}

impl AsyncRead for Piped {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_read(context, to)
    }
}

impl AsyncWrite for Piped {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_write(context, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(context)
    }
}

/// Straight TCP, every address of a name in turn.
pub(super) struct Tcp;

impl Dial for Tcp {
    fn dial<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, io::Result<Pipe>> {
        async {
            let mut last = None;
            let (host, from) = (target.host.as_str(), &target.from);
            for address in lookup_host((host, target.port)).await?.filter(|address| from.family.has(*address)) {
                match connect(address, from.address.as_deref()).await {
                    Ok(stream) => {
                        // Small packets that wait for an answer are all there is.
                        stream.set_nodelay(true)?;
                        return Ok(Box::new(stream) as Pipe);
                    }
                    Err(error) => last = Some(error),
                }
            }
            Err(last.unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no address")))
        }
        .boxed()
    }
}

impl Family {
    fn has(self, address: SocketAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Inet => address.is_ipv4(),
            Self::Inet6 => address.is_ipv6(),
        }
    }
}

async fn connect(to: SocketAddr, from: Option<&str>) -> io::Result<TcpStream> {
    let Some(from) = from else { return TcpStream::connect(to).await };
    let wrong = |why: &str| io::Error::other(format!("`BindAddress {from}` {why}"));
    let mut ours = lookup_host((from, 0)).await.map_err(|error| wrong(&error.to_string()))?;
    let ours = ours.find(|ours| ours.is_ipv4() == to.is_ipv4()).ok_or_else(|| wrong("is of another address family"))?;
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(ours).map_err(|error| wrong(&error.to_string()))?;
    socket.connect(to).await
}
