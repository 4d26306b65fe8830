//! `quit` over a network, for whoever has the key. Pure.
//!
//! All messages are ASCII and 69 bytes long, so that no answer is larger than what it answers:
//!
//! ```text
//!  0       5                                                               69
//! +-------+----------------------------------------------------------------+
//! | quit? | 64 times `.`                                                   |  client: asks
//! +-------+----------------------------------------------------------------+
//! | nonce | the nonce                                                      |  server: answers
//! +-------+----------------------------------------------------------------+
//! | quit_ | HMAC-SHA-256 of `quit` and the nonce, under the key            |  client: proves it
//! +-------+----------------------------------------------------------------+
//! | gone_ | HMAC-SHA-256 of `gone` and the nonce, under the key            |  server: ends
//! +-------+----------------------------------------------------------------+
//! ```
//!
//! `_` is a space. Nonce and proofs are 32 bytes in lower-case hexadecimal digits; what is
//! authenticated are the four letters and those 64 digits. Anything else is echoed like any
//! datagram: also a proof that is wrong or late. A question costs one HMAC and a wrong proof four (0.2 us and
//! 0.5 us by `benches/access.rs` where the processor has instructions for SHA-256): of the order of an echo, so
//! that neither takes a limit, by which a flood of forged ones could keep out whoever has the key.
//!
//! A nonce is HMAC-SHA-256 of the client's address and port and the time in steps of
//! [`STEP_SECONDS`], under a secret that a server draws when it starts. So it need not be kept, and
//! whichever worker gets the proof knows it. It is good for one to two steps, for one client
//! address, and for one server: what was recorded is worth nothing to the next one, and this one
//! has ended by then, so that no proof counts twice.

use std::fmt;
use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::limit::Moment;
use crate::udp::RawAddress;

/// Bytes of every message.
pub const LENGTH: usize = HEAD + DIGITS;

/// A message.
pub type Message = [u8; LENGTH];

/// What server and client share.
#[derive(Clone)]
pub struct QuitKey(Hmac<Sha256>);

impl QuitKey {
    /// Takes the bytes of a key; `None` if they are fewer than [`SHORTEST_KEY`].
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (bytes.len() >= SHORTEST_KEY).then(|| Self(keyed(bytes)))
    }

    /// The client's answer to a nonce; `None` if that is none.
    #[must_use]
    pub fn prove(&self, answer: &[u8]) -> Option<Message> {
        Some(message(
            *b"quit ",
            &hex(&self.sign(*b"quit", nonce_in(answer)?)),
        ))
    }

    /// Whether a server that has the key gave this nonce and ends now.
    #[must_use]
    pub fn confirms(&self, answer: &[u8], reply: &[u8]) -> bool {
        let proof = reply.strip_prefix(b"gone ").and_then(unhex);
        match (nonce_in(answer), proof) {
            (Some(nonce), Some(proof)) => self.holds(*b"gone", nonce, &proof),
            _ => false,
        }
    }

    fn sign(&self, word: [u8; 4], nonce: &[u8]) -> [u8; BYTES] {
        self.of(word, nonce).finalize().into_bytes().into()
    }

    /// Takes the same time whatever is wrong.
    fn holds(&self, word: [u8; 4], nonce: &[u8], proof: &[u8; BYTES]) -> bool {
        self.of(word, nonce).verify_slice(proof).is_ok()
    }

    fn of(&self, word: [u8; 4], nonce: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(word).chain_update(nonce)
    }
}

impl fmt::Debug for QuitKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("QuitKey")
    }
}

/// The client's question.
#[must_use]
pub fn question() -> Message {
    message(*b"quit?", &[b'.'; DIGITS])
}

/// What a datagram is to a server that has a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Meeting {
    /// A datagram like any other, to be echoed.
    Ordinary,
    /// A proof that does not hold, to be echoed too.
    Unproven,
    /// A question: this is the answer, in its place.
    Asked(Message),
    /// A proof that holds: this is the answer, in its place, and the server ends.
    Proven(Message),
}

