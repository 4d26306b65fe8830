//! Sockets that a service manager has opened, by the protocol of systemd (`sd_listen_fds(3)`).

use std::net::UdpSocket;

use listenfd::ListenFd;

use crate::error::Error;

/// Takes the sockets that this process was started with, in their order; mostly there are none. Must
/// be called once, and before any thread is started, since it takes their number out of the
/// environment.
///
/// # Errors
/// [`Error::Usage`] if one of them is no bound UDP socket.
pub fn sockets() -> Result<Vec<UdpSocket>, Error> {
    let mut given = ListenFd::from_env();
    (0..given.len())
        .map(|index| match given.take_udp_socket(index) {
            Ok(Some(socket)) => Ok(socket),
            Ok(None) | Err(_) => Err(Error::Usage(format!(
                "file {index} of those that the service manager hands over (LISTEN_FDS) is no UDP socket; its unit may have ListenDatagram= alone"
            ))),
        })
        .collect()
}
