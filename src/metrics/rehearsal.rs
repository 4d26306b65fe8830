//! Requests without a port and a thread, for fuzzing.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use super::answers::Source;
use super::connections::{Complaints, converse};
use super::process::Process;
use crate::lifecycle::Lifecycle;
use crate::log::Unwritten;
use crate::server::Server;

/// Answers requests that are bytes, as the port of a server does.
pub struct Rehearsal {
    runtime: Runtime,
    source: Arc<Source>,
    /// What is asked about.
    _server: Server,
}

impl Rehearsal {
    /// About a server that has not been started.
    ///
    /// # Errors
    /// What the system said when it could not open a poll.
    pub fn about(server: Server) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let source = Arc::new(Source {
            observer: server.observer(),
            // Of no worker: else its health would be waited for each time.
            lifecycle: Lifecycle::new(Vec::new()),
            unwritten: Unwritten::default(),
            process: Process::this(),
        });
        Ok(Self {
            runtime,
            source,
            _server: server,
        })
    }

    /// What comes back when somebody connects, sends `bytes`, and will send no more. Bytes and answer have
    /// to fit into the buffer of a socket.
    ///
    /// # Errors
    /// What the system said of a pair of sockets.
    pub fn answer(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let (mut client, stream) = UnixStream::pair()?;
        client.write_all(bytes)?;
        client.shutdown(Shutdown::Write)?;
        stream.set_nonblocking(true)?;
        self.runtime.block_on(async {
            let stream = tokio::net::UnixStream::from_std(stream)?;
            converse(stream, Arc::clone(&self.source), &Complaints::default()).await;
            Ok::<_, io::Error>(())
        })?;
        let mut answer = Vec::new();
        match client.read_to_end(&mut answer) {
            // It was closed with bytes unread.
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(error),
            _ => Ok(answer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn a_rehearsal_gives_the_answers_of_the_port() {
        let config = Config::on("127.0.0.1:0".parse().unwrap());
        let rehearsal = Rehearsal::about(Server::bind(&config).unwrap()).unwrap();
        let answer = |request: &str| {
            let answer = rehearsal.answer(request.as_bytes()).unwrap();
            String::from_utf8(answer).unwrap()
        };
        let page = answer("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n");
        assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
        assert!(page.contains("echo_reactor_received_datagrams_total"));
        let readiness = answer("GET /readyz HTTP/1.0\r\n\r\n");
        assert!(readiness.starts_with("HTTP/1.0 200 "), "{readiness}");
        let health = answer("GET /healthz HTTP/1.0\r\n\r\n");
        assert!(health.starts_with("HTTP/1.0 200 "), "{health}");
        let rubbish = answer("rubbish\r\n\r\n");
        assert!(rubbish.starts_with("HTTP/1.1 400 "), "{rubbish}");
        assert_eq!(answer("GET /met"), "");
    }
}
