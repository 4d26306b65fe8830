//! Takes connections: a bounded number of them, each for one request and a bounded time, so that
//! whoever stops in the middle holds up nobody.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, warn};

use super::answers::{self, Source};
use crate::log::{Limiter, More};

/// What goes wrong here for reasons outside of this program.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Trouble {
    NotAccepted,
    TooMany,
    NotAnswered,
    NotTaken,
}

/// Room for all connections that may be open.
pub(super) fn room() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MOST_CONNECTIONS as usize))
}

/// Waits until none is open any more, but not for long.
pub(super) async fn last_answers(room: Arc<Semaphore>) {
    // Whoever is still in the middle then gets no answer; nobody closes the room.
    let _all = timeout(LAST_ANSWERS, room.acquire_many(MOST_CONNECTIONS)).await;
}

/// Answers for as long as the task lives.
pub(super) async fn serve(listener: TcpListener, source: Arc<Source>, room: Arc<Semaphore>) {
    let complaints = Arc::new(Complaints::default());
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
                    if let Some(more) = complaints.judge(Trouble::TooMany) {
                        warn!(
                            "metrics: {peer} is turned away, since {MOST_CONNECTIONS} connections are open already{more}"
                        );
                    }
                    turn_away(&stream);
                    continue;
                };
                let (source, complaints) = (Arc::clone(&source), Arc::clone(&complaints));
                tokio::spawn(async move {
                    converse(stream, source, &complaints).await;
                    drop(place);
                });
            }
            Err(error) => {
                if let Some(more) = complaints.judge(Trouble::NotAccepted) {
                    warn!("metrics: cannot take a connection: {error}{more}");
                }
                // Mostly too many open files, which no haste repairs.
                sleep(BREATH).await;
            }
        }
    }
}

/// One request and its answer.
pub(super) async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    source: Arc<Source>,
    complaints: &Complaints,
) {
    let service = service_fn(|request| {
        let source = Arc::clone(&source);
        async move {
            let (method, path) = (request.method(), request.uri().path());
            let answer = answers::answer(method, path, request.headers(), &source);
            Ok::<_, Infallible>(answer.await)
        }
    });
    let talk = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .max_buf_size(BUFFER)
        .half_close(true)
        // A scrape every few seconds loses nothing by it, and no connection is ever idle.
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(PATIENCE, talk).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            if let Some(more) = complaints.judge(Trouble::NotAnswered) {
                debug!("metrics: a request was not answered: {error}{more}");
            }
        }
        Err(_elapsed) => {
            if let Some(more) = complaints.judge(Trouble::NotTaken) {
                debug!("metrics: a client did not take its answer within {PATIENCE:?}{more}");
            }
        }
    }
}

/// A word for whoever listens to it; the connection closes either way.
fn turn_away(stream: &TcpStream) {
    let _written: io::Result<usize> = stream.try_write(TURNED_AWAY);
}

/// How often is said what others can cause. One thread alone has it.
pub(super) struct Complaints {
    limiter: Mutex<Limiter<Trouble>>,
    since: Instant,
}

impl Default for Complaints {
    fn default() -> Self {
        Self {
            limiter: Mutex::default(),
            since: Instant::now(),
        }
    }
}

impl Complaints {
    /// Whether this is to be said, and how many of it were left out before.
    fn judge(&self, trouble: Trouble) -> Option<More> {
        let limiter = self.limiter.lock();
        let mut limiter = limiter.unwrap_or_else(PoisonError::into_inner);
        limiter.judge(trouble, 1, self.since.elapsed())
    }
}

/// How many connections may be open; a scraper needs one.
const MOST_CONNECTIONS: u32 = 32;

/// From the connection to the end of the request.
const HEADER_PATIENCE: Duration = Duration::from_secs(5);

/// From the connection to the end of the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long connections may take that are open when the server ends.
const LAST_ANSWERS: Duration = Duration::from_millis(200);

/// How long to wait after a connection could not be taken.
const BREATH: Duration = Duration::from_millis(100);

/// More than any request has that belongs here.
const BUFFER: usize = 16 << 10;

const TURNED_AWAY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
content-type: text/plain; charset=utf-8\r\n\
content-length: 21\r\n\
connection: close\r\n\
\r\n\
too many connections\n";
