//! The way to a server's port. A trait, so that tests use a pipe in memory and jump hosts a channel of another
//! connection.

use std::io;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};

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
