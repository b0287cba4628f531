//! The way to a server's port. A trait, so that tests use a pipe in memory and jump hosts a channel of another
//! connection.

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::transport::target::Target;

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

/// A command of the user's own, as OpenSSH runs it: by the shell, which it replaces. It ends with the connection.
pub(super) fn by_command(command: &str) -> io::Result<Pipe> {
    let shell = std::env::var("SHELL").unwrap_or_else(|_| "/bin/sh".to_owned());
    let mut child = Command::new(shell);
    crate::transport::without_passwords(child.as_std_mut());
    let mut child = child
        .arg("-c")
        .arg(format!("exec {command}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    match (child.stdout.take(), child.stdin.take()) {
        (Some(output), Some(input)) => Ok(Box::new(Piped { pipe: tokio::io::join(output, input), _child: child })),
        _ => Err(io::Error::other("the command has no pipes")),
    }
}

/// What a command reads and writes; the command is ended when it is dropped.
struct Piped {
    pipe: tokio::io::Join<ChildStdout, ChildStdin>,
    _child: Child,
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
            for address in lookup_host((target.host.as_str(), target.port)).await? {
                match TcpStream::connect(address).await {
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