/// What a server needs to be stopped by a key. Shared by its workers.
#[derive(Debug)]
pub struct KeyedQuit {
    key: QuitKey,
    secret: QuitKey,
}

impl KeyedQuit {
    /// Waits for whoever has `key`. `secret` is drawn by chance at each start.
    #[must_use]
    pub fn new(key: QuitKey, secret: &[u8; BYTES]) -> Self {
        Self {
            key,
            secret: QuitKey(keyed(secret)),
        }
    }

    /// Looks at one datagram.
    #[must_use]
    pub fn meet(&self, peer: &RawAddress, payload: &[u8], now: Moment) -> Meeting {
        let asks = payload == question();
        let proof = payload.strip_prefix(b"quit ").and_then(unhex);
        if !asks && proof.is_none() {
            return Meeting::Ordinary;
        }
        let Some(ip) = peer.ip() else {
            return Meeting::Ordinary;
        };
        let step = now.seconds() / STEP_SECONDS;
        let Some(proof) = proof else {
            let nonce = self.nonce(ip, peer.port(), step);
            return Meeting::Asked(message(*b"nonce", &nonce));
        };
        for step in [Some(step), step.checked_sub(1)].into_iter().flatten() {
            let nonce = self.nonce(ip, peer.port(), step);
            if self.key.holds(*b"quit", &nonce, &proof) {
                let confirmation = hex(&self.key.sign(*b"gone", &nonce));
                return Meeting::Proven(message(*b"gone ", &confirmation));
            }
        }
        Meeting::Unproven
    }

