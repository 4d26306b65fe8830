//! A client that sends numbered datagrams all the time, and holds the server to answer each of them
//! exactly once.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::PATIENCE;

/// Goes on until it is told to end.
pub(crate) struct Stream {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Vec<u32>>,
}

impl Stream {
    /// Sends to `server` by several flows, which belong to different workers.
    pub(crate) fn to(server: SocketAddr) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&over);
        let thread = thread::spawn(move || send_and_hear(server, &end));
        Self { over, thread }
    }

    /// Sends no more, waits for what is under way, and tells how many there were.
    #[track_caller]
    pub(crate) fn end(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        let answers = self.thread.join().expect("the client does not panic");
        let count = |wrong: fn(u32) -> bool| answers.iter().filter(|count| wrong(**count)).count();
        assert_eq!(
            count(|times| times == 0),
            0,
            "unanswered of {}",
            answers.len()
        );
        assert_eq!(
            count(|times| times > 1),
            0,
            "answered twice of {}",
            answers.len()
        );
        answers.len() as u64
    }
}

/// How often each number was answered.
fn send_and_hear(server: SocketAddr, over: &AtomicBool) -> Vec<u32> {
    let flows: Vec<UdpSocket> = (0..FLOWS).map(|_| flow(server)).collect();
    let mut answers: Vec<u32> = Vec::new();
    let mut unanswered = 0;
    let mut last = Instant::now();
    loop {
        let ends = over.load(Ordering::Relaxed);
        // So many fit into the buffer of this client, whatever the server does.
        if !ends && unanswered < MOST_UNDER_WAY {
            let number = answers.len();
            let sent = flows[number % FLOWS].send(&(number as u64).to_be_bytes());
            sent.expect("the kernel takes it");
            answers.push(0);
            unanswered += 1;
        }
        for flow in &flows {
            let mut reply = [0; 8];
            while let Ok(8) = flow.recv(&mut reply) {
                let number = usize::try_from(u64::from_be_bytes(reply)).expect("it was sent");
                answers[number] += 1;
                unanswered = unanswered.saturating_sub(1);
                last = Instant::now();
            }
        }
        // A second answer might come too.
        let patience = if unanswered == 0 {
            SECOND_ANSWER
        } else {
            PATIENCE
        };
        if ends && last.elapsed() > patience {
            return answers;
        }
        thread::sleep(PAUSE);
    }
}

fn flow(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    socket.connect(server).expect("the server has a route");
    socket.set_nonblocking(true).expect("a mode of sockets");
    socket
}

/// How many sockets it sends by.
const FLOWS: usize = 8;

const MOST_UNDER_WAY: usize = 100;

/// Between two datagrams.
const PAUSE: Duration = Duration::from_micros(50);

/// How long to look for answers that should not come.
const SECOND_ANSWER: Duration = Duration::from_millis(100);
