//! A service manager, as far as a program hears of it: a socket that it tells how it is.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use super::client::Client;
use super::program::{PROGRAM, Program};
use super::{PATIENCE, uninterrupted};

/// The socket that a manager reads.
pub(crate) struct Manager {
    socket: UnixDatagram,
    pub(crate) path: PathBuf,
}

impl Manager {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("echo-it-notify-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let socket = UnixDatagram::bind(&path).expect("nobody else takes this name");
        socket
            .set_read_timeout(Some(PATIENCE))
            .expect("the timeout is not zero");
        Self { socket, path }
    }

    /// A server that it has started, and that listens on `127.0.0.1`.
    pub(crate) fn start(
        &self,
        arguments: &[&str],
        watchdog_micros: Option<u32>,
    ) -> (Program, Client) {
        let mut command = Command::new(PROGRAM);
        command
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .env("NOTIFY_SOCKET", &self.path)
            .env_remove("WATCHDOG_PID")
            .env_remove("WATCHDOG_USEC");
        if let Some(micros) = watchdog_micros {
            command.env("WATCHDOG_USEC", micros.to_string());
        }
        let mut program = Program::run(command);
        let client = Client::to(program.announced());
        (program, client)
    }

    /// The next message, line by line.
    #[track_caller]
    pub(crate) fn hear(&self) -> Vec<String> {
        let mut buffer = [0; 1_024];
        let length = uninterrupted(|| self.socket.recv(&mut buffer)).expect("a message comes");
        let text = std::str::from_utf8(&buffer[..length]).expect("it is text");
        text.lines().map(str::to_owned).collect()
    }

    /// Hears messages until one has this line.
    #[track_caller]
    pub(crate) fn hear_until(&self, line: &str) -> Vec<String> {
        let start = Instant::now();
        loop {
            let message = self.hear();
            if message.iter().any(|other| other == line) {
                return message;
            }
            // Others may keep coming.
            assert!(start.elapsed() < PATIENCE, "{line} does not come");
        }
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        // What stays is a socket in a temporary directory.
        let _removed: std::io::Result<()> = std::fs::remove_file(&self.path);
    }
}
