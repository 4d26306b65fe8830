//! Whatever comes mixed up from several peers, each of them gets its own back in its own order.

use std::net::SocketAddr;

use echo_reactor::config::Io;

use crate::rig::client::noise;
use crate::rig::server::{EACH_IO, drained, on, open, room_for};
use crate::rig::train::TrainClient;

const PEERS: usize = 4;

/// What a peer sends at once: a payload, and the size of its datagrams if it is a train.
struct Letter {
    peer: usize,
    payload: Vec<u8>,
    segment: Option<u16>,
}

impl Letter {
    fn datagrams(&self) -> Vec<Vec<u8>> {
        match self.segment {
            Some(segment) => {
                let chunks = self.payload.chunks(segment.into());
                chunks.map(<[u8]>::to_vec).collect()
            }
            None => vec![self.payload.clone()],
        }
    }
}

/// Numbers that look like chance and are the same in every run (xorshift64, by Marsaglia).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    /// Often the size of the one before, since that is what replies are gathered by.
    fn letters(&mut self, number: usize) -> Vec<Letter> {
        let (mut peer, mut length) = (0, 64);
        let mut next = |number: usize| {
            if self.below(3) == 0 {
                peer = self.below(PEERS);
            }
            if self.below(3) == 0 {
                length = [0, 1, 2, 63, 64, 65, 1_399, 1_400, 3_000][self.below(9)];
            }
            let train = length > 0 && self.below(8) == 0;
            let segment = train.then(|| u16::try_from(length).expect("it is short"));
            let tail = self.below(length.max(1));
            let whole = if train {
                length * (1 + self.below(6)) + tail
            } else {
                length
            };
            let mut payload = noise(whole);
            // Alike in size, but never in content.
            for (byte, mark) in payload.iter_mut().zip(number.to_be_bytes().iter().rev()) {
                *byte ^= mark;
            }
            Letter {
                peer,
                payload,
                segment,
            }
        };
        (0..number).map(&mut next).collect()
    }
}

#[test]
fn any_mixture_comes_back_to_each_peer_in_its_order_and_alike_in_every_mode() {
    for seed in 1..=4 {
        for (listen, targets) in [("127.0.0.1:0", [1; PEERS]), ("0.0.0.0:0", [1, 5, 6, 5])] {
            let letters = Dice(0x9e37_79b9_7f4a_7c15 ^ seed).letters(400);
            for io in EACH_IO {
                let (server, address) = open(&on(listen).io(io));
                // What a datagram of any of these sizes takes in the mean, generously.
                if room_for(&server, 4_000).is_none() {
                    return;
                }
                let peers = targets.map(|host| {
                    let target = SocketAddr::from(([127, 0, 0, host], address.port()));
                    TrainClient::to(target, false)
                });
                for letter in &letters {
                    let client = &peers[letter.peer];
                    if let Some(segment) = letter.segment {
                        client.send(&letter.payload, segment);
                    } else {
                        client.socket.as_std().send(&letter.payload).unwrap();
                    }
                }
                let running = server.start().unwrap();
                let mut all = 0;
                for (peer, client) in peers.iter().enumerate() {
                    let own = letters.iter().filter(|letter| letter.peer == peer);
                    for (number, datagram) in own.flat_map(Letter::datagrams).enumerate() {
                        assert!(
                            client.receive() == datagram,
                            "seed {seed}, {listen}, {io:?}: number {number} of peer {peer}"
                        );
                        all += 1;
                    }
                }
                let total = drained(running).total;
                assert_eq!((total.received, total.echoed), (all, all));
                for client in &peers {
                    let more = client.socket.as_std().recv(&mut [0]);
                    assert!(more.is_err(), "somebody got more than is his");
                }
                assert_eq!(total.gathered > 0, io == Io::Offload, "{io:?}");
            }
        }
    }
}
