//! Every length that a datagram over IPv4 can have.

use std::thread;

use crate::rig::client::{Client, noise};
use crate::rig::server::{EACH_IO, drained, on, started};

/// The longest payload that IPv4 carries: 65,535 bytes less the headers of IP and UDP.
const LONGEST: usize = 65_507;

/// A datagram that ends a byte later begins with other bytes too, so that what was left over from
/// one before it is seen.
#[test]
fn each_of_all_lengths_comes_back_as_it_was() {
    let bytes = noise(2 * LONGEST);
    thread::scope(|scope| {
        for io in EACH_IO {
            let bytes = &bytes;
            scope.spawn(move || {
                let (running, server) = started(&on("127.0.0.1:0").io(io));
                let client = Client::to(server);
                let mut reply = vec![0; LONGEST + 1];
                for length in 0..=LONGEST {
                    let sent = &bytes[length..2 * length];
                    client.send(sent);
                    let received = client.socket.recv(&mut reply);
                    assert_eq!(received.expect("a reply comes"), length, "{io:?}");
                    assert!(reply[..length] == *sent, "{io:?}: {length} bytes");
                }
                client.assert_nothing_queued();
                let total = drained(running).total;
                assert_eq!(total.echoed, LONGEST as u64 + 1);
                assert_eq!(total.echoed_bytes, total.received_bytes);
            });
        }
    });
}
