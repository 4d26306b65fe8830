//! A plain client of HTTP/1.1, which asks once and reads until the other side closes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::PATIENCE;

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Lines as they came, but in lower case.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

/// A connection on which nothing was said yet.
#[track_caller]
pub(crate) fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).expect("somebody listens there");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("the timeout is not zero");
    stream
}

/// Asks for a page.
#[track_caller]
pub(crate) fn get(from: SocketAddr, path: &str) -> Reply {
    ask(from, &format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"))
}

/// Says `request` and reads the reply to its end.
#[track_caller]
pub(crate) fn ask(from: SocketAddr, request: &str) -> Reply {
    let mut stream = connect(from);
    stream
        .write_all(request.as_bytes())
        .expect("it is read on the other side");
    let text = read(&mut stream);
    let (head, body) = text.split_once("\r\n\r\n").expect("a head ends");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    Reply {
        status: status
            .and_then(|status| status.parse().ok())
            .unwrap_or_else(|| panic!("{text:?} has no status")),
        headers: lines.map(str::to_lowercase).collect(),
        body: body.to_owned(),
    }
}

/// All that comes until the other side closes.
#[track_caller]
pub(crate) fn read(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    stream
        .read_to_string(&mut text)
        .expect("it is closed in time, and UTF-8");
    text
}

impl Reply {
    #[track_caller]
    pub(crate) fn assert_header(&self, line: &str) {
        let found = self.headers.iter().any(|header| header == line);
        assert!(found, "{line} is not among {:?}", self.headers);
    }

    /// The value of the metric that is written like this, labels included.
    #[track_caller]
    pub(crate) fn value(&self, metric: &str) -> f64 {
        self.text(metric).parse().expect("it is a number")
    }

    /// The same of a metric that counts.
    #[track_caller]
    pub(crate) fn count(&self, metric: &str) -> u64 {
        self.text(metric).parse().expect("it is a whole number")
    }

    #[track_caller]
    fn text(&self, metric: &str) -> &str {
        let mut lines = self.body.lines();
        let value = lines.find_map(|line| line.strip_prefix(metric)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("{metric} is not in:\n{}", self.body))
    }
}
