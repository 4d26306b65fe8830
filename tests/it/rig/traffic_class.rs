//! The traffic class of replies, which the standard library does not tell.

use std::net::SocketAddr;
use std::process::Command;

use super::need::need;

/// Those of three replies that came from `server`, a line each; `None` without Python.
#[track_caller]
pub(crate) fn of_replies(server: SocketAddr) -> Option<String> {
    let output = Command::new("python3")
        .args(["-c", include_str!("traffic_class.py")])
        .args([server.ip().to_string(), server.port().to_string()])
        .output();
    let output = need(output, "python3")?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
