//! What to do after each answer of the kernel to a send. Pure: the sending itself is passed in.

use std::io;

use crate::udp::errors::{Step, step};
use crate::udp::offload::is_refusal;

/// What became of one message.
#[derive(Debug)]
pub(super) enum Fate<'error> {
    /// The kernel took it.
    Sent,
    /// The kernel would not have it; the others are not concerned.
    Failed(&'error io::Error),
}

/// How far a transmission came.
#[derive(Debug)]
pub(super) enum End {
    /// Every message has its fate.
    Done,
    /// The kernel has no room for this message and those behind it at the moment.
    Blocked(usize),
    /// The kernel did not take this message because it is a train.
    Refused(usize, io::Error),
}

/// Sends the messages from `first` up to `count` in order. `send(next)` hands the kernel the
/// messages from `next` on and returns how many it took, or the error of the first; `tell` learns
/// the fate of each. `is_train` tells which messages might be taken if they were cut up before.
///
/// # Errors
/// An error that no peer can cause: the socket itself is broken.
pub(super) fn transmit(
    mut first: usize,
    count: usize,
    is_train: impl Fn(usize) -> bool,
    mut send: impl FnMut(usize) -> io::Result<usize>,
    mut tell: impl FnMut(usize, Fate<'_>),
) -> io::Result<End> {
    let mut tried_again = false;
    while first < count {
        let error = match send(first) {
            Ok(taken) => {
                // A call that takes nothing and reports nothing would be tried for ever.
                let next = (first + taken.max(1)).min(count);
                (first..next).for_each(|index| tell(index, Fate::Sent));
                first = next;
                tried_again = false;
                continue;
            }
            Err(error) => error,
        };
        if is_refusal(&error) && is_train(first) {
            return Ok(End::Refused(first, error));
        }
        match step(&error) {
            Step::Again => {}
            Step::AgainOnce if !tried_again => tried_again = true,
            Step::Wait => return Ok(End::Blocked(first)),
            Step::Broken => return Err(error),
            Step::AgainOnce | Step::Skip => {
                tell(first, Fate::Failed(&error));
                first += 1;
                tried_again = false;
            }
        }
    }
    Ok(End::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sends by a script: for each call, how many are taken or which errno comes.
    fn play(count: usize, script: &[Result<usize, i32>]) -> (Vec<String>, Option<usize>) {
        let mut told = Vec::new();
        let mut script = script.iter();
        let end = transmit(
            0,
            count,
            |_| false,
            |_first| match script.next() {
                Some(Ok(taken)) => Ok(*taken),
                Some(Err(errno)) => Err(io::Error::from_raw_os_error(*errno)),
                None => Ok(usize::MAX / 2),
            },
            |index, fate| {
                told.push(match fate {
                    Fate::Sent => format!("{index} sent"),
                    Fate::Failed(error) => format!("{index} {}", error.raw_os_error().unwrap()),
                });
            },
        );
        let rest = match end.unwrap() {
            End::Done => None,
            End::Blocked(first) | End::Refused(first, _) => Some(first),
        };
        (told, rest)
    }

    #[test]
    fn one_bad_message_costs_no_other_its_way() {
        let (told, rest) = play(4, &[Ok(2), Err(libc::EINVAL), Ok(1)]);
        assert_eq!(told, ["0 sent", "1 sent", "2 22", "3 sent"]);
        assert_eq!(rest, None);
    }

    #[test]
    fn an_interrupted_call_is_made_again() {
        let (told, _) = play(1, &[Err(libc::EINTR), Err(libc::EINTR), Ok(1)]);
        assert_eq!(told, ["0 sent"]);
    }

    #[test]
    fn the_error_of_an_older_datagram_costs_the_next_one_nothing() {
        let (told, _) = play(2, &[Err(libc::ECONNREFUSED), Ok(2)]);
        assert_eq!(told, ["0 sent", "1 sent"]);
    }

    #[test]
    fn an_error_that_comes_twice_is_the_message_s_own() {
        let twice = [Err(libc::ENETUNREACH), Err(libc::ENETUNREACH), Ok(1)];
        let (told, _) = play(2, &twice);
        assert_eq!(told, ["0 101", "1 sent"]);
    }

    #[test]
    fn a_full_send_buffer_keeps_the_rest() {
        let (told, rest) = play(3, &[Ok(1), Err(libc::EAGAIN)]);
        assert_eq!(told, ["0 sent"]);
        assert_eq!(rest, Some(1));
    }

    #[test]
    fn a_refused_train_stops_it_there_so_that_its_parts_keep_their_place() {
        let mut sent = 0;
        let end = transmit(
            0,
            3,
            |index| index == 1,
            |first| {
                if first == 1 {
                    Err(io::Error::from_raw_os_error(libc::EMSGSIZE))
                } else {
                    Ok(1)
                }
            },
            |_, _| sent += 1,
        );
        assert!(matches!(end, Ok(End::Refused(1, _))));
        assert_eq!(sent, 1);
    }

    #[test]
    fn a_broken_socket_ends_it() {
        let broken = transmit(
            0,
            1,
            |_| true,
            |_| Err(io::Error::from_raw_os_error(libc::EBADF)),
            |_, _| {},
        );
        assert_eq!(broken.unwrap_err().raw_os_error(), Some(libc::EBADF));
    }

    proptest! {
        #[test]
        fn every_message_has_one_fate_or_waits(
            count in 0usize..100,
            script in proptest::collection::vec(
                prop_oneof![
                    (0usize..40).prop_map(Ok),
                    prop_oneof![
                        Just(libc::EINTR), Just(libc::EAGAIN), Just(libc::EINVAL),
                        Just(libc::ECONNREFUSED), Just(libc::ENOBUFS),
                    ].prop_map(Err),
                ],
                0..60,
            ),
        ) {
            let (told, rest) = play(count, &script);
            prop_assert_eq!(told.len(), rest.unwrap_or(count));
            for (index, text) in told.iter().enumerate() {
                let own = format!("{index} ");
                prop_assert!(text.starts_with(&own));
            }
        }
    }
}