    /// The digits of the nonce that a client gets at a time.
    fn nonce(&self, ip: IpAddr, port: u16, step: u64) -> [u8; DIGITS] {
        let ip = match ip {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        let mac = self.secret.0.clone().chain_update(ip.octets());
        let mac = mac.chain_update(port.to_be_bytes());
        hex(&mac
            .chain_update(step.to_be_bytes())
            .finalize()
            .into_bytes()
            .into())
    }
}

fn keyed(bytes: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(bytes).expect("HMAC takes keys of any length")
}

fn message(head: [u8; HEAD], digits: &[u8; DIGITS]) -> Message {
    let mut message = [0; LENGTH];
    message[..HEAD].copy_from_slice(&head);
    message[HEAD..].copy_from_slice(digits);
    message
}

/// The digits of a nonce in a server's answer.
fn nonce_in(answer: &[u8]) -> Option<&[u8]> {
    let digits = answer.strip_prefix(b"nonce")?;
    unhex(digits).map(|_bytes| digits)
}

fn hex(bytes: &[u8; BYTES]) -> [u8; DIGITS] {
    let mut digits = [0; DIGITS];
    for (pair, byte) in digits.chunks_mut(2).zip(bytes) {
        pair[0] = HEX[usize::from(byte >> 4)];
        pair[1] = HEX[usize::from(byte & 15)];
    }
    digits
}

/// The bytes that 64 lower-case digits stand for; `None` for anything else.
fn unhex(digits: &[u8]) -> Option<[u8; BYTES]> {
    let digits: &[u8; DIGITS] = digits.try_into().ok()?;
    let mut bytes = [0; BYTES];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Bytes of the word that a message begins with.
const HEAD: usize = 5;

/// Bytes of a nonce, a proof and a secret: what SHA-256 gives.
pub const BYTES: usize = 32;

/// The same in hexadecimal digits.
const DIGITS: usize = 2 * BYTES;

/// Fewer bytes of a key can be guessed.
pub const SHORTEST_KEY: usize = 16;

/// Seconds that a nonce is good for at least; at most it is twice as long.
pub const STEP_SECONDS: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::SocketAddr;

    fn key(text: &str) -> QuitKey {
        QuitKey::new(text.as_bytes()).unwrap()
    }

    fn server(secret: u8) -> KeyedQuit {
        KeyedQuit::new(key("a key of this test"), &[secret; BYTES])
    }

    fn client(port: u16) -> RawAddress {
        RawAddress::from(SocketAddr::from(([192, 0, 2, 1], port)))
    }

    fn at(seconds: u64) -> Moment {
        Moment::after(std::time::Duration::from_secs(seconds))
    }

    #[track_caller]
    fn nonce(server: &KeyedQuit, client: &RawAddress, now: Moment) -> Message {
        match server.meet(client, &question(), now) {
            Meeting::Asked(answer) => answer,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn whoever_has_the_key_ends_the_server_and_learns_that_it_was_the_right_one() {
        let stranger = key("somebody else's key");
        let (server, key) = (server(1), key("a key of this test"));
        let answer = nonce(&server, &client(9), at(5));
        let proof = key.prove(&answer).unwrap();
        let Meeting::Proven(reply) = server.meet(&client(9), &proof, at(14)) else {
            panic!("the proof holds");
        };
        assert!(key.confirms(&answer, &reply));
        assert!(!key.confirms(&answer, &proof), "an echo is no confirmation");
        assert!(!stranger.confirms(&answer, &reply));
    }

    #[test]
    fn a_proof_under_another_key_counts_for_nothing() {
        let server = server(1);
        let answer = nonce(&server, &client(9), at(5));
        let proof = key("somebody else's key").prove(&answer).unwrap();
        assert_eq!(server.meet(&client(9), &proof, at(5)), Meeting::Unproven);
    }

    #[test]
    fn a_proof_counts_for_its_client_its_server_and_its_time_alone() {
        let key = key("a key of this test");
        let first = server(1);
        let proof = key.prove(&nonce(&first, &client(9), at(5))).unwrap();
        assert_eq!(first.meet(&client(8), &proof, at(5)), Meeting::Unproven);
        assert_eq!(server(2).meet(&client(9), &proof, at(5)), Meeting::Unproven);
        let in_time = first.meet(&client(9), &proof, at(19));
        assert!(matches!(in_time, Meeting::Proven(_)));
        assert_eq!(first.meet(&client(9), &proof, at(20)), Meeting::Unproven);
    }

    /// Whoever forges senders can ask in the name of any of them.
    #[test]
    fn however_many_ask_or_guess_whoever_has_the_key_ends_the_server() {
        let (server, key) = (server(1), key("a key of this test"));
        let guess = message(*b"quit ", &[b'0'; DIGITS]);
        for _ in 0..10_000 {
            nonce(&server, &client(9), at(5));
            assert_eq!(server.meet(&client(9), &guess, at(5)), Meeting::Unproven);
        }
        let proof = key.prove(&nonce(&server, &client(9), at(5))).unwrap();
        let meeting = server.meet(&client(9), &proof, at(5));
        assert!(matches!(meeting, Meeting::Proven(_)));
    }

    #[test]
    fn a_short_key_is_none() {
        assert!(QuitKey::new(&[7; SHORTEST_KEY - 1]).is_none());
        assert!(QuitKey::new(&[7; SHORTEST_KEY]).is_some());
    }

    proptest! {
        #[test]
        fn nothing_but_a_question_or_a_proof_is_more_than_a_datagram(
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let expected = if bytes.starts_with(b"quit ") && unhex(&bytes[5..]).is_some() {
                Meeting::Unproven
            } else {
                Meeting::Ordinary
            };
            prop_assert_eq!(server(1).meet(&client(9), &bytes, at(1)), expected);
            prop_assert!(key("a key of this test").prove(&bytes).is_none());
        }

        #[test]
        fn a_changed_digit_spoils_a_proof(place in 0..DIGITS, digit in 0..16_usize) {
            let (server, key) = (server(1), key("a key of this test"));
            let mut proof = key.prove(&nonce(&server, &client(9), at(5))).unwrap();
            let same = proof[HEAD + place] == HEX[digit];
            proof[HEAD + place] = HEX[digit];
            let meeting = server.meet(&client(9), &proof, at(5));
            prop_assert_eq!(matches!(meeting, Meeting::Proven(_)), same);
        }

        #[test]
        fn digits_stand_for_their_bytes(bytes in any::<[u8; BYTES]>()) {
            prop_assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        }
    }
}
